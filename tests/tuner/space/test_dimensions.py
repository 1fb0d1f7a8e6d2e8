"""Dimensions of a search space: their values, places and neighbours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_spaces import dimensions

from tuner.space import Choice, Float, Int

UNITS = st.floats(0, 1)


@settings(max_examples=50)
@given(dimensions(), UNITS)
def test_the_value_at_any_place_is_one_of_its_own(dimension, unit):
    assert dimension.contains(dimension.at(unit))


@settings(max_examples=50)
@given(dimensions(), UNITS)
def test_the_place_of_a_value_leads_back_to_it(dimension, unit):
    value = dimension.at(unit)
    place = dimension.place(value)
    assert 0 <= place <= 1
    if dimension.count is None:
        assert math.isclose(dimension.at(place), value, rel_tol=1e-9, abs_tol=1e-9)
    else:
        assert dimension.at(place) == value


@settings(max_examples=50)
@given(dimensions(), UNITS, UNITS)
def test_greater_places_have_no_smaller_values(dimension, a, b):
    if not isinstance(dimension, Choice):
        assert dimension.at(min(a, b)) <= dimension.at(max(a, b))


@settings(max_examples=50)
@given(dimensions(finite=True))
def test_values_are_all_of_them_in_order_and_each_has_an_index(dimension):
    values = dimension.values()
    assert len(values) == dimension.count
    for index, value in enumerate(values):
        assert dimension.contains(value) and dimension.index(value) == index and dimension.nth(index) == value
        assert type(dimension.exact(value)) is type(value) and dimension.exact(value) == value
    if not isinstance(dimension, Choice):
        assert values == sorted(set(values)) and values[0] == dimension.low
        assert not dimension.step or values[-1] + dimension.step > dimension.high - 1e-6


@settings(max_examples=50)
@given(dimensions(), UNITS)
def test_neighbours_are_other_values_and_mutual(dimension, unit):
    value = dimension.at(unit)
    for other in dimension.neighbours(value):
        assert dimension.contains(other) and not (type(other) is type(value) and other == value)
        if dimension.count is not None:
            assert any(type(back) is type(value) and back == value for back in dimension.neighbours(other))


@settings(max_examples=50)
@given(dimensions(), UNITS, st.integers(0, 9))
def test_another_value_is_another_unless_there_is_none(dimension, unit, seed):
    value = dimension.at(unit)
    other = dimension.other(value, np.random.default_rng(seed))
    assert dimension.contains(other)
    same = type(other) is type(value) and other == value
    assert same == (dimension.count == 1)


@settings(max_examples=50)
@given(dimensions(finite=True), st.integers(0, 3))
def test_every_other_value_can_be_drawn(dimension, seed):
    random, value = np.random.default_rng(seed), dimension.at(0.3)
    drawn = {repr(dimension.other(value, random)) for _ in range(150)}
    assert drawn == {repr(v) for v in dimension.values() if repr(v) != repr(value)} or dimension.count == 1


def test_values_are_equally_probable():
    random = np.random.default_rng(0)
    drawn = [Choice("x", ("a", "b", "c", "d")).sample(random) for _ in range(4_000)]
    counts = [drawn.count(label) for label in "abcd"]
    assert all(880 < count < 1_120 for count in counts)  # 1000 on average, standard deviation 27


@pytest.mark.parametrize(
    ("dimension", "values"),
    [
        (Int("x", 1, 9, 3), [1, 4, 7]),
        (Float("x", 0.5, 1.5, 0.1), [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]),
        (Float("x", 0.1, 0.3, 0.1), [0.1, 0.2, 0.3]),
        (Float("x", 1e-6, 3e-6, 1e-6), [1e-6, 2e-6, 3e-6]),
        (Float("x", 0.25, 0.25), [0.25]),
        (Choice("x", (1, True, "1", None)), [1, True, "1", None]),
    ],
)
def test_values_by_hand(dimension, values):
    assert dimension.values() == values
    assert [type(value) for value in dimension.values()] == [type(value) for value in values]


def test_a_logarithmic_whole_number_gives_every_doubling_the_same_share():
    # 1 to 15 in steps of 1 is log2(16) = 4 doublings: 1, then 2-3, then 4-7, then 8-15
    dimension = Int("x", 1, 15, log=True)
    units = (np.arange(4_000) + 0.5) / 4_000
    values = np.array([dimension.at(unit) for unit in units])
    shares = [np.mean((values >= low) & (values < 2 * low)) for low in (1, 2, 4, 8)]
    assert shares == pytest.approx([0.25] * 4, abs=1e-3)


def test_a_logarithmic_continuum_has_the_geometric_mean_in_the_middle():
    assert Float("x", 1e-4, 1e-1, log=True).at(0.5) == pytest.approx(math.sqrt(1e-4 * 1e-1))


def test_logarithmic_steps_of_a_number_are_drawn_as_those_of_a_whole_number():
    whole, number = Int("x", 2, 20, log=True), Float("x", 0.2, 2.0, 0.1, log=True)
    units = np.random.default_rng(0).uniform(size=200)
    assert [whole.index(whole.at(u)) for u in units] == [number.index(number.at(u)) for u in units]


def test_a_continuum_in_a_grid_has_both_ends_and_the_middle_where_it_is_one_point():
    assert Float("x", 0.0, 1.0).grid(5) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert Float("x", 0.0, 1.0).grid(1) == [0.5]
    assert Float("x", 1e-4, 1e-1, log=True).grid(2) == [1e-4, 1e-1]


def test_a_billion_values_are_not_listed_to_draw_another():
    dimension, random = Int("x", 1, 1_000_000_000), np.random.default_rng(0)
    assert dimension.contains(dimension.other(7, random)) and dimension.neighbours(1) == [2]


def test_numbers_of_other_types_become_those_of_the_dimension():
    assert repr(Float("x", 0.0, 2.0).exact(1)) == "1.0"
    assert repr(Float("x", 0.1, 0.5, 0.1).exact(0.1 + 0.2)) == "0.3"
    assert repr(Int("x", 0, 5).exact(np.int64(3))) == "3"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Choice("x", ()), "x: expected labels, none twice"),
        (lambda: Choice("x", (1, 2, 1)), r"received \[1, 2, 1\]"),
        (lambda: Choice("x", (1, 2), ("one",)), "x: expected labels"),
        (lambda: Int("x", 3, 2), "x: expected numbers from low to high, received 3 to 2"),
        (lambda: Int("x", 1, 2, 0), "x: expected a step above 0, received 0"),
        (lambda: Int("x", 0, 2, log=True), "x: expected numbers above 0 for log, received 0 to 2"),
        (lambda: Float("x", 0.0, math.inf), "x: expected numbers from low to high, received 0.0 to inf"),
        (lambda: Float("x", 0.0, 1.0).values(), "x has no finite number of values"),
        (lambda: Choice("x", (1, 2)).index(3), r"3 is no value of x: \[1, 2\]"),
    ],
)
def test_what_is_no_dimension_or_value_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
