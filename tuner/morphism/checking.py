"""Whether what a child takes over computes the same: operation by operation, given the channels of every output."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from factory.graph import Node
from factory.graph.ops import (
    Activation,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    GroupNorm,
    LayerNorm,
    LocalResponseNorm,
    Op,
)
from tuner.morphism.channels import NEW, ChannelMaps, Channels
from tuner.morphism.kernels import place_in
from tuner.morphism.ties import REARRANGING, tied_inputs
from tuner.morphism.tracing import Role

_GROWING = {
    "Conv": {"filters", "kernel", "padding", "bias"},
    "ConvTranspose": {"filters", "kernel", "crop", "bias"},
    "Dense": {"units", "bias"},
    "DepthwiseConv": {"kernel", "padding", "bias"},
    "Split": {"sizes"},
    "ChannelGather": {"channels"},
    "ChannelZeroPad": {"padding"},
    "GroupNorm": {"groups"},
    "StochasticDepth": {"rate"},
    "Dropout": {"rate"},
    "SpatialDropout": {"rate"},
    "BatchNorm": {"momentum"},
}
"""Fields that may differ: what else is said about them is checked below."""
_BEGINNING = {"initializer", "start"}


def check(maps: ChannelMaps) -> None:
    """Adds to the problems of the match what differs at each node that both networks have."""
    found = maps.match
    if found.child.input != found.parent.input:
        found.complain("the input", f"is {found.child.input}, the parent's {found.parent.input}")
    for index, node in enumerate(found.child.nodes):
        if index in found.partners:
            partner = found.parent.nodes[found.partners[index]]
            for reason in (_differs(node.op, partner.op), _sizes(node, partner), _layer(maps, index, partner)):
                if reason:
                    found.complain(node, reason)
        elif found.roles.get(index) is Role.IDENTITY and (lost := _lost(maps.of(node.inputs[0]), _width(maps, node))):
            found.complain(node, lost)
        if reason := _arrangement(maps, index):
            found.complain(node, reason)
    for name, ref in found.child.outputs.items():
        given = maps.of(ref)
        if name in found.parent.outputs and not np.array_equal(given, np.arange(maps.width_of(ref) or 0)):
            found.complain("the output", f"'{name}' has other channels than the parent's")


def _differs(op: Op, their: Op) -> str:
    """The fields in which two operations differ that may not."""
    may = _GROWING.get(type(op).__name__, set()) | _BEGINNING
    names = [f.name for f in fields(op) if f.name not in may and getattr(op, f.name) != getattr(their, f.name)]
    if getattr(their, "bias", False) and not getattr(op, "bias", True):
        names.append("bias")
    told = [f"{name} is {getattr(op, name)}, the parent's {getattr(their, name)}" for name in names]
    return "; ".join(told)


def _sizes(node: Node, partner: Node) -> str:
    mine, theirs = node.outputs[0][:-1], partner.outputs[0][:-1]
    return "" if mine == theirs else f"gives {mine} positions, the parent's {theirs}"


def _layer(maps: ChannelMaps, index: int, partner: Node) -> str:
    """What an operation on all channels cannot do with those it reads."""
    node = maps.match.child.nodes[index]
    op, their = node.op, partner.op
    if isinstance(op, (Conv, DepthwiseConv, ConvTranspose)) and place_in(op, their) is None:  # type: ignore[arg-type]
        return f"a kernel of {their.kernel} does not fit in one of {op.kernel}"  # type: ignore[attr-defined]
    if not node.inputs:
        return ""
    given = maps.of(node.inputs[0])
    width = maps.match.parent.shape(partner.inputs[0])[-1] or 0
    if isinstance(op, Conv) and op.groups > 1:
        return _groups(given, maps.of((index, 0)), op.groups, width, their.filters)  # type: ignore[attr-defined]
    if isinstance(op, (Conv, ConvTranspose, Dense)):
        return _lost(given, width)
    if isinstance(op, LayerNorm) or (isinstance(op, GroupNorm) and op.groups > 0):
        return _unevenly(given, width, getattr(op, "groups", 1), getattr(their, "groups", 1))
    across = isinstance(op, LocalResponseNorm) or (isinstance(op, Activation) and op.kind == "softmax")
    if across and not np.array_equal(given, np.arange(width)):
        return "computes with neighbouring channels, which are others than the parent's"
    return ""


def _lost(given: Channels, width: int) -> str:
    lost = width - len(np.unique(given[given != NEW]))
    return f"{lost} of the parent's {width} channels are not there" if lost else ""


def _groups(given: Channels, made: Channels, groups: int, width: int, filters: int) -> str:
    """Whether every group reads what one of the parent's groups reads, for outputs of that group alone."""
    if len(given) % groups or width % groups or filters % groups:
        return "has other groups than the parent's"
    size, share = width // groups, filters // groups
    for inputs, outputs in zip(given.reshape(groups, -1), made.reshape(groups, -1), strict=True):
        sources = np.unique(outputs[outputs != NEW] // share)
        if any(len(np.unique(inputs[inputs // size == source])) < size for source in sources):
            return "channels of its groups lie in other groups of the parent's"
    return ""


def _unevenly(given: Channels, width: int, groups: int, theirs: int) -> str:
    """Whether a group holds every channel of one group of the parent's equally often: the same mean and variance."""
    for part in given.reshape(groups, -1):
        counts = np.bincount(part[part != NEW], minlength=width).reshape(theirs, -1)
        full = counts[counts.sum(axis=1) > 0]
        if (part == NEW).any() or len(full) != 1 or len(np.unique(full)) != 1:
            return "normalises over channels that are not all repeated equally often"
    return ""


def _arrangement(maps: ChannelMaps, index: int) -> str:
    """Whether the channels that come out of a node are those that are expected of it."""
    found, node = maps.match, maps.match.child.nodes[index]
    many = isinstance(node.op, DepthwiseConv) and node.op.multiplier > 1
    if (isinstance(node.op, REARRANGING) or many) and (index, 0) in found.stands_for:
        for port in range(len(node.outputs)):
            if not np.array_equal(maps.rearranged(index, port), maps.of((index, port))):
                return "its channels lie elsewhere than in the parent"
    for ref in tied_inputs(found.child, node):
        their = maps.parent_of(ref)
        if their is not None and found.parent.shape(their)[-1] != maps.width_of(ref):
            return f"joins channels of widths that the parent does not: {maps.width_of(ref)}"
    return ""


def _width(maps: ChannelMaps, node: Node) -> int:
    return maps.width_of(node.inputs[0]) or 0
