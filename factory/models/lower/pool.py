"""Lowering of pooling and unpooling."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.errors import ShapeError
from factory.graph.ops import Activation, AdaptivePool, AvgPool, GlobalPool, MaxPool, MaxUnpool, Op
from factory.models.layers import LeftOutAveragePooling2D, MaxPoolingIndices2D, MaxUnpooling2D, NegativePadding2D
from factory.models.lower.padding import NONE, stock_padding
from factory.models.lower.site import Site, lower

_NEVER_NEGATIVE = ("relu", "relu6", "sigmoid", "hard_sigmoid", "softmax", "softplus")


@lower.register
def _max_pool(op: MaxPool, site: Site, x: KerasTensor) -> KerasTensor | list[KerasTensor]:
    if site.reads(1):
        return site.layer(MaxPoolingIndices2D, kernel=op.kernel, stride=op.stride, padding=op.padding)(x)
    padding = stock_padding(op.padding, op.kernel, op.stride, site.user_shapes)
    if padding is None:
        # where nothing is below zero, zeros do what minus infinity does and plain Keras can load the model
        kind = layers.ZeroPadding2D if all(map(_never_negative, site.sources)) else NegativePadding2D
        x = site.layer(kind, ".pad", padding=op.padding)(x)
    return site.layer(layers.MaxPooling2D, pool_size=op.kernel, strides=op.stride, padding=padding or "valid")(x)


def _never_negative(op: Op | None) -> bool:
    return isinstance(op, Activation) and op.kind in _NEVER_NEGATIVE


@lower.register
def _avg_pool(op: AvgPool, site: Site, x: KerasTensor) -> KerasTensor:
    """Counted zeros are put around the image first; Keras' "same" leaves its own padding out of the mean."""
    padding, shapes = op.padding, site.user_shapes
    if op.counted_padding != NONE:
        if padding == "same":
            raise ShapeError(
                "average pooling cannot count padding that is known only at run time",
                "give the input a resolution, the padding in numbers, or do not count it",
            )
        x = site.layer(layers.ZeroPadding2D, ".pad", padding=op.counted_padding)(x)
        (height, width), counted = op.padding, op.counted_padding
        padding = (
            (height[0] - counted[0][0], height[1] - counted[0][1]),
            (width[0] - counted[1][0], width[1] - counted[1][1]),
        )
        grown = [sum(pads) for pads in counted]
        shapes = [(*(s and s + g for s, g in zip(shape[:2], grown, strict=True)), shape[2]) for shape in shapes]
    stock = stock_padding(padding, op.kernel, op.stride, shapes)
    if stock is None:
        return site.layer(LeftOutAveragePooling2D, kernel=op.kernel, stride=op.stride, padding=padding)(x)
    return site.layer(layers.AveragePooling2D, pool_size=op.kernel, strides=op.stride, padding=stock)(x)


@lower.register
def _global_pool(op: GlobalPool, site: Site, x: KerasTensor) -> KerasTensor:
    kind = layers.GlobalMaxPooling2D if op.kind == "max" else layers.GlobalAveragePooling2D
    return site.layer(kind, keepdims=op.keep_size)(x)


@lower.register
def _adaptive_pool(op: AdaptivePool, site: Site, x: KerasTensor) -> KerasTensor:
    kind = layers.AdaptiveMaxPooling2D if op.kind == "max" else layers.AdaptiveAveragePooling2D
    return site.layer(kind, output_size=op.size)(x)


@lower.register
def _max_unpool(op: MaxUnpool, site: Site, x: KerasTensor, indices: KerasTensor) -> KerasTensor:
    return site.layer(MaxUnpooling2D, kernel=op.kernel)([x, indices])
