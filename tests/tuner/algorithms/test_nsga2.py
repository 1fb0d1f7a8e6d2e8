"""NSGA-II: ranks, crowding, who stays, and the front it finds."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_landscapes import SPACE, Landscape, standard_errors_above
from search_runs import Search

from tuner.algorithms import algorithm
from tuner.algorithms.algorithm import Result
from tuner.algorithms.domination import crowding, ranks
from tuner.algorithms.nsga2 import NSGA2, NSGA2Parameters
from tuner.analysis.pareto import front, hypervolume
from tuner.space import Choice, Condition, Space

SCORES = st.integers(1, 3).flatmap(
    lambda columns: st.lists(st.lists(st.integers(0, 4), min_size=columns, max_size=columns), min_size=1, max_size=20)
)


@given(SCORES)
def test_ranks_are_the_fronts_taken_away_one_by_one(scores):
    expected, left = {}, list(range(len(scores)))
    while left:
        rank = len(set(expected.values()))
        on_it = [left[place] for place in front([scores[index] for index in left])]
        expected.update(dict.fromkeys(on_it, rank))
        left = [index for index in left if index not in on_it]
    assert list(ranks(np.array(scores, float))) == [expected[index] for index in range(len(scores))]


def test_crowding_by_hand():
    # objective one: range 10, objective two: range 4. The point in the middle: (6 - 1) / 10 + (3 - 1) / 4 = 1
    found = crowding(np.array([[0.0, 4.0], [1.0, 3.0], [2.0, 2.0], [6.0, 1.0], [10.0, 0.0]]))
    assert found == pytest.approx([np.inf, 2 / 10 + 2 / 4, 5 / 10 + 2 / 4, 8 / 10 + 2 / 4, np.inf])


def test_equal_points_have_no_room_between_them():
    assert crowding(np.array([[1.0, 1.0]] * 4)).tolist() == [np.inf, 0.0, 0.0, np.inf]


def nsga2(population=4, **parameters):
    return NSGA2(SPACE, NSGA2Parameters(population=population, **parameters), objectives=2)


def told(scores, **keywords):
    search = nsga2(**keywords)
    for _ in scores:
        search.ask()
    for number, score in enumerate(scores):
        search.tell(number, Result(score))
    return search


def test_the_most_crowded_of_the_last_front_leaves():
    search = told([(0.0, 4.0), (4.0, 0.0), (2.0, 2.0), (1.9, 2.1)])
    assert search.state() == {"population": [0, 1, 2, 3]}
    search = told([(0.0, 4.0), (4.0, 0.0), (2.0, 2.0), (1.9, 2.1), (3.0, 1.0)])  # 2 and 3 are close; 3 has 1.9 + 2
    assert search.state() == {"population": [0, 1, 2, 4]} or search.state() == {"population": [0, 1, 3, 4]}
    search = told([(0.0, 4.0), (0.0, 0.0), (4.0, 0.0), (2.0, 2.0), (1.9, 2.1)])  # 1 is dominated
    assert search.state() == {"population": [0, 2, 3, 4]}


def test_failed_trials_never_enter():
    search = told([(0.0, 1.0), None, (1.0, 0.0), None])
    assert search.state() == {"population": [0, 2]}


def test_a_child_has_the_values_of_two_parents_but_for_mutations():
    search = told([(float(n), float(-n)) for n in range(6)], population=6, crossover=1.0, mutation=0.001)
    members = [trial.proposal.point for trial in search.trials]
    crossed = 0
    for number in range(6, 40):
        child = search.propose(number, search.random(number)).point
        near = sorted(SPACE.distance(child, member) for member in members)
        pairs = [(a, b) for a in members for b in members if all(child[n] in (a[n], b[n]) for n in child)]
        crossed += bool(pairs) and near[0] > 0
    assert crossed >= 32


def test_a_child_without_crossover_is_a_mutation_of_one():
    search = told([(float(n), float(-n)) for n in range(6)], population=6, crossover=0.0)
    members = [trial.proposal.point for trial in search.trials]
    changes = [
        min(SPACE.distance(search.propose(n, search.random(n)).point, member) for member in members)
        for n in range(6, 106)
    ]
    # Binomial(8, 1/8), without 0, which is drawn again: 1 / (1 - (7/8)^8) = 1.52 on average
    assert np.mean(changes) == pytest.approx(1.52, abs=0.25)


def test_children_over_conditions_are_points_of_the_space():
    space = Space(
        [
            Choice("block", ("mb", "skip", "conv")),
            Choice("expand", (3, 6, 9, 12), when=(Condition("block", "eq", "mb"),)),
            Choice("kernel", (3, 5, 7, 9), when=(Condition("block", "in", ("mb", "conv")),)),
        ]
    )
    search = Search(lambda: NSGA2(space, NSGA2Parameters(population=4), objectives=2), lambda p: (1.0, 2.0)).run(21)
    assert all(space.contains(point) for point in search.points) and len(search.proposals) == 4 * 4 + 1 + 4


@pytest.mark.parametrize("workers", [1, 4])
def test_its_front_dominates_more_than_that_of_random_search(workers):
    volumes = {}
    for name in ("nsga2", "random"):
        kind, found = algorithm(name), []
        for seed in range(10):
            landscape = Landscape(seed)

            def score(proposal, at=landscape):
                return at.quality(proposal.point), -float(sum(proposal.point.values()))

            make = partial(kind, SPACE, seed=seed, objectives=2)
            search = Search(make, score, workers=workers, order=seed).run(80)
            found.append(hypervolume([result.scores for _, result in search.results], (-20.0, -17.0)))
        volumes[name] = np.array(found)
    assert standard_errors_above(volumes["nsga2"], volumes["random"]) > 3
