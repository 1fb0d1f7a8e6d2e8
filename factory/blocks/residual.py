"""Residual units of the ResNet family, original and pre-activation."""

from __future__ import annotations

from typing import Literal

from factory.blocks.activation import activate, normalize
from factory.blocks.net import Net, Tensor
from factory.blocks.registry import block
from factory.blocks.shortcut import shortcut_path
from factory.blocks.types import Count, Dilation, Kernel, Shortcut, Squeeze, Stride, Width
from factory.blocks.values import LINEAR, NO_NORM, pair
from factory.graph.ops import Merge


def _join(net: Net, branch: Tensor, shortcut: Tensor) -> Tensor:
    return net.op(Merge("add"), net.drop_branch(branch), shortcut, name="add")


@block
def shortcut(net: Net, x: Tensor, *, filters: Width, stride: Stride = 1) -> Tensor:
    """The shortcut of a residual unit by itself: x, or where channels or size change a 1x1 convolution with norm.

    Shape: (h, w, c) -> (h / stride, w / stride, filters).
    """
    return shortcut_path(net, x, "auto", filters, stride)


@block(residual=True)
def basic(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    se: Squeeze = 0,
    shortcut: Shortcut = "auto",
) -> Tensor:
    """Residual unit of two convolutions (He et al. 2016, Deep Residual Learning, fig. 5 left).

    Shape: (h, w, c) -> (h', w', filters).
    """
    y = net.conv(x, filters=filters, kernel=kernel, stride=stride, name="conv1")
    y = net.conv(y, filters=filters, kernel=kernel, activation=LINEAR, name="conv2")
    y = net.squeeze_excite(y, se=se, name="se")
    if shortcut != "none":
        y = _join(net, y, shortcut_path(net, x, shortcut, filters, stride))
    return activate(net, y, net.conventions.activation, "activation")


@block(residual=True)
def bottleneck(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    dilation: Dilation = 1,
    expand: Count = 4,
    groups: Count = 1,
    stride_in: Literal["reduce", "spatial"] = "reduce",
    se: Squeeze = 0,
    shortcut: Shortcut = "auto",
) -> Tensor:
    """Residual unit of 1x1, 3x3, 1x1 (He et al. 2016, fig. 5 right); `filters` is the inner width.

    The stride is in the first 1x1 as in the paper, or in the 3x3 (`stride_in: spatial`, "v1.5"); dilation is the 3x3's.
    Shape: (h, w, c) -> (h', w', expand * filters).
    """
    first, second = (stride, 1) if stride_in == "reduce" else (1, stride)
    way = shortcut_path(net, x, shortcut, expand * filters, stride) if shortcut != "none" else None
    y = net.conv(x, filters=filters, kernel=1, stride=first, name="reduce")
    y = net.conv(y, filters=filters, kernel=kernel, stride=second, dilation=dilation, groups=groups, name="spatial")
    y = net.conv(y, filters=expand * filters, kernel=1, activation=LINEAR, name="expand")
    y = net.squeeze_excite(y, se=se, name="se")
    if way:
        y = _join(net, y, way)
    return activate(net, y, net.conventions.activation, "activation")


@block(residual=True)
def preact_basic(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    se: Squeeze = 0,
    shortcut: Shortcut = "auto",
) -> Tensor:
    """Pre-activation unit of two convolutions (He et al. 2016, Identity Mappings, fig. 4e).

    A projection reads the activated input and has no norm.
    Shape: (h, w, c) -> (h', w', filters).
    """
    active = _preactivated(net, x)
    y = net.conv(active, filters=filters, kernel=kernel, stride=stride, name="conv1")
    y = net.conv(y, filters=filters, kernel=kernel, norm=NO_NORM, activation=LINEAR, name="conv2")
    y = net.squeeze_excite(y, se=se, name="se")
    return _preact_join(net, x, active, y, shortcut, stride)


@block(residual=True)
def preact_bottleneck(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    expand: Count = 4,
    stride_in: Literal["reduce", "spatial"] = "spatial",
    se: Squeeze = 0,
    shortcut: Literal["auto", "projection", "identity", "pool", "zero_pad", "pool_or_projection", "none"] = "auto",
) -> Tensor:
    """Pre-activation unit of 1x1, 3x3, 1x1 (He et al. 2016, Identity Mappings, fig. 4e); `filters` is the inner width.

    The stride is in the 3x3, or in the first 1x1 (`stride_in: reduce`). A projection reads the activated input and has
    no norm; pool_or_projection pools where only the size changes, as keras.applications does.
    Shape: (h, w, c) -> (h', w', expand * filters).
    """
    if shortcut == "pool_or_projection":
        shortcut = "pool" if x.channels == expand * filters else "projection"
    first, second = (stride, 1) if stride_in == "reduce" else (1, stride)
    active = _preactivated(net, x)
    y = net.conv(active, filters=filters, kernel=1, stride=first, name="reduce")
    y = net.conv(y, filters=filters, kernel=kernel, stride=second, name="spatial")
    y = net.conv(y, filters=expand * filters, kernel=1, norm=NO_NORM, activation=LINEAR, name="expand")
    y = net.squeeze_excite(y, se=se, name="se")
    return _preact_join(net, x, active, y, shortcut, stride)


def _preactivated(net: Net, x: Tensor) -> Tensor:
    return activate(net, normalize(net, x, net.conventions.norm, "norm"), net.conventions.activation, "preactivation")


def _preact_join(net: Net, x: Tensor, active: Tensor, y: Tensor, shortcut: str, stride: Stride) -> Tensor:
    if shortcut == "none":
        return y
    if shortcut == "auto":
        shortcut = "identity" if x.channels == y.channels and pair(stride) == (1, 1) else "projection"
    if shortcut == "projection":
        way = net.conv(
            active, filters=y.channels, kernel=1, stride=stride, norm=NO_NORM, activation=LINEAR, name="shortcut"
        )
    else:
        way = shortcut_path(net, x, shortcut, y.channels, stride)
    return _join(net, y, way)
