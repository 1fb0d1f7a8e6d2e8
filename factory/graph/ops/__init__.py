"""The catalogue of primitive operations: small values that know their shapes, weights and multiply-accumulates."""

from factory.graph.ops.activation import FUNCTIONS, Activation, Maxout, PRelu
from factory.graph.ops.base import Op, Pads, Pair, Shape, Weight, Window, elements, image, known, same_pads, shape_text
from factory.graph.ops.channels import Affine, ChannelGather, ChannelShuffle, ChannelZeroPad, LayerScale, Rescale, Split
from factory.graph.ops.conv import Conv, ConvTranspose, Dense, DepthwiseConv
from factory.graph.ops.dropout import Dropout, SpatialDropout, StochasticDepth
from factory.graph.ops.fractal import ChoosePath, JoinColumns
from factory.graph.ops.merge import Concat, Merge, WeightedSum
from factory.graph.ops.norm import BatchNorm, GroupNorm, InputNorm, LayerNorm, LocalResponseNorm
from factory.graph.ops.pool import AdaptivePool, AvgPool, GlobalPool, MaxPool, MaxUnpool
from factory.graph.ops.spatial import Crop, CropLike, Flatten, Reshape, Resize, ResizeLike, ResizeTo, ZeroPad

__all__ = [
    "FUNCTIONS",
    "Activation",
    "AdaptivePool",
    "Affine",
    "AvgPool",
    "BatchNorm",
    "ChannelGather",
    "ChannelShuffle",
    "ChannelZeroPad",
    "ChoosePath",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Crop",
    "CropLike",
    "Dense",
    "DepthwiseConv",
    "Dropout",
    "Flatten",
    "GlobalPool",
    "GroupNorm",
    "InputNorm",
    "JoinColumns",
    "LayerNorm",
    "LayerScale",
    "LocalResponseNorm",
    "MaxPool",
    "MaxUnpool",
    "Maxout",
    "Merge",
    "Op",
    "PRelu",
    "Pads",
    "Pair",
    "Rescale",
    "Reshape",
    "Resize",
    "ResizeLike",
    "ResizeTo",
    "Shape",
    "SpatialDropout",
    "Split",
    "StochasticDepth",
    "Weight",
    "WeightedSum",
    "Window",
    "ZeroPad",
    "elements",
    "image",
    "known",
    "same_pads",
    "shape_text",
]
