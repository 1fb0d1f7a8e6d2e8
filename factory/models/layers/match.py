"""Layers that bring one image to the size of another, for sizes that are known only at run time."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import ops

from factory.models.layers.base import ConfiguredLayer, Sizes, register


class _Match(ConfiguredLayer):
    """[(batch, h, w, c), (batch, h', w', _)] -> (batch, h', w', c)."""

    def compute_output_shape(self, input_shape: list[Sizes]) -> Sizes:
        return (*input_shape[0][:1], *input_shape[1][1:3], input_shape[0][3])


@register
class CropToMatch(_Match):
    """Cuts the first image, centred, to the height and width of the second; of an odd rest, one more behind."""

    def call(self, inputs: list[Any]) -> Any:
        x, like = inputs
        height, width = ops.shape(like)[1:3]
        top, left = (ops.shape(x)[1] - height) // 2, (ops.shape(x)[2] - width) // 2
        return x[:, top : top + height, left : left + width]


@register
class ResizeToMatch(_Match):
    """Resizes the first image to the height and width of the second, `nearest` or `bilinear`, half-pixel centres."""

    fields = ("method",)

    def __init__(self, method: str = "bilinear", **kwargs: Any):
        super().__init__(**kwargs)
        self.method = method

    def call(self, inputs: list[Any]) -> Any:
        x, like = inputs
        # keras.ops.image.resize wants a size in numbers
        return ops.cast(tf.image.resize(x, tf.shape(like)[1:3], self.method), x.dtype)
