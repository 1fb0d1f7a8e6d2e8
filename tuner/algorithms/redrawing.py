"""What to draw when a guided proposal is infeasible or known: more of the same, then its surroundings, ever wider."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuner.space import Point, Space

STEPS = 50
"""After so many points at one distance from the guided one come those that are one mutation further away."""


def then_nearby(
    space: Space, draw: Callable[[], Point], random: np.random.Generator, *, times: int
) -> Callable[[], Point]:
    """A source of points: `times` from `draw`, then mutations of the last one of these, for ever.

    A model asked again tends to give the same point again, at its full price; the neighbours of what it wants are what
    it would want next, and they lead to every point of the space in the end.
    """
    drawn: list[Point] = []
    nearby = 0

    def source() -> Point:
        nonlocal nearby
        if len(drawn) < times:
            drawn.append(draw())
            return drawn[-1]
        point = drawn[-1]
        for _ in range(1 + nearby // STEPS):
            point = space.mutate(point, random)
        nearby += 1
        return point

    return source
