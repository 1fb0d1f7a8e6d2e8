"""The points of a small space that are left when drawing at random finds no more."""

from __future__ import annotations

from collections.abc import Callable, Container
from itertools import islice

import numpy as np

from tuner.space import Point, Space

LISTED = 50_000
"""Spaces with more points than this are not listed."""


class Leftovers:
    """Every point of a space once, in an order of its own; a space with a continuum or too many points has none."""

    def __init__(self, space: Space, random: np.random.Generator):
        finite = all(dimension.count is not None for dimension in space)
        points = list(islice(space.grid(), LISTED + 1)) if finite else []
        self.listed = finite and len(points) <= LISTED
        order = random.permutation(len(points) if self.listed else 0)
        self.points = [(space.key(points[i]), points[i]) for i in order]
        self._passed = 0

    def first(self, known: Container[str], feasible: Callable[[Point], bool]) -> Point | None:
        """The first point that is feasible and not known, None if there is none. What is known once stays known."""
        for index in range(self._passed, len(self.points)):
            key, point = self.points[index]
            if key not in known and feasible(point):
                return dict(point)
            self._passed = index + 1
        return None
