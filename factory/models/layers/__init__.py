"""Layers that Keras does not have. All are registered in the package `factory`, so that saved models find them."""

from factory.models.layers.activation import ELU
from factory.models.layers.affine import ChannelAffine, ChannelScale
from factory.models.layers.channels import ChannelMaxout, ChannelSplit, GatherChannels, ShuffleChannels
from factory.models.layers.fractal import ColumnJoin, PathChoice
from factory.models.layers.fusion import WeightedAdd
from factory.models.layers.match import CropToMatch, ResizeToMatch
from factory.models.layers.pooling import LeftOutAveragePooling2D, NegativePadding2D
from factory.models.layers.response import LocalResponseNormalization
from factory.models.layers.unpooling import MaxPoolingIndices2D, MaxUnpooling2D

__all__ = [
    "ELU",
    "ChannelAffine",
    "ChannelMaxout",
    "ChannelScale",
    "ChannelSplit",
    "ColumnJoin",
    "CropToMatch",
    "GatherChannels",
    "LeftOutAveragePooling2D",
    "LocalResponseNormalization",
    "MaxPoolingIndices2D",
    "MaxUnpooling2D",
    "NegativePadding2D",
    "PathChoice",
    "ResizeToMatch",
    "ShuffleChannels",
    "WeightedAdd",
]
