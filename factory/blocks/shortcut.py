"""The ways past a residual branch."""

from __future__ import annotations

from factory.blocks.net import Net, Tensor
from factory.blocks.values import LINEAR, pair
from factory.errors import ShapeError
from factory.graph.ops import ChannelZeroPad, MaxPool, Pair, shape_text


def shortcut_path(net: Net, x: Tensor, kind: str, channels: int, stride: Pair | int) -> Tensor:
    """x brought to so many channels at this stride.

    identity: as it is; projection: 1x1 convolution with norm (He et al. 2016, option B); zero_pad: every stride-th
    position, zeros for new channels (option A); pool: 1x1 max-pooling where it strides; auto: identity where channels
    and size stay, projection where not. Raises ShapeError where the kind cannot do it.
    """
    stride = pair(stride)
    unchanged = channels == x.channels and stride == (1, 1)
    if kind == "auto":
        kind = "identity" if unchanged else "projection"
    if kind == "projection":
        return net.conv(x, filters=channels, kernel=1, stride=stride, activation=LINEAR, name="shortcut")
    if unchanged:
        return x
    if kind == "identity" or (kind == "pool" and channels != x.channels):
        raise ShapeError(
            f"shortcut {kind} cannot lead {shape_text(x.shape)} to {channels} channels at stride {stride[0]}",
            "use shortcut: auto, projection or zero_pad",
            (channels, x.channels),
        )
    if stride != (1, 1):
        x = net.ops(MaxPool((1, 1), stride), x, name="shortcut.pool")[0]
    if channels < x.channels:
        raise ShapeError(f"shortcut zero_pad cannot take {x.channels} channels down to {channels}", "use projection")
    if channels > x.channels:
        x = net.op(ChannelZeroPad((0, channels - x.channels)), x, name="shortcut.pad")
    return x


def stride_between(x: Tensor, y: Tensor) -> Pair:
    """By how much y is coarser than x, from their sizes, or from their strides while the sizes are unknown."""
    if len(x.shape) != 3 or len(y.shape) != 3:
        return 1, 1
    if x.stride and y.stride:
        return round(y.stride[0] / x.stride[0]), round(y.stride[1] / x.stride[1])
    (h, w, _), (h2, w2, _) = x.shape, y.shape
    return -(-h // h2), -(-w // w2)  # type: ignore[operator]
