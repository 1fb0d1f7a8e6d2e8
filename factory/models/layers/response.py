"""Local response normalisation."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from keras import ops

from factory.models.layers.base import ConfiguredLayer, Sizes, register


@register
class LocalResponseNormalization(ConfiguredLayer):
    """x / (bias + alpha * sum of squares over 2 * radius + 1 channels) ** beta; the sum ends at the last channel.

    Shape: (batch, ..., c) -> (batch, ..., c). Computed in float32: squares leave the range of float16 early.
    """

    fields = ("radius", "bias", "alpha", "beta")

    def __init__(self, radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, **kwargs: Any):
        super().__init__(**kwargs)
        self.radius, self.bias, self.alpha, self.beta = radius, bias, alpha, beta

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, "float32")
        channels = x.shape[-1]
        pads = [(0, 0)] * (len(x.shape) - 1) + [(self.radius, self.radius)]
        squares = ops.pad(ops.square(x), pads)
        total = reduce(add, (squares[..., i : i + channels] for i in range(2 * self.radius + 1)))
        return ops.cast(x / ops.power(self.bias + self.alpha * total, self.beta), self.compute_dtype)

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        return input_shape
