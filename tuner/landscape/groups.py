"""Sub-spaces: the points that share a value of a dimension, of many values a range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from factory.spec.writing import flow
from tuner.space import Choice, Dimension, Space

MOST = 8
"""A number that can have more values than this is cut into RANGES."""
RANGES = 4
ABSENT = "-"
"""What stands for a dimension that takes no part in a point."""


@dataclass(frozen=True, eq=False)
class Group:
    """Points with the same value, or a value of the same range. members: (points,) bool."""

    dimension: str
    label: str
    members: np.ndarray


def groups_of(space: Space, points: Sequence[Mapping[str, Any]]) -> list[Group]:
    """The groups of every dimension in order; those without a point, and dimensions with a single one, are left out."""
    found: list[Group] = []
    for dimension in space:
        numbers = np.array([_number(dimension, point) for point in points])
        names = _labels(dimension)
        there = [(name, numbers == index) for index, name in enumerate(names)] + [(ABSENT, numbers < 0)]
        mine = [Group(dimension.name, name, members) for name, members in there if members.any()]
        found += mine if len(mine) > 1 else []
    return found


def value_text(value: Any) -> str:
    """A value as a file writes it, numbers with four digits: 0.001, relu, null."""
    return f"{value:.4g}" if isinstance(value, float) else flow(value)


def _whole(dimension: Dimension) -> bool:
    """Whether each of its values is a group."""
    return isinstance(dimension, Choice) or (dimension.count is not None and dimension.count <= MOST)


def _number(dimension: Dimension, point: Mapping[str, Any]) -> int:
    """Which group a point is in, -1 where the dimension takes no part."""
    if dimension.name not in point:
        return -1
    value = point[dimension.name]
    return dimension.index(value) if _whole(dimension) else min(int(dimension.place(value) * RANGES), RANGES - 1)


def _labels(dimension: Dimension) -> list[str]:
    if _whole(dimension):
        return [value_text(value) for value in dimension.values()]
    if dimension.count is None:
        ends = [dimension.at(index / RANGES) for index in range(RANGES + 1)]
        pairs = list(pairwise(ends))
    else:
        values = dimension.values()
        inside = [[v for v in values if _number(dimension, {dimension.name: v}) == index] for index in range(RANGES)]
        pairs = [(some[0], some[-1]) if some else (None, None) for some in inside]
    return [value_text(low) if low == high else f"{value_text(low)} to {value_text(high)}" for low, high in pairs]
