"""Lowering of operations on channels: split, gather, shuffle, pad, scale."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers

from factory.graph.ops import Affine, ChannelGather, ChannelShuffle, ChannelZeroPad, LayerScale, Rescale, Split
from factory.models.layers import ChannelAffine, ChannelScale, ChannelSplit, GatherChannels, ShuffleChannels
from factory.models.lower.site import Site, lower


@lower.register
def _split(op: Split, site: Site, x: KerasTensor) -> list[KerasTensor]:
    return site.layer(ChannelSplit, sizes=op.sizes)(x)


@lower.register
def _gather(op: ChannelGather, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(GatherChannels, channels=op.channels)(x)


@lower.register
def _shuffle(op: ChannelShuffle, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(ShuffleChannels, groups=op.groups)(x)


@lower.register
def _zero_pad(op: ChannelZeroPad, site: Site, x: KerasTensor) -> KerasTensor:
    """Keras pads the middle axes of an image: the channels become one of them for the time being."""
    if len(x.shape) == 2:
        x = site.layer(layers.Reshape, ".column", target_shape=(-1, 1))(x)
        x = site.layer(layers.ZeroPadding1D, ".pad", padding=op.padding)(x)
        return site.layer(layers.Flatten)(x)
    x = site.layer(layers.Permute, ".inward", dims=(1, 3, 2))(x)
    x = site.layer(layers.ZeroPadding2D, ".pad", padding=((0, 0), op.padding))(x)
    return site.layer(layers.Permute, dims=(1, 3, 2))(x)


@lower.register
def _rescale(op: Rescale, site: Site, x: KerasTensor) -> KerasTensor:
    scale, offset = (list(value) if isinstance(value, tuple) else value for value in (op.scale, op.offset))
    return site.layer(layers.Rescaling, scale=scale, offset=offset)(x)


@lower.register
def _affine(op: Affine, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(ChannelAffine)(x)


@lower.register
def _layer_scale(op: LayerScale, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(ChannelScale, gamma_initializer=keras.initializers.Constant(op.start))(x)
