"""Fronts, volumes and knees, against brute force, values by hand and counted boxes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.analysis.pareto import front, hypervolume, knee


def clouds(least: int = 0, most: int = 9, objectives: tuple[int, ...] = (1, 2, 3, 4)):
    """Points with small whole coordinates, so that equal ones and equal coordinates are common."""
    return st.sampled_from(objectives).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(0, 4), min_size=width, max_size=width), min_size=least, max_size=most
        )
    )


def dominates(a: list[int], b: list[int]) -> bool:
    return all(x >= y for x, y in zip(a, b, strict=True)) and a != b


@given(clouds())
def test_the_front_is_what_nothing_dominates(points):
    expected = [i for i, point in enumerate(points) if not any(dominates(other, point) for other in points)]
    assert front(points) == expected


@given(clouds(least=1))
def test_the_volume_is_the_number_of_unit_cells_that_are_dominated(points):
    cells = itertools.product(range(4), repeat=len(points[0]))
    covered = sum(any(all(c < p for c, p in zip(cell, point, strict=True)) for point in points) for cell in cells)
    assert hypervolume(points, [0] * len(points[0])) == pytest.approx(covered)


@given(clouds(least=1, most=5, objectives=(2, 3)))
def test_the_volume_is_that_of_inclusion_and_exclusion(points):
    total = 0.0
    for count in range(1, len(points) + 1):
        for some in itertools.combinations(points, count):
            total += (-1) ** (count + 1) * float(np.prod(np.maximum(np.min(some, axis=0) - 0.5, 0)))
    assert hypervolume(points, [0.5] * len(points[0])) == pytest.approx(total)


def test_volumes_by_hand():
    assert hypervolume([(1, 3), (2, 2), (3, 1)], (0, 0)) == 6  # 3 + 2 + 1: a staircase
    assert hypervolume([(-1, -3), (-2, -2)], (-4, -4)) == 3 * 1 + 2 * 2 - 2 * 1
    assert hypervolume([(1, 1, 1), (2, 2, 0.5)], (0, 0, 0)) == 1 + 2 - 0.5
    assert hypervolume([(1, 3), (0, 9), (9, 0)], (0, 0)) == 3  # two lie on the edge of the reference
    assert hypervolume([(0.25,), (0.75,)], (0.5,)) == 0.25
    assert hypervolume([], (0, 0)) == 0


def test_a_reference_of_another_number_of_objectives_is_refused():
    with pytest.raises(ValueError, match="a reference of 3 objectives for scores of 2"):
        hypervolume([(1, 2)], (0, 0, 0))


def test_the_knee_by_hand():
    # the chord runs from (0, 10) to (4, 0); scaled sums are 1, 0.25 + 0.9, 0.5 + 0.3, 1; (2, 3) is short of the chord
    assert knee([(0, 10), (1, 9), (2, 3), (4, 0)]) == 1
    assert knee([(0, 10), (2, 3), (4, 0)]) == 0
    assert knee([(5, 5), (1, 1)]) == 0  # one point on the front, the other is dominated
    with pytest.raises(ValueError, match="no points"):
        knee([])


@given(clouds(least=1, objectives=(2,)))
def test_the_knee_is_furthest_from_the_line_through_the_ends(points):
    on_it = [points[index] for index in front(points)]
    (x0, y0), (x1, y1) = min(on_it), max(on_it)
    # the signed distance to the chord, in coordinates scaled to the front's ranges
    wide, high = (x1 - x0) or 1, (y0 - y1) or 1
    distances = [(x - x0) / wide + (y - y1) / high - 1 for x, y in points]
    found = knee(points)
    assert points[found] in on_it
    assert distances[found] == pytest.approx(max(distances[index] for index in front(points)))


@given(clouds(least=1), st.integers(0, 3))
def test_scaling_an_objective_moves_no_knee(points, which):
    scaled = np.array(points, dtype=float)
    scaled[:, which % scaled.shape[1]] *= 3e6
    assert knee(scaled) == knee(points)
