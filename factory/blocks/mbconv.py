"""Inverted bottlenecks and the channel gate inside them."""

from __future__ import annotations

from typing import Literal

from factory.blocks.net import Net, Tensor
from factory.blocks.registry import block
from factory.blocks.types import Kernel, Ratio, Squeeze, Stride, Width
from factory.blocks.values import LINEAR, NO_NORM, SqueezeExcite
from factory.graph.ops import GlobalPool, Merge

Skip = Literal["auto", "none"]


@block
def squeeze_excite(net: Net, x: Tensor, *, se: Squeeze = 0.25) -> Tensor:
    """Squeeze-and-excitation (Hu et al. 2018): global mean, 1x1 squeeze, 1x1 excitation, gate.

    Shape: unchanged.
    """
    return _excite(net, x, _gate_of(se), x.channels)


def _gate_of(se: float | SqueezeExcite) -> SqueezeExcite:
    return se if isinstance(se, SqueezeExcite) else SqueezeExcite(ratio=se)


def _excite(net: Net, x: Tensor, se: SqueezeExcite, reference: int) -> Tensor:
    """The gate on x; its squeeze has `se.ratio` of the reference channels."""
    if not se.ratio:
        return x
    gate = net.op(GlobalPool("mean", keep_size=True), x, name="squeeze")
    for name, filters, activation in (
        ("reduce", se.squeezed(reference), se.activation),
        ("expand", x.channels, se.gate),
    ):
        gate = net.conv(
            gate, filters=filters, kernel=1, padding="valid", norm=NO_NORM, bias=True, activation=activation, name=name
        )
    return net.op(Merge("multiply"), x, gate, name="excite")


def _inverted(net: Net, x: Tensor, y: Tensor, shortcut: Skip) -> Tensor:
    """Adds the identity shortcut where shapes and strides allow it."""
    if shortcut == "none" or y.shape != x.shape or y.stride != x.stride:
        return y
    return net.op(Merge("add"), net.drop_branch(y), x, name="add")


@block(residual=True)
def mbconv(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    expand: Ratio = 6,
    se: Squeeze = 0,
    shortcut: Skip = "auto",
) -> Tensor:
    """Inverted bottleneck: 1x1 expansion, depthwise convolution, gate, linear 1x1 projection.

    Sandler et al. 2018 (MobileNetV2, fig. 4), with squeeze-and-excitation as in Tan & Le 2019. Expand 1 has no
    expansion layer; the identity shortcut is there where shapes allow.
    Shape: (h, w, c) -> (h', w', filters).
    """
    y, gate = x, _gate_of(se)
    if expand != 1:
        y = net.conv(y, filters=net.expanded(x.channels * expand), kernel=1, name="expand")
    y = net.depthwise_conv(y, kernel=kernel, stride=stride, name="depthwise")
    with net.scope("se"):
        y = _excite(net, y, gate, x.channels if gate.of == "input" else y.channels)
    y = net.conv(y, filters=filters, kernel=1, activation=LINEAR, name="project")
    return _inverted(net, x, y, shortcut)


@block(residual=True)
def fused_mbconv(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    expand: Ratio = 4,
    se: Squeeze = 0,
    shortcut: Skip = "auto",
) -> Tensor:
    """Inverted bottleneck with expansion and depthwise convolution fused into one convolution.

    Gupta & Tan 2019; EfficientNetV2 (Tan & Le 2021, fig. 2). With expand 1 a single convolution with activation.
    Shape: (h, w, c) -> (h', w', filters).
    """
    y, gate = x, _gate_of(se)
    if expand != 1:
        y = net.conv(y, filters=net.expanded(x.channels * expand), kernel=kernel, stride=stride, name="expand")
    with net.scope("se"):
        y = _excite(net, y, gate, x.channels if gate.of == "input" else y.channels)
    if expand != 1:
        y = net.conv(y, filters=filters, kernel=1, activation=LINEAR, name="project")
    else:
        y = net.conv(y, filters=filters, kernel=kernel, stride=stride, name="project")
    return _inverted(net, x, y, shortcut)
