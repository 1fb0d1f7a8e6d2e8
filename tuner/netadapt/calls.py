"""Operations as calls of blocks: what a spec writes for each of them."""

from __future__ import annotations

from dataclasses import asdict
from functools import singledispatch
from typing import Any

from factory.blocks.padding import resolve_padding, transposed_crop
from factory.blocks.values import Activation, Conventions, Norm, parse_activation
from factory.errors import FactoryError
from factory.graph import ops as o
from factory.graph.ops import FUNCTIONS, Op, Pads, Pair, Shape
from factory.spec.plain import plain

Call = dict[str, Any]

CONVOLUTIONS = (o.Conv, o.DepthwiseConv, o.ConvTranspose)
NORMS = (o.BatchNorm, o.LayerNorm, o.GroupNorm)
ACTIVATIONS = (o.Activation, o.PRelu)
_NAMED_ALIKE: dict[type[Op], str] = {
    o.Affine: "affine", o.ChannelGather: "channel_gather", o.ChannelShuffle: "channel_shuffle", o.Concat: "concat",
    o.CropLike: "crop_like", o.Dropout: "dropout", o.Flatten: "flatten", o.LayerScale: "layer_scale",
    o.LocalResponseNorm: "local_response_norm", o.Maxout: "maxout", o.MaxUnpool: "max_unpool", o.Rescale: "rescale",
    o.Reshape: "reshape", o.Resize: "resize", o.ResizeLike: "resize_like", o.SpatialDropout: "spatial_dropout",
    o.StochasticDepth: "stochastic_depth",
}  # fmt: skip
"""Blocks that are one operation and have its fields as parameters."""


def call_of(op: Op, given: Shape, conventions: Conventions, norm: Op | None, activation: Op | None) -> Call:
    """The call that makes an operation on an input of this shape, with the norm and activation right behind it.

    What the conventions say already is left out. Raises FactoryError for an operation that no call makes.
    """
    call = written(op, given, conventions)
    if isinstance(op, CONVOLUTIONS):
        if (made := norm_of(norm)) != norm_of(conventions.norm):
            call["norm"] = made
        if op.bias == (norm is not None):  # auto is a bias where there is no norm
            call["bias"] = op.bias
        if op.initializer != conventions.initializer:
            call["initializer"] = plain(op.initializer)
        if activation_of(activation) != conventions.activation:
            call["activation"] = plain(activation_of(activation))
    elif activation is not None:
        call["activation"] = plain(activation_of(activation))
    return call


def norm_of(norm: Op | Norm | None) -> Any:
    """A norm as a call writes it, with the fields of its kind alone."""
    if isinstance(norm, Norm):
        fields = {name: getattr(norm, name) for name in _NORM_FIELDS[norm.kind]}
        return {"kind": norm.kind, **fields} if fields else norm.kind
    if norm is None:
        return "none"
    kind = {o.BatchNorm: "batch", o.LayerNorm: "layer", o.GroupNorm: "group"}[type(norm)]
    return {"kind": kind, **{name: getattr(norm, name) for name in _NORM_FIELDS[kind]}}


_NORM_FIELDS = {
    "batch": ("epsilon", "momentum", "scale", "center"),
    "layer": ("epsilon", "scale", "center"),
    "group": ("groups", "epsilon", "scale", "center"),
    "none": (),
}


def activation_of(op: Op | None) -> Activation:
    """The activation that an operation is; linear for none."""
    if isinstance(op, o.PRelu):
        return parse_activation({"kind": "prelu", **asdict(op)})
    if isinstance(op, o.Activation):
        return parse_activation({"kind": op.kind, **dict(zip(FUNCTIONS[op.kind], op.parameters, strict=False))})
    return parse_activation("linear")


@singledispatch
def written(op: Op, given: Shape, conventions: Conventions) -> Call:
    """The call of one operation on an input of this shape, without what is behind it."""
    if type(op) not in _NAMED_ALIKE:
        raise FactoryError(f"no block of the language makes this operation alone: {op}")
    return {"block": _NAMED_ALIKE[type(op)], **{key: _values(value) for key, value in asdict(op).items()}}


@written.register
def _conv(op: o.Conv, given: Shape, conventions: Conventions) -> Call:
    call = {"block": "conv", "filters": op.filters, **_window(op, given, conventions)}
    return call if op.groups == 1 else {**call, "groups": op.groups}


@written.register
def _depthwise(op: o.DepthwiseConv, given: Shape, conventions: Conventions) -> Call:
    call = {"block": "depthwise_conv", **_window(op, given, conventions)}
    return call if op.multiplier == 1 else {**call, "multiplier": op.multiplier}


