"""Where the best points lie: the empirical bootstrap of Radosavovic et al. 2020, "Designing Network Design Spaces".

A quarter of the trials is drawn with replacement, the best of them is kept, again and again: the values of a dimension
that the best ones have are the range in which good networks fall. What infinitely many repeats give has a closed form,
so that nothing is drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.landscape.bootstrap import LEVEL
from tuner.landscape.groups import ABSENT, value_text
from tuner.landscape.landscape import Landscape
from tuner.space import Choice, Dimension

SHARE = 0.25
"""Of the trials that are drawn each time (section 3.1 there)."""


@dataclass(frozen=True)
class Region:
    """Where the best lie along one dimension.

    median, low, high: of a number, the middle and the ends of 95 % of the bests; None of other dimensions.
    probabilities: by value, how probably the best has it, the most probable first.
    """

    dimension: str
    median: Any
    low: Any
    high: Any
    probabilities: dict[str, float]


def best_probabilities(losses: np.ndarray, share: float = SHARE) -> np.ndarray:
    """(points,): how probably each point is the best of so many drawn with replacement; equal ones share theirs.

    Of n points the k-th best is the best of m draws with probability ((n - k + 1) / n)^m - ((n - k) / n)^m.
    """
    count = len(losses)
    draws = max(1, round(share * count))
    order = np.argsort(losses, kind="stable")
    left = np.arange(count, -1, -1) / count
    chances = np.empty(count)
    chances[order] = left[:-1] ** draws - left[1:] ** draws
    _, level, sizes = np.unique(losses, return_inverse=True, return_counts=True)
    return (np.bincount(level, chances) / sizes)[level]


def regions(landscape: Landscape) -> list[Region]:
    """A region for each dimension, in order."""
    chances = best_probabilities(landscape.losses)
    return [_region(dimension, landscape, chances) for dimension in landscape.space]


def _region(dimension: Dimension, landscape: Landscape, chances: np.ndarray) -> Region:
    there = [
        (point[dimension.name], chance)
        for point, chance in zip(landscape.points, chances, strict=True)
        if dimension.name in point
    ]
    found: dict[str, float] = {}
    for value, chance in there:
        text = value_text(value)
        found[text] = found.get(text, 0.0) + float(chance)
    if (rest := 1 - sum(found.values())) > 1e-9:
        found[ABSENT] = rest
    ranked = dict(sorted(found.items(), key=lambda item: -item[1]))
    if not there or not _is_number(dimension):
        return Region(dimension.name, None, None, None, ranked)
    values = np.array([value for value, _ in there])
    weights = np.array([chance for _, chance in there])
    low, middle, high = (_quantile(values, weights, q) for q in ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2))
    return Region(dimension.name, middle, low, high, ranked)


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> Any:
    """The smallest value up to which so much of the weight lies."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    return values[order][min(int(np.searchsorted(below, share * below[-1] - 1e-12)), len(values) - 1)].item()


def _is_number(dimension: Dimension) -> bool:
    """Whether its values lie on a line."""
    return not isinstance(dimension, Choice) or (
        dimension.ordered and not dimension.meanings and all(isinstance(v, (int, float)) for v in dimension.labels)
    )
