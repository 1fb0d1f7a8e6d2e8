"""Blocks on channels: gather, shuffle, pad, scale; dropout."""

from __future__ import annotations

from factory.blocks.net import Net, Tensor
from factory.blocks.registry import block
from factory.blocks.types import Count, Rate, Values
from factory.errors import ShapeError
from factory.graph.ops import (
    Affine,
    ChannelGather,
    ChannelShuffle,
    ChannelZeroPad,
    Dropout,
    LayerScale,
    Rescale,
    SpatialDropout,
    StochasticDepth,
)


@block
def channel_gather(net: Net, x: Tensor, *, channels: Values) -> Tensor:
    """Takes these channels, counted from 0, in this order.

    Shape: (h, w, c) -> (h, w, number of channels listed).
    """
    if not channels or not all(isinstance(index, int) for index in channels):
        raise ShapeError(f"channels must be a list of whole numbers, received {list(channels)}")
    return net.op(ChannelGather(channels), x)


@block
def channel_shuffle(net: Net, x: Tensor, *, groups: Count = 2) -> Tensor:
    """Mixes the channels of groups: reshape to (groups, c / groups), transpose, flatten (Zhang et al. 2018, fig. 1).

    Shape: unchanged.
    """
    return net.op(ChannelShuffle(groups), x)


@block
def channel_zero_pad(net: Net, x: Tensor, *, channels: Count) -> Tensor:
    """Adds channels of zeros behind, up to so many in all.

    Shape: (h, w, c) -> (h, w, channels).
    """
    if channels < x.channels:
        raise ShapeError(f"{x.channels} channels cannot be padded to {channels}", "give at least as many", (channels,))
    return net.op(ChannelZeroPad((0, channels - x.channels)), x) if channels > x.channels else x


@block
def rescale(net: Net, x: Tensor, *, scale: float = 1.0, offset: float = 0.0) -> Tensor:
    """x * scale + offset with constants.

    Shape: unchanged.
    """
    return net.op(Rescale(float(scale), float(offset)), x)


@block
def affine(net: Net, x: Tensor) -> Tensor:
    """x * gamma + beta, both learned, one a channel.

    Shape: unchanged.
    """
    return net.op(Affine(), x)


@block
def layer_scale(net: Net, x: Tensor, *, start: float = 1e-6) -> Tensor:
    """x * gamma, learned, one a channel, started at `start` (Touvron et al. 2021, CaiT).

    Shape: unchanged.
    """
    return net.op(LayerScale(float(start)), x)


@block
def dropout(net: Net, x: Tensor, *, rate: Rate = 0.5) -> Tensor:
    """Sets a share of the values to zero in training (Srivastava et al. 2014).

    Shape: unchanged.
    """
    return net.op(Dropout(float(rate)), x) if rate else x


@block
def spatial_dropout(net: Net, x: Tensor, *, rate: Rate = 0.1) -> Tensor:
    """Sets a share of whole channels to zero in training (Tompson et al. 2015).

    Shape: unchanged.
    """
    return net.op(SpatialDropout(float(rate)), x) if rate else x


@block
def stochastic_depth(net: Net, x: Tensor, *, rate: Rate) -> Tensor:
    """Drops the whole tensor of a sample in training (Huang et al. 2016). Residual blocks take the network's own rate.

    Shape: unchanged.
    """
    return net.op(StochasticDepth(float(rate)), x) if rate else x