def _window(op: o.Conv | o.DepthwiseConv, given: Shape, conventions: Conventions) -> Call:
    call: Call = {"kernel": _size(op.kernel)}
    if op.stride != (1, 1):
        call["stride"] = _size(op.stride)
    if op.dilation != (1, 1):
        call["dilation"] = _size(op.dilation)
    if resolve_padding(conventions.padding, given, op.kernel, op.stride, op.dilation) != op.padding:
        call["padding"] = _values(op.padding)
    return call


@written.register
def _transposed(op: o.ConvTranspose, given: Shape, conventions: Conventions) -> Call:
    call = {"block": "conv_transpose", "filters": op.filters, "kernel": _size(op.kernel), "stride": _size(op.stride)}
    if transposed_crop(conventions.padding, op.kernel, op.stride, (0, 0)) == op.crop:
        return call
    beyond = max(0, -min(behind for _, behind in op.crop))  # positions behind what the kernel reaches
    call["padding"] = [[before, behind + beyond] for before, behind in op.crop]
    return {**call, "output_padding": beyond} if beyond else call


@written.register
def _dense(op: o.Dense, given: Shape, conventions: Conventions) -> Call:
    call: Call = {"block": "dense", "units": op.units}
    if not op.bias:
        call["bias"] = False
    if op.initializer != conventions.initializer:
        call["initializer"] = plain(op.initializer)
    return call


@written.register(o.BatchNorm)
@written.register(o.LayerNorm)
@written.register(o.GroupNorm)
def _norm(op: Op, given: Shape, conventions: Conventions) -> Call:
    made = norm_of(op)
    return {"block": "norm"} if made == norm_of(conventions.norm) else {"block": "norm", "norm": made}


@written.register(o.Activation)
@written.register(o.PRelu)
def _activation(op: Op, given: Shape, conventions: Conventions) -> Call:
    return {"block": "activation", "kind": plain(activation_of(op))}


@written.register
def _max_pool(op: o.MaxPool, given: Shape, conventions: Conventions) -> Call:
    return {"block": "max_pool", **_pooling(op.kernel, op.stride, op.padding)}


@written.register
def _avg_pool(op: o.AvgPool, given: Shape, conventions: Conventions) -> Call:
    if op.counted_padding == ((0, 0), (0, 0)):
        return {"block": "avg_pool", **_pooling(op.kernel, op.stride, op.padding)}
    call = {"block": "avg_pool", **_pooling(op.kernel, op.stride, op.counted_padding), "count_padding": True}
    return call if op.counted_padding == op.padding else {**call, "ceil_mode": True}


def _pooling(kernel: Pair, stride: Pair, padding: Pads) -> Call:
    call: Call = {"kernel": _size(kernel)}
    if stride != kernel:
        call["stride"] = _size(stride)
    if padding != ((0, 0), (0, 0)):
        call["padding"] = _values(padding)
    return call


@written.register
def _global_pool(op: o.GlobalPool, given: Shape, conventions: Conventions) -> Call:
    call: Call = {"block": "global_avg_pool" if op.kind == "mean" else "global_max_pool"}
    return {**call, "keep_size": True} if op.keep_size else call


@written.register
def _adaptive_pool(op: o.AdaptivePool, given: Shape, conventions: Conventions) -> Call:
    return {"block": "adaptive_avg_pool" if op.kind == "mean" else "adaptive_max_pool", "size": _size(op.size)}


@written.register
def _merge(op: o.Merge, given: Shape, conventions: Conventions) -> Call:
    return {"block": op.kind}


@written.register
def _weighted(op: o.WeightedSum, given: Shape, conventions: Conventions) -> Call:
    return {"block": "weighted_sum", "weights": op.kind}


@written.register
def _split(op: o.Split, given: Shape, conventions: Conventions) -> Call:
    return {"block": "split", "parts": list(op.sizes)}


@written.register
def _channel_zeros(op: o.ChannelZeroPad, given: Shape, conventions: Conventions) -> Call:
    before, behind = op.padding
    if before:
        raise FactoryError(f"no block of the language makes this operation alone: {op}")
    return {"block": "channel_zero_pad", "channels": (given[-1] or 0) + behind}


@written.register
def _zeros(op: o.ZeroPad, given: Shape, conventions: Conventions) -> Call:
    return {"block": "zero_pad", "padding": _values(op.padding)}


@written.register
def _crop(op: o.Crop, given: Shape, conventions: Conventions) -> Call:
    return {"block": "crop", "cropping": _values(op.cropping)}


def _size(pair: Pair) -> Any:
    return pair[0] if pair[0] == pair[1] else list(pair)


def _values(value: Any) -> Any:
    return [_values(part) for part in value] if isinstance(value, tuple) else value
