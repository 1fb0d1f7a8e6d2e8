"""Sums with learned weights."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from keras import ops

from factory.models.layers.base import ConfiguredLayer, Sizes, register


@register
class WeightedAdd(ConfiguredLayer):
    """Sum of n equal shapes with one weight each, as it is (`free`), through a `sigmoid`, or a `softmax` over all n.

    All inputs weigh the same at first: 1, 1/2 or 1/n.
    """

    fields = ("kind",)

    def __init__(self, kind: str = "sigmoid", **kwargs: Any):
        super().__init__(**kwargs)
        self.kind = kind

    def build(self, input_shape: list[Sizes]) -> None:
        start = "ones" if self.kind == "free" else "zeros"
        self.mixture = self.add_weight(name="weights", shape=(len(input_shape),), initializer=start)

    def call(self, inputs: list[Any]) -> Any:
        mixture = ops.convert_to_tensor(self.mixture)
        if self.kind != "free":
            mixture = ops.sigmoid(mixture) if self.kind == "sigmoid" else ops.softmax(mixture)
        return reduce(add, (x * mixture[index] for index, x in enumerate(inputs)))

    def compute_output_shape(self, input_shape: list[Sizes]) -> Sizes:
        return input_shape[0]
