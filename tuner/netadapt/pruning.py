"""Networks without some of their channels: the operations, and the weights of those that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import singledispatch

import numpy as np

from factory.graph import Graph, Node, Ref
from factory.graph.ops import (
    Affine,
    BatchNorm,
    ChannelGather,
    ChannelZeroPad,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    GroupNorm,
    LayerNorm,
    LayerScale,
    Op,
    PRelu,
    Rescale,
    Reshape,
    Split,
)
from tuner.netadapt.channels import Channels, is_depthwise

Mask = np.ndarray
"""For each channel of a tensor whether it stays, (channels,) bool."""

Weights = Mapping[str, tuple[np.ndarray, ...]]
"""The weights of a network: of each node that owns some, by its name, in the order of `Op.weights`."""


def pruned_graph(graph: Graph, channels: Channels, kept: Mask) -> Graph:
    """The graph with the channels alone whose numbers are kept; its nodes keep names and order.

    kept: (numbers,) bool, true for all that are fixed.
    """
    result = replace(graph, nodes=[])
    for index, node in enumerate(graph.nodes):
        given, made = _masks(channels, kept, node, index)
        op = shrunk(node.op, given, made)
        shapes = op.outputs(*result.input_shapes(node))
        result.nodes.append(Node(node.name, op, node.inputs, shapes, node.stage, node.shared))
    return result


def pruned_weights(graph: Graph, channels: Channels, kept: Mask, weights: Weights) -> dict[str, tuple[np.ndarray, ...]]:
    """The weights of `pruned_graph`: those of what stays, unchanged."""
    result = {}
    for index, node in enumerate(graph.nodes):
        if node.name in weights:
            given, made = _masks(channels, kept, node, index)
            result[node.name] = sliced(node.op, weights[node.name], given, made)
    return result


def _masks(channels: Channels, kept: Mask, node: Node, index: int) -> tuple[list[Mask], list[Mask]]:
    outputs: list[Ref] = [(index, port) for port in range(len(node.outputs))]
    return [kept[channels.of[ref]] for ref in node.inputs], [kept[channels.of[ref]] for ref in outputs]


@singledispatch
def shrunk(op: Op, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    """The operation on the channels that stay, of its inputs and of its outputs. Most have no number of channels."""
    return op


@shrunk.register
def _conv(op: Conv, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    groups = int(given[0].sum()) if is_depthwise(op, len(given[0])) else op.groups
    return replace(op, filters=int(made[0].sum()), groups=groups)


@shrunk.register
def _transposed(op: ConvTranspose, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    return replace(op, filters=int(made[0].sum()))


@shrunk.register
def _dense(op: Dense, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    return replace(op, units=int(made[0].sum()))


@shrunk.register
def _split(op: Split, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    return Split(tuple(int(part.sum()) for part in made))


@shrunk.register
def _gather(op: ChannelGather, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    place = np.cumsum(given[0]) - 1
    return ChannelGather(tuple(int(place[channel]) for channel in op.channels if given[0][channel]))


@shrunk.register
def _zero_pad(op: ChannelZeroPad, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    before, behind = op.padding
    return ChannelZeroPad((int(made[0][:before].sum()), int(made[0][len(made[0]) - behind :].sum())))


@shrunk.register
def _rescale(op: Rescale, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    def of_each(value: float | tuple[float, ...]) -> float | tuple[float, ...]:
        return tuple(np.array(value)[given[0]].tolist()) if isinstance(value, tuple) else value

    return Rescale(of_each(op.scale), of_each(op.offset))


@shrunk.register
def _reshape(op: Reshape, given: Sequence[Mask], made: Sequence[Mask]) -> Op:
    return Reshape((*op.shape[:-1], int(made[0].sum())))


@singledispatch
def sliced(
    op: Op, weights: tuple[np.ndarray, ...], given: Sequence[Mask], made: Sequence[Mask]
) -> tuple[np.ndarray, ...]:
    """The weights of the channels that stay. Those that belong to no channel are as they were."""
    return weights


@sliced.register
def _conv_weights(
    op: Conv, weights: tuple[np.ndarray, ...], given: Sequence[Mask], made: Sequence[Mask]
) -> tuple[np.ndarray, ...]:
    kernel, *bias = weights
    if not is_depthwise(op, len(given[0])):  # one channel a group: there is nothing to leave out inside it
        kernel = kernel[:, :, given[0].reshape(op.groups, -1)[0]]  # all groups lose the same
    return kernel[..., made[0]], *(values[made[0]] for values in bias)


@sliced.register
def _depthwise_weights(
    op: DepthwiseConv, weights: tuple[np.ndarray, ...], given: Sequence[Mask], made: Sequence[Mask]
) -> tuple[np.ndarray, ...]:
    kernel, *bias = weights
    return kernel[:, :, given[0]], *(values[made[0]] for values in bias)


@sliced.register
def _transposed_weights(
    op: ConvTranspose, weights: tuple[np.ndarray, ...], given: Sequence[Mask], made: Sequence[Mask]
) -> tuple[np.ndarray, ...]:
    kernel, *bias = weights
    return kernel[:, :, made[0]][..., given[0]], *(values[made[0]] for values in bias)


@sliced.register
def _dense_weights(
    op: Dense, weights: tuple[np.ndarray, ...], given: Sequence[Mask], made: Sequence[Mask]
) -> tuple[np.ndarray, ...]:
    kernel, *bias = weights
    return kernel[given[0]][:, made[0]], *(values[made[0]] for values in bias)


@sliced.register(BatchNorm)
@sliced.register(LayerNorm)
@sliced.register(GroupNorm)
@sliced.register(Affine)
@sliced.register(LayerScale)
def _of_each_channel(
    op: Op, weights: tuple[np.ndarray, ...], given: Sequence[Mask], made: Sequence[Mask]
) -> tuple[np.ndarray, ...]:
    return tuple(values[given[0]] for values in weights)


@sliced.register
def _slopes(
    op: PRelu, weights: tuple[np.ndarray, ...], given: Sequence[Mask], made: Sequence[Mask]
) -> tuple[np.ndarray, ...]:
    return weights if op.shared else tuple(values[..., given[0]] for values in weights)
