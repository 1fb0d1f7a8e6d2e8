"""A search space: its dimensions in order, and its points."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tuner.space.dimensions import Choice, Dimension

Point = dict[str, Any]
"""The values of the dimensions that take part, by name, in the order of the space."""

MAX_COUNTED = 1_000_000
"""Up to so many combinations of the dimensions that conditions ask for, a space's size is exact."""


class Space:
    """Dimensions in order; those with conditions take part where these hold. Mutable by nobody."""

    def __init__(self, dimensions: Sequence[Dimension]):
        self.dimensions = tuple(dimensions)
        self.by_name = {dimension.name: dimension for dimension in self.dimensions}
        if len(self.by_name) < len(self.dimensions):
            raise ValueError("two dimensions of one name")
        before: set[str] = set()
        for dimension in self.dimensions:
            for condition in dimension.when:
                if condition.name not in before:
                    raise ValueError(f"{dimension.name} depends on {condition.name}, which is not declared before it")
            before.add(dimension.name)

    def __len__(self) -> int:
        return len(self.dimensions)

    def __iter__(self) -> Iterator[Dimension]:
        return iter(self.dimensions)

    # ---- points

    def takes_part(self, dimension: Dimension, point: Mapping[str, Any]) -> bool:
        """Whether a dimension takes part, given the values of those before it."""
        return all(condition.holds(point) for condition in dimension.when)

    def sample(self, random: np.random.Generator) -> Point:
        """A point at random: every value of a dimension that takes part is equally probable."""
        return self.at(random.uniform(size=len(self.dimensions)))

    def at(self, places: Sequence[float] | np.ndarray) -> Point:
        """The point at places from 0 to 1, one for each dimension, those that do not take part included."""
        point: Point = {}
        for dimension, unit in zip(self.dimensions, places, strict=True):
            if self.takes_part(dimension, point):
                point[dimension.name] = dimension.at(float(unit))
        return point

    def places(self, point: Mapping[str, Any]) -> np.ndarray:
        """The places of a point, (dimensions,) float64 in 0 to 1; 0.5 for dimensions that do not take part."""
        found = [d.place(point[d.name]) if d.name in point else 0.5 for d in self.dimensions]
        return np.array(found, dtype="float64")

    def complete(self, values: Mapping[str, Any], random: np.random.Generator) -> Point:
        """The point with these values as far as they belong to it; the rest of what takes part is drawn."""
        point: Point = {}
        for dimension in self.dimensions:
            if not self.takes_part(dimension, point):
                continue
            given = values.get(dimension.name)
            inside = dimension.name in values and dimension.contains(given)
            point[dimension.name] = dimension.exact(given) if inside else dimension.sample(random)
        return point

    def contains(self, point: Mapping[str, Any]) -> bool:
        """Whether exactly the dimensions that take part have values, each one of its own."""
        seen: Point = {}
        for dimension in self.dimensions:
            if self.takes_part(dimension, seen):
                if dimension.name not in point or not dimension.contains(point[dimension.name]):
                    return False
                seen[dimension.name] = point[dimension.name]
        return len(seen) == len(point)

    def key(self, point: Mapping[str, Any]) -> str:
        """A text that is the same for the same point alone."""
        return json.dumps({d.name: d.exact(point[d.name]) for d in self.dimensions if d.name in point})

    # ---- moving about

    def mutate(self, point: Point, random: np.random.Generator) -> Point:
        """Another point that differs in one dimension, drawn at random, and in what hangs on it."""
        movable = [d for d in self.dimensions if d.name in point and d.count != 1]
        if not movable:
            return dict(point)
        chosen = movable[random.integers(len(movable))]
        changed = {**point, chosen.name: chosen.other(point[chosen.name], random)}
        return self.complete(changed, random)

    def neighbours(self, point: Point, random: np.random.Generator) -> Iterator[Point]:
        """Every point that differs in one dimension by one step; what newly takes part is drawn."""
        for dimension in self.dimensions:
            if dimension.name in point:
                for value in dimension.neighbours(point[dimension.name]):
                    yield self.complete({**point, dimension.name: value}, random)

    def distance(self, a: Mapping[str, Any], b: Mapping[str, Any]) -> int:
        """In how many dimensions two points differ."""
        return sum(1 for d in self.dimensions if _value(d, a) != _value(d, b))

    # ---- all of it

    @property
    def size(self) -> float:
        """The number of points, infinite with a continuum; an upper bound where conditions hang on very many."""
        asked = {condition.name for d in self.dimensions for condition in d.when}
        heads = [d for d in self.dimensions if d.name in asked]
        counts = [d.count for d in heads]
        if any(count is None for count in counts) or math.prod(c or 1 for c in counts) > MAX_COUNTED:
            return math.prod(math.inf if d.count is None else d.count for d in self.dimensions)
        return sum(
            math.prod(
                math.inf if d.count is None else d.count
                for d in self.dimensions
                if d.name not in asked and self.takes_part(d, point)
            )
            for point in self._grid(heads, {})
        )

    def grid(self, points: int = 5) -> Iterator[Point]:
        """Every point in order, the last dimension first; a continuum gives `points` values evenly apart."""
        return self._grid(self.dimensions, {}, points)

    def _grid(self, dimensions: Sequence[Dimension], before: Point, points: int = 5) -> Iterator[Point]:
        if not dimensions:
            yield dict(before)
            return
        first, rest = dimensions[0], dimensions[1:]
        if not self.takes_part(first, before):
            yield from self._grid(rest, before, points)
            return
        for value in first.grid(points):
            yield from self._grid(rest, {**before, first.name: value}, points)

    def settings(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """What a point says, by path: labels replaced by what they stand for."""
        result = {}
        for name, value in point.items():
            dimension = self.by_name[name]
            result[name] = dimension.meaning(value) if isinstance(dimension, Choice) else value
        return result


def _value(dimension: Dimension, point: Mapping[str, Any]) -> tuple[type, Any] | None:
    """The value of a dimension with its type: to Python 1, 1.0 and true are equal. None where it takes no part."""
    if dimension.name not in point:
        return None
    value = dimension.exact(point[dimension.name])
    return type(value), value
