"""Drop-path of fractal networks: the path of every sample, and the joins that keep to it."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from factory.models.layers.base import ConfiguredLayer, Sizes, register

PATHS = 720_720
"""A multiple of 1, 2, ..., 16: so many paths fall evenly on so many columns."""

LOCAL = -1
"""The path of a sample that keeps to no column."""


@register
class PathChoice(ConfiguredLayer):
    """A path for every sample: with probability `share` a random number below PATHS, else, and at inference, LOCAL.

    Shape: (batch, ...) -> (batch, 1), int32: whole numbers are the same in every precision.
    """

    fields = ("share", "seed")

    def __init__(self, share: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.share, self.seed = share, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        shape = (ops.shape(inputs)[0], 1)
        if not training or not self.share:
            return ops.full(shape, LOCAL, "int32")
        path = keras.random.randint(shape, 0, PATHS, "int32", self.seed_generator)
        return ops.where(keras.random.uniform(shape, seed=self.seed_generator) < self.share, path, LOCAL)

    def compute_output_spec(self, inputs: Any, training: bool = False) -> keras.KerasTensor:
        return keras.KerasTensor((inputs.shape[0], 1), "int32")


@register
class ColumnJoin(ConfiguredLayer):
    """Mean of the ends of some columns of a fractal; in training, of those that the sample's path leaves.

    The inputs are the ends of the longest columns, the shortest first, then the paths that PathChoice gave. On a local
    path each end is dropped with probability `rate`; if all were, one of them, drawn at random, stays. On another the
    end of the sample's column alone counts. Where that does not end here, nothing depends on the join: the mean of all
    keeps the statistics of the batch norms behind it sound.

    `first_columns`, set before the layer is used, lets only so many of the fractal's columns take part, counted from
    the shortest; no path is dropped then.
    """

    fields = ("columns", "rate", "seed")
    first_columns: int | None = None

    def __init__(self, columns: int, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.columns, self.rate, self.seed = columns, rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: list[Any], training: bool = False) -> Any:
        *ends, path = inputs
        if self.first_columns is not None:
            ends = ends[: max(0, self.first_columns - (self.columns - len(ends)))] or ends
        if not training or self.first_columns is not None:
            return sum(ends[1:], ends[0]) / len(ends)
        kept = ops.cast(self.kept(path, len(ends)), "float32")
        shares = ops.cast(kept / ops.sum(kept, axis=1, keepdims=True), self.compute_dtype)
        shape = (-1, *(1 for _ in ends[0].shape[1:]))
        parts = [end * ops.reshape(shares[:, i], shape) for i, end in enumerate(ends)]
        return sum(parts[1:], parts[0])

    def kept(self, path: Any, count: int) -> Any:
        """Which of so many ends stay for each path: (batch, 1) -> (batch, count), true or false, one true at least."""
        shape, generator = (ops.shape(path)[0], count), self.seed_generator
        alive = keras.random.uniform(shape, seed=generator) >= self.rate
        last = ops.argmax(keras.random.uniform(shape, seed=generator), axis=1)
        alive = ops.where(ops.any(alive, axis=1, keepdims=True), alive, ops.one_hot(last, count, dtype="bool"))
        column = path * self.columns // PATHS - (self.columns - count)  # counted from the first end
        one = ops.where(column < 0, True, ops.equal(column, ops.arange(count, dtype="int32")))
        return ops.where(path == LOCAL, alive, one)

    def compute_output_shape(self, input_shape: list[Sizes]) -> Sizes:
        return input_shape[0]
