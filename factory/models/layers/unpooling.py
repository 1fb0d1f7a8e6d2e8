"""Max pooling that remembers where each maximum was, and the unpooling that puts it back."""

from __future__ import annotations

from typing import Any, Literal

import keras
import tensorflow as tf
from keras import ops

from factory.models.layers.base import ConfiguredLayer, Sizes, pairs, register
from factory.models.layers.pooling import Pair, slid


@register
class MaxPoolingIndices2D(ConfiguredLayer):
    """Max pooling with the place of each first maximum in its window, y * kernel width + x.

    Shape: (batch, h, w, c) -> [values (batch, h', w', c), places (batch, h', w', c), int32].
    Pads, in numbers or "same", are minus infinity.
    """

    fields = ("kernel", "stride", "padding")

    def __init__(self, kernel: Pair, stride: Pair, padding: tuple[Pair, Pair] | Literal["same"], **kwargs: Any):
        super().__init__(**kwargs)
        self.kernel, self.stride, self.padding = pairs(kernel), pairs(stride), pairs(padding)

    def call(self, inputs: Any) -> list[Any]:
        size = ops.shape(inputs)[1:3]
        pads = self.padding
        if pads == "same":
            pads = [_same(n, k, s) for n, k, s in zip(size, self.kernel, self.stride, strict=True)]
        x = tf.pad(inputs, [(0, 0), *pads, (0, 0)], constant_values=float("-inf"))  # keras.ops wants numbers
        values = ops.max_pool(x, self.kernel, self.stride, "valid")
        (_, height, width, _), (sh, sw) = ops.shape(values), self.stride
        window = [
            x[:, i : i + (height - 1) * sh + 1 : sh, j : j + (width - 1) * sw + 1 : sw]
            for i in range(self.kernel[0])
            for j in range(self.kernel[1])
        ]
        return [values, ops.cast(ops.argmax(ops.stack(window, axis=-1), axis=-1), "int32")]

    def compute_output_spec(self, inputs: keras.KerasTensor) -> list[keras.KerasTensor]:
        batch, *size, channels = inputs.shape
        if self.padding == "same":
            windows = [None if n is None else -(-n // stride) for n, stride in zip(size, self.stride, strict=True)]
        else:
            windows = list(map(slid, size, self.padding, self.kernel, self.stride))
        shape = (batch, *windows, channels)
        return [keras.KerasTensor(shape, self.compute_dtype), keras.KerasTensor(shape, "int32")]


def _same(size: Any, kernel: int, stride: int) -> tuple[Any, Any]:
    """TensorFlow's "same" pads of an axis, for a size that may be a tensor."""
    total = ops.maximum(((size + stride - 1) // stride - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


@register
class MaxUnpooling2D(ConfiguredLayer):
    """Each value at its place in a window of zeros: [values, places] (batch, h, w, c) -> (batch, h * kh, w * kw, c)."""

    fields = ("kernel",)

    def __init__(self, kernel: Pair, **kwargs: Any):
        super().__init__(**kwargs)
        self.kernel = pairs(kernel)

    def call(self, inputs: list[Any]) -> Any:
        values, places = inputs
        (kh, kw), (_, height, width, channels) = self.kernel, ops.shape(values)
        window = ops.expand_dims(values, -1) * ops.one_hot(places, kh * kw, dtype=values.dtype)
        window = ops.reshape(window, (-1, height, width, channels, kh, kw))
        return ops.reshape(ops.transpose(window, (0, 1, 4, 2, 5, 3)), (-1, height * kh, width * kw, channels))

    def compute_output_shape(self, input_shape: list[Sizes]) -> Sizes:
        batch, height, width, channels = input_shape[0]
        kh, kw = self.kernel
        return batch, height and height * kh, width and width * kw, channels
