"""Padding and pooling that Keras does not have: pads of minus infinity, means that leave out any padding."""

from __future__ import annotations

from typing import Any

from keras import ops

from factory.models.layers.base import ConfiguredLayer, Sizes, pairs, register

Pair = tuple[int, int]


def spatial_pad(x: Any, padding: tuple[Pair, Pair], value: float = 0.0) -> Any:
    """The image (batch, h, w, c) with ((top, bottom), (left, right)) rows and columns of `value` around it."""
    return ops.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value)


def slid(size: int | None, pads: Pair, kernel: int, stride: int) -> int | None:
    """How many windows fit along an axis."""
    return None if size is None else (size + sum(pads) - kernel) // stride + 1


@register
class NegativePadding2D(ConfiguredLayer):
    """Minus infinity around the image, for max pooling: (batch, h, w, c) -> (batch, h + pads, w + pads, c)."""

    fields = ("padding",)

    def __init__(self, padding: tuple[Pair, Pair], **kwargs: Any):
        super().__init__(**kwargs)
        self.padding = pairs(padding)

    def call(self, inputs: Any) -> Any:
        return spatial_pad(inputs, self.padding, float("-inf"))

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        batch, height, width, channels = input_shape
        return batch, slid(height, self.padding[0], 1, 1), slid(width, self.padding[1], 1, 1), channels


@register
class LeftOutAveragePooling2D(ConfiguredLayer):
    """Mean over each window of what lies in the image; the padding, any number of rows and columns, is left out.

    Shape: (batch, h, w, c) -> (batch, floor((h + pads - kernel) / stride) + 1, ..., c).
    """

    fields = ("kernel", "stride", "padding")

    def __init__(self, kernel: Pair, stride: Pair, padding: tuple[Pair, Pair], **kwargs: Any):
        super().__init__(**kwargs)
        self.kernel, self.stride, self.padding = pairs(kernel), pairs(stride), pairs(padding)

    def call(self, inputs: Any) -> Any:
        inside = ops.ones_like(inputs[:1, :, :, :1])
        return self._mean(inputs) / self._mean(inside)  # the mean of the ones is the share of the window inside

    def _mean(self, x: Any) -> Any:
        return ops.average_pool(spatial_pad(x, self.padding), self.kernel, self.stride, "valid")

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        batch, *size, channels = input_shape
        windows = map(slid, size, self.padding, self.kernel, self.stride)
        return batch, *windows, channels
