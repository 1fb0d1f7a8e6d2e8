"""Which padding of Keras, if any, is the padding that an operation asks for."""

from __future__ import annotations

from typing import Literal

import keras

from factory.graph.ops import Pads, Pair, Shape, same_pads
from factory.models.lower.site import Site

NONE = ((0, 0), (0, 0))


def stock_padding(
    padding: Pads, kernel: Pair, stride: Pair, shapes: list[Shape], dilation: Pair = (1, 1)
) -> Literal["same", "valid"] | None:
    """The `padding` argument that does the same on all these input shapes, None where there is none."""
    if padding == "same":
        return "same"
    if padding == NONE:
        return "valid"
    axes = range(2)
    if all(_is_same(padding[i], shape[i], kernel[i], stride[i], dilation[i]) for shape in shapes for i in axes):
        return "same"
    return None


def _is_same(pads: Pair | str, size: int | None, kernel: int, stride: int, dilation: int) -> bool:
    if size is None and stride > 1:  # then "same" depends on the size
        return False
    return pads == same_pads(size or kernel, kernel, stride, dilation)


def zero_padded(
    site: Site, x: keras.KerasTensor, padding: Pads, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)
) -> tuple[keras.KerasTensor, str]:
    """The input and the `padding` argument for a convolution layer, after a ZeroPadding2D where it needs one."""
    stock = stock_padding(padding, kernel, stride, site.user_shapes, dilation)
    if stock:
        return x, stock
    return site.layer(keras.layers.ZeroPadding2D, ".pad", padding=padding)(x), "valid"
