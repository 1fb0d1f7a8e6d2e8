"""Lowering of convolution, depthwise and transposed convolution, fully connected."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.graph.ops import Conv, ConvTranspose, Dense, DepthwiseConv, Pair
from factory.models.lower.padding import NONE, zero_padded
from factory.models.lower.site import Site, lower


@lower.register
def _conv(op: Conv, site: Site, x: KerasTensor) -> KerasTensor:
    x, padding = zero_padded(site, x, op.padding, op.kernel, op.stride, op.dilation)
    return site.layer(
        layers.Conv2D,
        filters=op.filters,
        kernel_size=op.kernel,
        strides=op.stride,
        padding=padding,
        dilation_rate=op.dilation,
        groups=op.groups,
        use_bias=op.bias,
        activation=site.activation,
        kernel_initializer=site.initializer(op.initializer),
    )(x)


@lower.register
def _depthwise_conv(op: DepthwiseConv, site: Site, x: KerasTensor) -> KerasTensor:
    x, padding = zero_padded(site, x, op.padding, op.kernel, op.stride, op.dilation)
    return site.layer(
        layers.DepthwiseConv2D,
        kernel_size=op.kernel,
        strides=op.stride,
        padding=padding,
        dilation_rate=op.dilation,
        depth_multiplier=op.multiplier,
        use_bias=op.bias,
        activation=site.activation,
        depthwise_initializer=site.initializer(op.initializer),
    )(x)


@lower.register
def _conv_transpose(op: ConvTranspose, site: Site, x: KerasTensor) -> KerasTensor:
    """Keras' "same" where that is the crop, otherwise the full output, then a crop.

    Positions behind the full output, which the kernel does not reach, come from rows of zeros behind the input.
    """
    axes = list(zip(op.kernel, op.stride, op.crop, strict=True))
    same = all(kernel >= stride and crop == _same_crop(kernel, stride) for kernel, stride, crop in axes)
    cropping = NONE
    if not same:
        # Keras' full output is longer than ours where the stride is longer than the kernel
        behind = [crop[1] + max(0, stride - kernel) for kernel, stride, crop in axes]
        extra = [max(0, -(cut // stride)) for cut, (_, stride, _) in zip(behind, axes, strict=True)]
        if any(extra):
            x = site.layer(layers.ZeroPadding2D, ".pad", padding=((0, extra[0]), (0, extra[1])))(x)
        top, left = op.crop[0][0], op.crop[1][0]
        cropping = (
            (top, behind[0] + extra[0] * op.stride[0]),
            (left, behind[1] + extra[1] * op.stride[1]),
        )
    x = site.layer(
        layers.Conv2DTranspose,
        filters=op.filters,
        kernel_size=op.kernel,
        strides=op.stride,
        padding="same" if same else "valid",
        use_bias=op.bias,
        kernel_initializer=site.initializer(op.initializer),
    )(x)
    return x if cropping == NONE else site.layer(layers.Cropping2D, ".crop", cropping=cropping)(x)


def _same_crop(kernel: int, stride: int) -> Pair:
    total = kernel - stride
    return total // 2, total - total // 2


@lower.register
def _dense(op: Dense, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(
        layers.Dense,
        units=op.units,
        use_bias=op.bias,
        activation=site.activation,
        kernel_initializer=site.initializer(op.initializer),
    )(x)
