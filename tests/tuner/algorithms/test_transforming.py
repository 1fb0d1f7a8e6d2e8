"""The controller that reads a network and grows it."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
from guided_searches import CONDITIONAL, check_restart, make
from search_runs import Search

from tuner.algorithms.algorithm import Result
from tuner.algorithms.growing import grown, larger, smallest
from tuner.algorithms.growth_policy import GrowthPolicy, first_growth_weights
from tuner.algorithms.policy import sigmoid
from tuner.algorithms.tokens import Tokens
from tuner.space import Choice, Condition, Float, Int, Space

SPACE = Space(
    [
        Int("s1.filters", 8, 128, step=8),
        Choice("s1.block", ("conv", "basic")),
        Int("s1.repeats", 1, 16),
        Choice("s1.se", (0.5, 0.25, 0.0), ordered=True, when=(Condition("s1.block", "eq", "basic"),)),
        Int("s2.repeats", 1, 4),
        Choice("recipe.batch_size", (16, 32), ordered=True),
    ]
)
"""The step that trains is compiled once for all tests: their spaces have the same shape."""


@pytest.mark.parametrize(
    ("dimension", "value", "next_one"),
    [
        (Int("n", 2, 10, step=4), 2, 6),
        (Int("n", 2, 10, step=4), 10, None),
        (Float("scale.width", 0.5, 1.0, step=0.25), 0.5, 0.75),
        (Choice("kernel", (7, 5, 3), ordered=True), 5, 7),
        (Choice("size", ("s", "l"), (16, 32), ordered=True), "s", "l"),
        (Choice("block", ("conv", "basic")), "conv", None),
        (Int("recipe.batch_size", 16, 64, step=16), 16, None),
    ],
    ids=str,
)
def test_the_next_larger_value(dimension, value, next_one):
    assert larger(dimension, value) == next_one


def test_a_point_has_grown_where_a_value_is_the_next_larger_one_and_nothing_else_differs():
    point = {"s1.filters": 16, "s1.block": "basic", "s1.repeats": 1, "s1.se": 0.25, "s2.repeats": 4}
    point["recipe.batch_size"] = 16
    assert grown(SPACE, point, {**point, "s1.filters": 24, "s1.se": 0.5}) == [True, False, False, True, False, False]
    for other in (
        {"s1.filters": 32},
        {"s1.repeats": 3},
        {"recipe.batch_size": 32},
        {"s2.repeats": 3},
        {"s1.block": "conv"},
        {},
    ):
        assert grown(SPACE, point, {**point, **other}) is None
    low = {**point, "s1.filters": 8, "s1.repeats": 1, "s1.se": 0.0, "s2.repeats": 1}
    assert smallest(SPACE, point) == low and list(smallest(SPACE, point)) == list(point)


def test_probabilities_are_those_of_keras_whatever_takes_part():
    from tuner.algorithms.growth_network import GrowthNetwork

    tokens, random = Tokens(SPACE, 4), np.random.default_rng(0)
    weights = {
        k: v + random.normal(0, 0.5, v.shape).astype("float32")
        for k, v in first_growth_weights(tokens, 5, random).items()
    }
    policy, points = GrowthPolicy(tokens, weights), [SPACE.sample(random) for _ in range(12)]
    numbers, present = map(np.stack, zip(*map(policy.sequence, points), strict=True))
    assert not present.all() and len(np.unique(numbers)) > 8
    network = GrowthNetwork(sum(tokens.counts), len(SPACE), 5)
    network(numbers, present)
    network.write(weights)
    expected = np.where(present, network(numbers, present), 0)
    found = np.where(present, [policy.logits(point) for point in points], 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert {k: v.shape for k, v in network.read().items()} == {k: v.shape for k, v in weights.items()}


def test_what_grows_is_drawn_with_its_probability():
    tokens, random = Tokens(SPACE, 4), np.random.default_rng(1)
    policy = GrowthPolicy(tokens, first_growth_weights(tokens, 4, random))
    point = smallest(SPACE, SPACE.sample(random))
    draw = policy.drawing(point)
    drawn = [grown(SPACE, point, draw(random, 1.0)) or [False] * 6 for _ in range(600)]
    able = np.array([True, False, True, "s1.se" in point, True, False])
    np.testing.assert_allclose(np.mean(drawn, axis=0), np.where(able, sigmoid(policy.logits(point)), 0), atol=0.06)
    hot = [grown(SPACE, point, draw(random, 1e6)) or [False] * 6 for _ in range(300)]
    np.testing.assert_allclose(np.mean(hot, axis=0), 0.5 * able, atol=0.1)


def test_it_begins_with_the_smallest_network_and_grows_the_best():
    options = {"starts": 2, "parents": 3, "child_epochs": 4, "epochs": 9}
    score = lambda p: (p.point["s1.filters"] + 3 * p.point["s2.repeats"],)  # noqa: E731
    search = Search(lambda: make("transforming", SPACE, **options), score).run(30)
    first, *rest = search.proposals
    assert first.point == smallest(SPACE, first.point) and rest[0].inherits is None
    children = [(n, p) for n, p in enumerate(search.proposals) if p.inherits is not None]
    assert len(children) > 10
    for number, child in children:
        before = sorted(range(number), key=lambda n: (-score(search.proposals[n])[0], n))
        assert child.inherits in before[:3] and child.epochs == 4
        assert grown(SPACE, search.proposals[child.inherits].point, child.point)
    assert search.algorithm.parents() == set(sorted(range(30), key=lambda n: (-score(search.proposals[n])[0], n))[:3])


def test_what_pays_grows_more_often():
    """Filters pay, repeats cost: after some results the controller grows filters and leaves repeats alone."""
    made = make("transforming", SPACE, starts=1, parents=2)
    point = smallest(SPACE, SPACE.sample(np.random.default_rng(0)))
    before = made.policy.logits(point)
    for number in range(30):
        grown_one = made.ask().point
        made.tell(number, Result((grown_one["s1.filters"] / 8 - 2.0 * grown_one["s1.repeats"],)))
    after = made.policy.logits(point)
    assert after[0] > before[0] + 0.5 and after[2] < before[2] - 0.5


def test_a_restart_changes_no_proposal_and_failures_do_no_harm():
    proposals = check_restart("transforming", SPACE, trials=24, restart=(7, 13), starts=2, epochs=9)
    assert len({SPACE.key(p.point) for p in proposals}) == 24


def test_what_depends_on_what_grows_belongs_to_the_space():
    made = make("transforming", CONDITIONAL, starts=8)
    for number in range(40):  # without results, beginnings; with failures alone there are no parents
        assert CONDITIONAL.contains(made.ask().point)
        made.tell(number, Result(None))


def test_every_feasible_point_is_proposed_once_and_none_else():
    feasible = lambda point: zlib.crc32(SPACE.key(point).encode()) % 300 == 0  # noqa: E731
    search = Search(lambda: make("transforming", SPACE, feasible=feasible), lambda p: (p.point["s1.filters"],)).run(99)
    assert search.exhausted and len(search.points) > 10
    assert sorted(map(SPACE.key, search.points)) == sorted(SPACE.key(p) for p in SPACE.grid() if feasible(p))


def test_before_the_first_child_has_a_result_it_knows_no_more_and_the_state_does_not_grow():
    made = make("transforming", SPACE, starts=3)
    for number in range(3):
        made.ask()
        made.tell(number, Result((1.0,)))
    assert made.state() == make("transforming", SPACE).state()
    sizes = []
    for number in range(3, 16):
        made.tell(number, Result((float(len(made.ask().point)) + number % 3,)))
        sizes.append(len(json.dumps(made.state())))
    assert abs(sizes[-1] - sizes[6]) < 500
