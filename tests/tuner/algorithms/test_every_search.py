"""What holds for every algorithm that needs no library: repeatable, resumable, feasible, no point twice, exhaustive."""

from __future__ import annotations

import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_runs import Search
from search_spaces import spaces

from tuner.algorithms import algorithm
from tuner.algorithms.algorithm import Exhausted
from tuner.space import Choice, Condition, Float, Int, Space

NAMES = ["random", "grid", "sobol", "evolution", "morphing_evolution", "local_search", "halving", "nsga2"]
PARAMETERS = {
    "grid": [{}, {"points": 3}],
    "evolution": [{"population": 4, "sample": 2}, {}],
    "morphing_evolution": [{"population": 4, "sample": 2}],
    "local_search": [{"improvement": "first"}, {"improvement": "best"}],
    "halving": [{"factor": 2}, {"factor": 3, "min_epochs": 2}],
    "nsga2": [{"population": 4}, {"population": 6, "crossover": 0.5, "mutation": 0.5}],
}
CASES = [(name, parameters) for name in NAMES for parameters in PARAMETERS.get(name, [{}])]
every = pytest.mark.parametrize(("name", "parameters"), CASES, ids=str)

MIXED = Space(
    [
        Choice("block", ("mb", "fused", "skip")),
        Int("expand", 1, 6, when=(Condition("block", "in", ("mb", "fused")),)),
        Choice("se", (0.0, 0.25, 0.5), ordered=True, when=(Condition("block", "eq", "mb"),)),
        Float("width", 0.5, 1.5),
        Float("rate", 1e-4, 1e-1, log=True),
    ]
)


def hashed(text: str) -> float:
    """A number from 0 to 1 that a text fixes."""
    return zlib.crc32(text.encode()) / 2**32


def maker(name, parameters, space, seed=0, *, feasible=lambda point: True, objectives=1):
    kind = algorithm(name)
    return lambda: kind(
        space, kind.Parameters(**parameters), seed=seed, feasible=feasible, objectives=objectives, epochs=9
    )


def scores(space, failures=0.0, objectives=1):
    """Made-up scores; this share of the trials fails."""

    def score(proposal):
        key = f"{space.key(proposal.point)} {proposal.epochs}"
        return None if hashed("fails" + key) < failures else tuple(hashed(f"{i}{key}") for i in range(objectives))

    return score


@every
@settings(max_examples=8)
@given(
    space=spaces(most=5),
    seed=st.integers(0, 3),
    workers=st.integers(1, 4),
    order=st.integers(0, 99),
    failures=st.sampled_from([0.0, 0.3, 1.0]),
    share=st.sampled_from([1.0, 0.5]),
    interrupts=st.sets(st.integers(0, 59), min_size=1, max_size=4),
)
def test_interrupted_anywhere_it_goes_on_as_if_nothing_had_happened(
    name, parameters, space, seed, workers, order, failures, share, interrupts
):
    make = maker(
        name, parameters, space, seed, feasible=lambda p: hashed("feasible" + space.key(p)) < share, objectives=2
    )
    whole = Search(make, scores(space, failures, 2), workers=workers, order=order).run(30)
    parts = Search(make, scores(space, failures, 2), workers=workers, order=order, interrupts=interrupts).run(30)
    assert parts.proposals == whole.proposals and parts.results == whole.results
    assert parts.exhausted == whole.exhausted


@every
@settings(max_examples=8)
@given(
    space=spaces(finite=True, largest=3, most=4),
    seed=st.integers(0, 3),
    workers=st.integers(1, 4),
    failures=st.sampled_from([0.0, 0.3, 1.0]),
    share=st.sampled_from([1.0, 0.5, 0.0]),
)
def test_a_small_space_ends_after_every_feasible_point_was_tried_once(
    name, parameters, space, seed, workers, failures, share
):
    feasible = lambda point: hashed("feasible" + space.key(point)) < share  # noqa: E731
    make = maker(name, parameters, space, seed, feasible=feasible)
    search = Search(make, scores(space, failures), workers=workers).run(10_000)
    begun = [space.key(p.point) for p in search.proposals if p.continues is None]
    assert search.exhausted
    assert sorted(begun) == sorted(space.key(point) for point in space.grid() if feasible(point))
    with pytest.raises(Exhausted, match="every feasible point"):
        search.algorithm.ask()


@every
def test_points_belong_to_the_space_are_feasible_and_new(name, parameters):
    def feasible(point):
        return point["width"] * point.get("expand", 1) < 4

    search = Search(maker(name, parameters, MIXED, feasible=feasible), scores(MIXED, 0.2), workers=3).run(100)
    assert len(search.proposals) == 100
    assert all(MIXED.contains(point) and feasible(point) for point in search.points)
    begun = [MIXED.key(p.point) for p in search.proposals if p.continues is None]
    assert len(begun) == len(set(begun))


@every
def test_every_seed_is_a_seed_and_two_have_nothing_in_common(name, parameters):
    runs = [Search(maker(name, parameters, MIXED, seed), scores(MIXED)).run(40) for seed in (0, 0, 1, 2)]
    assert runs[0].proposals == runs[1].proposals
    if name != "grid":
        points = [{MIXED.key(point) for point in run.points} for run in runs[1:]]
        assert not points[0] & points[1] and not points[1] & points[2] and not points[0] & points[2]


@every
def test_a_proposal_is_the_same_however_often_it_is_asked_for(name, parameters):
    search = Search(maker(name, parameters, MIXED), scores(MIXED, 0.2), workers=2).run(40)
    number = len(search.algorithm.trials)
    again = [search.algorithm.propose(number, search.algorithm.random(number)) for _ in range(3)]
    assert again[0] == again[1] == again[2] == search.algorithm.ask()


@every
def test_the_state_stays_small(name, parameters):
    search = Search(maker(name, parameters, MIXED), scores(MIXED)).run(200)
    assert len(str(search.algorithm.state())) < 400


@every
def test_without_its_state_it_still_goes_on_to_new_points(name, parameters):
    make = maker(name, parameters, MIXED)
    trials = Search(make, scores(MIXED, 0.2), workers=3).run(40).algorithm.trials
    other = make()
    other.restore({}, trials)
    proposals = [other.ask() for _ in range(5)]
    begun = [p for p in proposals if p.continues is None]
    assert len({MIXED.key(p.point) for p in begun} - {MIXED.key(t.proposal.point) for t in trials}) == len(begun)


def test_a_constraint_that_one_point_in_thousands_meets_ends_a_large_search_with_the_reason():
    space = Space([Int("a", 0, 999), Int("b", 0, 999)])
    search = maker("random", {}, space, feasible=lambda point: point == {"a": 1, "b": 2})()
    with pytest.raises(Exhausted, match="2000 proposals in a row were infeasible or known"):
        search.ask()


def test_a_constraint_that_one_point_in_thousands_meets_is_met_in_a_space_that_can_be_listed():
    space = Space([Int("a", 0, 99), Int("b", 0, 99)])
    search = maker("random", {}, space, feasible=lambda point: point == {"a": 1, "b": 2})()
    assert search.ask().point == {"a": 1, "b": 2}
    with pytest.raises(Exhausted, match="every feasible point of the space has been tried"):
        search.ask()


def test_importing_them_brings_in_no_heavy_library():
    code = f"""
import sys
from tuner.algorithms import algorithm
for name in {NAMES}:
    algorithm(name)
print(sorted({{"tensorflow", "keras", "keras_tuner", "optuna", "scipy"}} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
