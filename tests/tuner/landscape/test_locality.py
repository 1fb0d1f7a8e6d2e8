"""Locality: distances by brute force, walks by walking and by the spectrum of the Hamming graph."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import digits_macro, landscape
from search_spaces import spaces

from tuner.landscape.locality import edit_distances, locality, pair_correlation, walk_correlations
from tuner.space import Float, Int, Space
from tuner.space.numbers import NEARBY


@settings(max_examples=30)
@given(spaces(finite=True), st.integers(0, 1000))
def test_distances_are_those_of_the_space(space, seed):
    random = np.random.default_rng(seed)
    points = [space.sample(random) for _ in range(8)]
    expected = [[space.distance(a, b) for b in points] for a in points]
    np.testing.assert_array_equal(edit_distances(space, points), expected)


def test_on_a_continuum_values_differ_where_they_are_further_apart_than_neighbours():
    space = Space([Float("rate", 1e-4, 1e-1, log=True), Int("units", 1, 3)])
    here = {"rate": 1e-3, "units": 1}
    [below, above] = [{**here, "rate": value} for value in space.by_name["rate"].neighbours(1e-3)]
    far = {**here, "rate": 1e-3 * 10 ** (3 * 2 * NEARBY)}
    assert edit_distances(space, [here, below, above, far, {**far, "units": 2}])[0].tolist() == [0, 0, 0, 1, 2]


def test_the_correlation_of_pairs_is_that_of_the_definition():
    random = np.random.default_rng(0)
    values, pairs = random.normal(size=7), np.triu(random.random((7, 7)) < 0.5, 1).astype(float)
    pairs += pairs.T
    products = [(values[i] - values.mean()) * (values[j] - values.mean()) for i, j in np.argwhere(pairs)]
    found = pair_correlation(pairs, values[None], np.ones((1, 7)))
    assert found == pytest.approx([np.mean(products) / values.var()])


def test_a_resample_is_its_points_written_out():
    """Pairs of a point with itself, which a resample has, are at distance 0."""
    values, apart = np.array([1.0, 2.0, 4.0, 8.0]), 1 - np.eye(4)
    drawn = np.array([[2, 0, 1, 1]])
    written_out = np.repeat(np.arange(4), drawn[0])
    found = pair_correlation(apart, values[None], drawn.astype(float))
    once = np.ones((1, 4))
    assert found == pytest.approx(
        pair_correlation(apart[np.ix_(written_out, written_out)], values[None, written_out], once)
    )


# ---- walks


def spectrum(values: np.ndarray) -> np.ndarray:
    """(dimensions + 1,): the share of a table's variance that lies in effects of so many dimensions together."""
    parts = np.zeros(values.ndim + 1)
    effects: dict[tuple[int, ...], np.ndarray] = {(): values.mean(keepdims=True)}
    for order in range(1, values.ndim + 1):
        for kept in combinations(range(values.ndim), order):
            mean = values.mean(axis=tuple(i for i in range(values.ndim) if i not in kept), keepdims=True)
            lower = sum(effect for inner, effect in effects.items() if set(inner) < set(kept))
            effects[kept] = mean - lower
            parts[order] += effects[kept].var() / values.var()
    return parts


def test_a_walk_over_the_whole_table_follows_the_spectrum_of_its_graph():
    """Of the 3^5 networks a step changes one of 5 choices to one of 2 others: effects of p dimensions together are its
    eigenvectors, with eigenvalues 1 - 3 p / 10 (Stadler 1996, on the amplitude spectrum of Hamming graphs).
    """
    networks = digits_macro()
    table = np.empty((3,) * 5)
    for point, loss in zip(networks.points, networks.losses, strict=True):
        table[tuple(d.index(point[d.name]) for d in networks.space)] = loss
    parts = spectrum(table)
    found = locality(networks, np.random.default_rng(0))
    steps = np.arange(1, 11)[:, None]
    expected = (parts * (1 - 0.3 * np.arange(6)) ** steps).sum(axis=1)
    assert parts.sum() == pytest.approx(1) and found.walk.points == 243
    assert found.walk.correlations == pytest.approx(expected)


def test_a_walk_over_the_whole_table_is_what_walking_gives():
    networks = digits_macro()
    neighbours = edit_distances(networks.space, networks.points) == 1
    random, where = np.random.default_rng(0), 0
    seen = np.empty(60_000)
    lists = [np.flatnonzero(row) for row in neighbours]
    for step in range(len(seen)):
        seen[step] = networks.losses[where]
        where = lists[where][random.integers(len(lists[where]))]
    walked = [np.corrcoef(seen[:-lag], seen[lag:])[0, 1] for lag in (1, 2, 3)]
    assert walk_correlations(neighbours.astype(float), networks.losses, 3) == pytest.approx(walked, abs=0.03)


def test_a_walk_over_any_graph_is_what_its_transition_matrix_says():
    """A path of three points, by hand: its walk is half of the time in the middle."""
    path = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], float)
    assert walk_correlations(path, np.array([1.0, 0.0, 1.0]), 3) == pytest.approx([-1, 1, -1])
    assert walk_correlations(path, np.array([1.0, 0.0, -1.0]), 3) == pytest.approx([0, 0, 0])


def test_near_networks_are_alike_and_far_ones_are_not():
    found = locality(digits_macro(), np.random.default_rng(0))
    assert [one.pairs for one in found.distances] == [243 * n // 2 for n in (10, 40, 80, 80, 32)]
    assert found.reach == 2
    assert found.distances[0].correlation.value == pytest.approx(
        found.walk.correlations[0]
    )  # every point has 10 others


def test_where_values_are_dealt_at_random_nothing_is_alike():
    networks = digits_macro()
    random = np.random.default_rng(5)
    dealt = landscape(networks.space, networks.points, random.permutation(networks.losses))
    found = locality(dealt, random)
    assert found.reach == 0
    assert all(one.chance[0] < one.correlation.value < one.chance[1] for one in found.distances)


def test_points_without_neighbours_have_no_walk():
    space = Space([Int("a", 0, 9), Int("b", 0, 9)])
    found = locality(landscape(space, [{"a": i, "b": i} for i in range(6)], range(6)), np.random.default_rng(0))
    assert found.walk is None and [one.distance for one in found.distances] == [2]


def test_of_very_many_points_some_are_looked_at():
    space = Space([Int("a", 0, 49), Int("b", 0, 49)])
    points = list(space.grid())
    found = locality(landscape(space, points, [p["a"] for p in points]), np.random.default_rng(0))
    assert found.looked_at == 1000
    assert found.distances[0].correlation.value == pytest.approx(0.5, abs=0.1)  # half of the neighbours share a
