"""The convolution family: convolution, then norm, then activation, as the conventions say."""

from __future__ import annotations

from typing import Literal

from factory.blocks.activation import activate, normalize
from factory.blocks.net import Net, Tensor
from factory.blocks.padding import resolve_padding, transposed_crop
from factory.blocks.registry import block
from factory.blocks.types import (
    ActivationValue,
    Bias,
    Count,
    Dilation,
    InitializerValue,
    Kernel,
    NormValue,
    Padding,
    Stride,
    Width,
)
from factory.blocks.values import LINEAR, NO_NORM, Activation, pair
from factory.graph.ops import Conv, ConvTranspose, Dense, DepthwiseConv

Order = Literal["conv-norm-act", "norm-act-conv", "act-conv-norm", "conv-act"]


@block
def conv(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    padding: Padding | None = None,
    dilation: Dilation = 1,
    groups: Count = 1,
    bias: Bias | None = None,
    norm: NormValue | None = None,
    activation: ActivationValue | None = None,
    order: Order = "conv-norm-act",
    initializer: InitializerValue | None = None,
) -> Tensor:
    """Convolution, normalisation, activation. Bias auto: only where the call has no norm.

    Shape: (h, w, c) -> (h', w', filters).
    """

    def convolve(y: Tensor, biased: bool) -> Tensor:
        k, s, d = pair(kernel), pair(stride), pair(dilation)
        pads = resolve_padding(padding or net.conventions.padding, y.shape, k, s, d)
        op = Conv(filters, k, s, pads, d, groups, biased, initializer or net.conventions.initializer)
        return net.op(op, y)

    return _ordered(net, x, convolve, order, norm, activation, bias)


@block
def depthwise_conv(
    net: Net,
    x: Tensor,
    *,
    kernel: Kernel = 3,
    stride: Stride = 1,
    padding: Padding | None = None,
    dilation: Dilation = 1,
    multiplier: Count = 1,
    bias: Bias | None = None,
    norm: NormValue | None = None,
    activation: ActivationValue | None = None,
    order: Order = "conv-norm-act",
    initializer: InitializerValue | None = None,
) -> Tensor:
    """Depthwise convolution, one kernel (or `multiplier`) a channel; then normalisation, activation.

    Shape: (h, w, c) -> (h', w', c * multiplier).
    """

    def convolve(y: Tensor, biased: bool) -> Tensor:
        k, s, d = pair(kernel), pair(stride), pair(dilation)
        pads = resolve_padding(padding or net.conventions.padding, y.shape, k, s, d)
        op = DepthwiseConv(k, s, pads, d, multiplier, biased, initializer or net.conventions.initializer)
        return net.op(op, y)

    return _ordered(net, x, convolve, order, norm, activation, bias)


@block
def separable_conv(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 1,
    padding: Padding | None = None,
    dilation: Dilation = 1,
    bias: Bias | None = None,
    norm: NormValue | None = None,
    activation: ActivationValue | None = None,
    order: Order = "conv-norm-act",
) -> Tensor:
    """Depthwise, then 1x1 convolution with nothing between (Chollet 2017, Xception); then normalisation, activation.

    Shape: (h, w, c) -> (h', w', filters).
    """

    def convolve(y: Tensor, biased: bool) -> Tensor:
        y = net.depthwise_conv(
            y, kernel=kernel, stride=stride, padding=padding or net.conventions.padding, dilation=dilation,
            norm=NO_NORM, activation=LINEAR, bias=False, name="depthwise",
        )  # fmt: skip
        return net.conv(y, filters=filters, kernel=1, norm=NO_NORM, activation=LINEAR, bias=biased, name="pointwise")

    return _ordered(net, x, convolve, order, norm, activation, bias)


@block
def conv_transpose(
    net: Net,
    x: Tensor,
    *,
    filters: Width,
    kernel: Kernel = 3,
    stride: Stride = 2,
    padding: Padding | None = None,
    output_padding: int = 0,
    bias: Bias | None = None,
    norm: NormValue | None = None,
    activation: ActivationValue | None = None,
    order: Order = "conv-norm-act",
    initializer: InitializerValue | None = None,
) -> Tensor:
    """Transposed convolution, normalisation, activation. Padding takes off the full output, output padding gives back.

    Shape: (h, w, c) -> (h * stride, w * stride, filters) with padding same; otherwise
    ((h - 1) * stride + kernel - pads + output_padding, ..., filters).
    """

    def convolve(y: Tensor, biased: bool) -> Tensor:
        k, s = pair(kernel), pair(stride)
        crop = transposed_crop(padding or net.conventions.padding, k, s, pair(output_padding))
        return net.op(ConvTranspose(filters, k, s, crop, biased, initializer or net.conventions.initializer), y)

    return _ordered(net, x, convolve, order, norm, activation, bias)


@block
def dense(
    net: Net,
    x: Tensor,
    *,
    units: Width,
    bias: bool = True,
    activation: ActivationValue = "linear",
    initializer: InitializerValue | None = None,
) -> Tensor:
    """Fully connected layer over the channels, then the activation; the conventions do not reach it.

    Shape: (..., c) -> (..., units).
    """
    y = net.op(Dense(units, bias, initializer or net.conventions.initializer), x)
    return activate(net, y, Activation.of(activation), "activation")


def _ordered(net: Net, x: Tensor, convolve, order: str, norm, activation, bias) -> Tensor:
    """Applies convolution, norm and activation in the order that its text gives."""
    chosen = net.norm_of(norm)
    normed = chosen.kind != "none" and "norm" in order
    bias = net.conventions.bias if bias is None else bias
    biased = not normed if bias == "auto" else bias
    for part in order.split("-"):
        if part == "conv":
            x = convolve(x, biased)
        elif part == "act":
            x = activate(net, x, net.activation_of(activation), "activation")
        elif normed:
            x = normalize(net, x, chosen, "norm")
    return x
