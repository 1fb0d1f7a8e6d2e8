"""Search spaces: points, conditions, mutation, neighbourhoods, size."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_spaces import spaces

from tuner.space import Choice, Condition, Float, Int, Space

SEEDS = st.integers(0, 2**32 - 1)


def brute_force(space):
    """All points, from all combinations of values, those that take no part left out."""
    found = {}
    for values in itertools.product(*(d.values() for d in space)):
        point = {}
        for dimension, value in zip(space, values, strict=True):
            if all(c.holds(point) for c in dimension.when):
                point[dimension.name] = value
        found[space.key(point)] = point
    return found


@settings(max_examples=30)
@given(spaces(), SEEDS)
def test_a_sample_is_a_point_of_the_space(space, seed):
    point = space.sample(np.random.default_rng(seed))
    assert space.contains(point)
    assert list(point) == [d.name for d in space if d.name in point]


@settings(max_examples=30)
@given(spaces(), SEEDS)
def test_a_point_survives_json(space, seed):
    point = space.sample(np.random.default_rng(seed))
    again = json.loads(json.dumps(point))
    assert space.contains(again) and space.key(again) == space.key(point) and space.distance(point, again) == 0


@settings(max_examples=30)
@given(spaces(), SEEDS)
def test_places_lead_back_to_the_point(space, seed):
    point = space.sample(np.random.default_rng(seed))
    again = space.at(space.places(point))
    if math.isfinite(space.size):
        assert space.key(again) == space.key(point)


@settings(max_examples=30)
@given(spaces(), SEEDS)
def test_a_mutation_is_another_point_one_dimension_and_what_hangs_on_it_away(space, seed):
    random = np.random.default_rng(seed)
    point = space.sample(random)
    before = dict(point)
    mutant = space.mutate(point, random)
    assert point == before and space.contains(mutant)
    movable = [d for d in space if d.name in point and d.count != 1]
    assert (space.key(mutant) == space.key(point)) == (not movable)
    changed = [
        d.name for d in space if d.name in point and d.name in mutant and space.distance(*_only(d, point, mutant))
    ]
    assert len(changed) <= 1


def _only(dimension, *points):
    return [{dimension.name: point[dimension.name]} for point in points]


@settings(max_examples=30)
@given(spaces(), SEEDS)
def test_neighbours_are_points_one_step_away(space, seed):
    random = np.random.default_rng(seed)
    point = space.sample(random)
    for other in space.neighbours(point, random):
        assert space.contains(other)
        both = [d for d in space if d.name in point and d.name in other]
        assert sum(space.distance(*_only(d, point, other)) for d in both) == 1


@settings(max_examples=30)
@given(spaces(), SEEDS, SEEDS)
def test_completing_keeps_what_belongs_and_draws_the_rest(space, seed, other):
    random = np.random.default_rng(seed)
    point, values = space.sample(random), space.sample(np.random.default_rng(other))
    assert space.key(space.complete(point, random)) == space.key(point)
    mixed = space.complete({**values, "unknown": 1}, random)
    assert space.contains(mixed) and mixed == values
    assert space.contains(space.complete({}, random))


@settings(max_examples=30)
@given(spaces(finite=True, largest=3, most=4))
def test_the_grid_is_every_point_once_in_order(space):
    grid = list(space.grid())
    keys = [space.key(point) for point in grid]
    expected = brute_force(space)
    assert len(keys) == len(set(keys)) and set(keys) == set(expected)
    assert all(space.contains(point) for point in grid)
    indices = [[d.index(p[d.name]) if d.name in p else 0 for d in space] for p in grid]
    assert indices == sorted(indices)


@settings(max_examples=30)
@given(spaces(finite=True, largest=3, most=4))
def test_the_size_is_the_number_of_points(space):
    assert space.size == len(brute_force(space))


@settings(max_examples=30)
@given(spaces(finite=True, largest=3, most=4), SEEDS)
def test_every_point_can_be_drawn(space, seed):
    random = np.random.default_rng(seed)
    expected = brute_force(space)
    drawn = {space.key(space.sample(random)) for _ in range(100)}
    assert drawn <= set(expected)
    if len(expected) <= 3 and not any(d.log for d in space if not isinstance(d, Choice)):
        assert drawn == set(expected)


@settings(max_examples=30)
@given(spaces(finite=True, largest=3, most=4), SEEDS)
def test_contains_refuses_what_is_missing_foreign_or_too_much(space, seed):
    point = space.sample(np.random.default_rng(seed))
    name = next(iter(point))
    assert not space.contains({k: v for k, v in point.items() if k != name})
    assert not space.contains({**point, name: "no such value"})
    assert not space.contains({**point, "foreign": 1})


def test_a_dimension_takes_part_where_all_its_conditions_hold():
    space = Space(
        [
            Choice("block", ("mb", "skip")),
            Int("expand", 1, 6, when=(Condition("block", "eq", "mb"),)),
            Choice("se", (0.0, 0.25), when=(Condition("expand", "gt", 5),)),
        ]
    )
    assert space.contains({"block": "skip"})
    assert space.contains({"block": "mb", "expand": 5}) and not space.contains({"block": "mb"})
    assert space.contains({"block": "mb", "expand": 6, "se": 0.25})
    assert not space.contains({"block": "skip", "expand": 5})
    assert space.size == 1 + 5 + 2  # skip; mb with expand 1 to 5; mb with expand 6 and two values of se


@pytest.mark.parametrize(
    ("test", "operand", "holds"),
    [
        ("eq", 1.0, [1]), ("ne", 1, [0, 2]), ("lt", 1, [0]), ("le", 1, [0, 1]), ("gt", 1, [2]), ("ge", 1, [1, 2]),
        ("in", (0, 2.0), [0, 2]), ("eq", True, []), ("in", (True, False), []),
    ],
)  # fmt: skip
def test_a_condition_tests_a_value(test, operand, holds):
    condition = Condition("x", test, operand)
    assert [value for value in (0, 1, 2) if condition.holds({"x": value})] == holds
    assert not condition.holds({})


def test_points_that_differ_only_in_the_type_of_a_value_have_two_keys():
    space = Space([Choice("x", (1, True, "1"))])
    points = [{"x": 1}, {"x": True}, {"x": "1"}]
    assert len({space.key(point) for point in points}) == 3
    assert space.distance(points[0], points[1]) == 1


def test_numbers_written_in_another_type_are_the_same_point():
    space = Space([Float("rate", 0.0, 2.0), Int("depth", 0, 5)])
    assert space.key({"rate": 1, "depth": np.int64(2)}) == space.key({"rate": 1.0, "depth": 2})


def test_the_size_with_a_continuum_is_infinite():
    assert Space([Choice("a", (1, 2)), Float("x", 0.0, 1.0)]).size == math.inf


def test_what_conditions_hang_on_comes_first_and_names_are_unique():
    with pytest.raises(ValueError, match="a depends on b, which is not declared before it"):
        Space([Choice("a", (1, 2), when=(Condition("b", "eq", 1),)), Choice("b", (1, 2))])
    with pytest.raises(ValueError, match="two dimensions of one name"):
        Space([Choice("a", (1, 2)), Choice("a", (3, 4))])


def test_settings_are_what_labels_stand_for():
    space = Space([Choice("stages.s2", ("mb", "skip"), ({"block": "mbconv"}, {"block": "sequence"})), Int("n", 1, 3)])
    assert space.settings({"stages.s2": "mb", "n": 2}) == {"stages.s2": {"block": "mbconv"}, "n": 2}
