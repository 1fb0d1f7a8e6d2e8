"""Points as sequences of tokens, one for each dimension that takes part, as a controller predicts them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tuner.space import Point, Space

LISTED = 16
"""Up to so many values of a dimension have a token each; more of them, and a continuum, are divided into bins."""


class Tokens:
    """The tokens of a space: `counts` of each dimension, and `before` so many of the dimensions before it.

    bins: equal shares of the values of a dimension that has too many of them; within one, all are equally probable.
    """

    def __init__(self, space: Space, bins: int):
        self.space = space
        self.listed = [d.count is not None and d.count <= LISTED for d in space]
        self.counts = [d.count or 1 if one else bins for d, one in zip(space, self.listed, strict=True)]
        self.before = [sum(self.counts[:index]) for index in range(len(self.counts))]

    def value(self, index: int, token: int, random: np.random.Generator) -> Any:
        """The value of a token of the dimension at this index; a random one of its bin."""
        dimension = self.space.dimensions[index]
        if self.listed[index]:
            return dimension.nth(token)
        return dimension.at((token + random.uniform()) / self.counts[index])

    def token(self, index: int, value: Any) -> int:
        """The token of a value."""
        dimension, count = self.space.dimensions[index], self.counts[index]
        return dimension.index(value) if self.listed[index] else min(int(dimension.place(value) * count), count - 1)

    def sequence(self, point: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A point for the network: input, (dimensions,) int32, the token before, counted over all dimensions from 1,
        0 at the start; target, (dimensions,) int32, the token, 0 where the dimension takes no part; and whether it
        takes part, (dimensions,) bool.
        """
        shape = len(self.counts)
        inputs, targets, present = np.zeros(shape, "int32"), np.zeros(shape, "int32"), np.zeros(shape, "bool")
        last = 0
        for index, dimension in enumerate(self.space):
            inputs[index] = last
            if dimension.name in point:
                targets[index] = self.token(index, point[dimension.name])
                present[index] = True
                last = self.number(index, int(targets[index]))
        return inputs, targets, present

    def number(self, index: int, token: int) -> int:
        """The number of a token among those of all dimensions, from 1; 0 stands for the start of a sequence."""
        return 1 + self.before[index] + token
