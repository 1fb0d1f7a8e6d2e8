"""Fronts of several objectives: which points nothing beats, how much they dominate, where the bend is.

Scores are rows of numbers, an objective a column, greater is better in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Scores = Sequence[Sequence[float]] | np.ndarray


def front(scores: Scores) -> list[int]:
    """Which points no other dominates, in their order; equal points that nothing dominates are all on it.

    One dominates another where it is at least as good in every objective and better in one.
    """
    points = _rows(scores)
    if not len(points):
        return []
    order = np.lexsort(-points.T[::-1])  # the best of the first objective first: nobody is dominated by a later one
    kept: list[int] = []
    for index in order:
        beside = points[kept]
        at_least = (beside >= points[index]).all(axis=1)
        if not (at_least & (beside > points[index]).any(axis=1)).any():
            kept.append(int(index))
    return sorted(kept)


def hypervolume(scores: Scores, reference: Sequence[float]) -> float:
    """The volume between `reference` and the points, an area for two objectives; exact for any number of them.

    Points that are not better than the reference in every objective add nothing. Two objectives take n log n steps;
    more are cut down point by point (WFG: While, Bradstreet & Barone 2012, algorithm 1), quick for a few hundred points
    of three or four objectives. Raises ValueError for a reference of another number of objectives.
    """
    points = _rows(scores)
    origin = np.asarray(reference, dtype="float64")
    if len(points) and points.shape[1:] != origin.shape:
        raise ValueError(f"a reference of {origin.size} objectives for scores of {points.shape[1]}")
    sides = points[(points > origin).all(axis=1)] - origin if len(points) else np.empty((0, origin.size))
    return _volume(sides[front(sides)])


def knee(scores: Scores) -> int:
    """The point of a front that is furthest beyond the chord between its ends: where giving way begins to cost.

    Every objective is scaled to the range it has on the front; the chord is then the line through (1, 0) and (0, 1),
    for more objectives the plane through the corners (Das 1999). The first of equally far ones; an end of it where the
    front does not bend outwards. Raises ValueError where there is no point.
    """
    points = _rows(scores)
    if not len(points):
        raise ValueError("no points, no knee")
    on_it = front(points)
    low, high = points[on_it].min(axis=0), points[on_it].max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    beyond = ((points[on_it] - low) / width).sum(axis=1)
    return on_it[int(np.argmax(np.round(beyond, 12)))]  # rounded: equally far is equally far


def _rows(scores: Scores) -> np.ndarray:
    """(points, objectives) float64; (0, 0) for none."""
    points = np.asarray(scores, dtype="float64")
    return points.reshape(len(points), -1) if len(points) else np.empty((0, 0))


def _volume(sides: np.ndarray) -> float:
    """The volume of the union of boxes from the origin to each row of `sides`, none of which holds another."""
    if len(sides) == 0:
        return 0.0
    if sides.shape[1] == 1:
        return float(sides.max())
    if sides.shape[1] == 2:
        wide = sides[np.argsort(-sides[:, 0])]  # the widest first: each adds what it is higher than all before
        before = np.maximum.accumulate(np.concatenate([[0.0], wide[:-1, 1]]))
        return float((wide[:, 0] * np.maximum(wide[:, 1] - before, 0)).sum())
    total = 0.0
    for index, side in enumerate(sides):
        inside = np.minimum(sides[index + 1 :], side)  # what the later boxes share with this one
        total += float(side.prod()) - _volume(np.unique(inside[front(inside)], axis=0))
    return total
