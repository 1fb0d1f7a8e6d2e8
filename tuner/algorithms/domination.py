"""Ranks and crowding of points with several scores (Deb et al. 2002, section III). Greater scores are better."""

from __future__ import annotations

import numpy as np


def ranks(scores: np.ndarray) -> np.ndarray:
    """The front of each point, (points,) int from 0, the best; scores (points, objectives).

    A point dominates another where it is at least as good in every objective and better in one. The first front are
    the points that no other dominates, the second those that none dominates once the first is taken away, and so on.
    """
    if not len(scores):
        return np.empty(0, dtype="int64")
    at_least = np.all(scores[:, None] >= scores[None], axis=2)
    dominates = at_least & ~at_least.T
    found = np.full(len(scores), -1)
    rank = 0
    while (found < 0).any():
        left = found < 0
        front = left & ~dominates[left].any(axis=0)
        found[front] = rank
        rank += 1
    return found


def crowding(scores: np.ndarray) -> np.ndarray:
    """How far apart the neighbours of each point of a front lie, (points,) float64; infinite at the ends.

    The sum over the objectives of the distance between the next better and the next worse point, as a share of the
    front's range.
    """
    found = np.zeros(len(scores))
    for column in scores.T:
        order = np.argsort(column, kind="stable")
        width = column[order[-1]] - column[order[0]]
        found[order[[0, -1]]] = np.inf
        if width > 0:
            found[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / width
    return found
