"""Moves in a space that make a network larger: more filters, more repeats, a larger kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.train.recipe.overrides import PREFIX
from tuner.space import Choice, Dimension, Point, Space


def larger(dimension: Dimension, value: Any) -> Any | None:
    """The next larger value, None where there is none or nothing that grows: a choice without order, the recipe."""
    return _next(dimension, value, up=True)


def smallest(space: Space, point: Point) -> Point:
    """A point with the lowest value of everything that grows."""
    lowest = {}
    for dimension in space:
        if dimension.name in point:
            value = point[dimension.name]
            while (lower := _next(dimension, value, up=False)) is not None:
                value = lower
            lowest[dimension.name] = value
    return {name: lowest[name] for name in point}


def growable(space: Space, point: Mapping[str, Any]) -> list[bool]:
    """Of every dimension whether a point can grow in it."""
    return [d.name in point and larger(d, point[d.name]) is not None for d in space]


def grown(space: Space, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[bool] | None:
    """Of every dimension whether a point has grown by one step in it; None where they differ in any other way.

    What newly takes part, or does not any more, does not count.
    """
    steps = []
    for dimension in space:
        there = dimension.name in before and dimension.name in after
        old, new = before.get(dimension.name), after.get(dimension.name)
        step = there and not _same(old, new)
        if step and not _same(new, larger(dimension, old)):
            return None
        steps.append(step)
    return steps if any(steps) else None


def _next(dimension: Dimension, value: Any, *, up: bool) -> Any | None:
    """The neighbour just above a value, or just below it, of the numbers that they mean; None where they mean none."""
    if dimension.name.startswith(PREFIX) or (isinstance(dimension, Choice) and not dimension.ordered):
        return None

    def number(label: Any) -> float:
        return dimension.meaning(label) if isinstance(dimension, Choice) else label

    if not isinstance(number(value), (int, float)):
        return None
    sign = 1 if up else -1
    beyond = [other for other in dimension.neighbours(value) if sign * number(other) > sign * number(value)]
    return min(beyond, key=lambda other: sign * number(other), default=None)


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a == b
