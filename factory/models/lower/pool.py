"""Lowering of pooling and unpooling."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.errors import ShapeError
from factory.graph.ops import Activation, AdaptivePool, AvgPool, GlobalPool, MaxPool, MaxUnpool, Op, ZeroPad
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
    padding, shapes, counted = op.padding, site.user_shapes, op.counted_padding
    if counted != NONE:
        if padding == "same":
            raise ShapeError(
                "average pooling cannot count padding that is known only at run time",
                "give the input a resolution, the padding in numbers, or do not count it",
            )
        x = site.layer(layers.ZeroPadding2D, ".pad", padding=counted)(x)
        (top, bottom), (left, right) = padding
        padding = (top - counted[0][0], bottom - counted[0][1]), (left - counted[1][0], right - counted[1][1])
        shapes = [ZeroPad(counted).outputs(shape)[0] for shape in shapes]
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
    """Plain pooling where the cells are equal. Keras' adaptive layers fail in a tf.function where a size is 1.

    There the axis is kept, at least 2 long, and pooled afterwards.
    """
    plain = layers.MaxPooling2D if op.kind == "max" else layers.AveragePooling2D
    adaptive = layers.AdaptiveMaxPooling2D if op.kind == "max" else layers.AdaptiveAveragePooling2D
    old: list[int] = list(site.shapes[0][:2])  # type: ignore[arg-type]
    axes = list(zip(old, op.size, strict=True))
    if all(size % new == 0 for size, new in axes):
        window = tuple(size // new for size, new in axes)
        return site.layer(plain, pool_size=window, strides=window)(x)
    if 1 not in op.size:
        return site.layer(adaptive, output_size=op.size)(x)
    if any(size == new == 1 for size, new in axes):
        x = site.layer(layers.UpSampling2D, ".twice", size=tuple(2 if size == new == 1 else 1 for size, new in axes))(x)
    kept = tuple(max(size, 2) if new == 1 else new for size, new in axes)
    x = site.layer(adaptive, ".adapt", output_size=kept)(x)
    window = tuple(size if new == 1 else 1 for size, new in zip(kept, op.size, strict=True))
    return site.layer(plain, pool_size=window)(x)


@lower.register
def _max_unpool(op: MaxUnpool, site: Site, x: KerasTensor, indices: KerasTensor) -> KerasTensor:
    return site.layer(MaxUnpooling2D, kernel=op.kernel)([x, indices])
