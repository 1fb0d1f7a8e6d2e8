"""Which channels of a network stand and fall together, found on its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from factory.graph import INPUT, Graph, Ref
from factory.graph.ops import (
    Activation,
    ChannelGather,
    ChannelShuffle,
    ChannelZeroPad,
    ChoosePath,
    Concat,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    Flatten,
    GroupNorm,
    JoinColumns,
    Maxout,
    MaxUnpool,
    Merge,
    Op,
    Reshape,
    Shape,
    Split,
    WeightedSum,
    elements,
)

Numbers = np.ndarray
"""A number for each channel of a tensor, (channels,) int."""


@dataclass(frozen=True)
class Channels:
    """The channels of every tensor of a graph, numbered: those of one number can only be removed together.

    of: for each output its channels' numbers. A number comes again where a tensor is added to another, where a layer
    works on each channel alone, and several times in one tensor where it is flattened. made: the numbers of the filters
    of each node whose kernel makes channels, by its index. fixed: for each number, whether it has to stay, since the
    network's input or its outputs have it.
    """

    of: dict[Ref, Numbers]
    made: dict[int, Numbers]
    fixed: np.ndarray


def trace_channels(graph: Graph) -> Channels:
    """Numbers the channels of a graph without auxiliary heads; each operation says what it ties."""
    ties = Ties()
    of: dict[Ref, Numbers] = {INPUT: ties.fresh(graph.input[-1])}
    ties.fix(of[INPUT])
    made: dict[int, Numbers] = {}
    for index, node in enumerate(graph.nodes):
        inputs = [of[ref] for ref in node.inputs]
        outputs = follow(node.op, ties, inputs, graph.input_shapes(node))
        outputs = outputs * len(node.outputs) if len(outputs) == 1 else outputs
        of.update(((index, port), numbers) for port, numbers in enumerate(outputs))
        if has_filters(node.op, graph.input_shapes(node)[0]):
            made[index] = outputs[0]
        if node.shared is not None:
            ties.tie(of[node.shared, 0], outputs[0])
            ties.tie(of[graph.nodes[node.shared].inputs[0]], inputs[0])
    for ref in graph.outputs.values():
        ties.fix(of[ref])
    numbers = ties.numbers()
    fixed = np.zeros(numbers.max() + 1, bool)
    fixed[numbers[ties.fixed]] = True
    return Channels(
        {ref: numbers[given] for ref, given in of.items()},
        {index: numbers[given] for index, given in made.items()},
        fixed,
    )


class Ties:
    """Channels that were found to be one: a forest in which each leads to another of its set (Tarjan 1975)."""

    def __init__(self) -> None:
        self._above: list[int] = []
        self.fixed: list[int] = []

    def fresh(self, count: int | None) -> Numbers:
        """So many channels that are tied to nothing yet."""
        first = len(self._above)
        self._above += range(first, first + (count or 0))
        return np.arange(first, len(self._above))

    def tie(self, a: Numbers, b: Numbers) -> None:
        """The channels of a to those of b, one to one."""
        for one, other in zip(a.tolist(), b.tolist(), strict=True):
            one, other = self._top(one), self._top(other)
            self._above[max(one, other)] = min(one, other)

    def rows(self, numbers: Numbers, groups: int) -> None:
        """The channels at one place of each of so many groups, so that all groups stay alike."""
        first, *others = numbers.reshape(groups, -1)
        for row in others:
            self.tie(first, row)

    def fix(self, numbers: Numbers) -> None:
        self.fixed += numbers.tolist()

    def numbers(self) -> Numbers:
        """For every channel the number of its set, from 0."""
        return np.unique([self._top(channel) for channel in range(len(self._above))], return_inverse=True)[1]

    def _top(self, channel: int) -> int:
        above = self._above
        while above[channel] != channel:
            above[channel] = above[above[channel]]
            channel = above[channel]
        return channel


def is_depthwise(op: Conv, channels: int | None) -> bool:
    """Whether a grouped convolution has one channel a group."""
    return op.groups > 1 and op.groups == channels


def has_filters(op: Op, given: Shape) -> bool:
    """Whether an operation's kernel makes channels; a depthwise one only changes those that it is given."""
    return isinstance(op, (ConvTranspose, Dense)) or (isinstance(op, Conv) and not is_depthwise(op, given[-1]))


@singledispatch
def follow(op: Op, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    """The channels of what an operation gives, and what it ties. Most work on each channel alone: theirs are the same.

    Those that mix channels without weights, as layer normalisation does, see fewer of them when some are removed.
    """
    return (inputs[0],)


@follow.register
def _conv(op: Conv, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    if is_depthwise(op, shapes[0][-1]):
        return (np.repeat(inputs[0], op.filters // op.groups),)
    made = ties.fresh(op.filters)
    ties.rows(inputs[0], op.groups)
    ties.rows(made, op.groups)
    return (made,)


@follow.register
def _depthwise(
    op: DepthwiseConv, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]
) -> tuple[Numbers, ...]:
    return (np.repeat(inputs[0], op.multiplier),)


@follow.register
def _transposed(
    op: ConvTranspose, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]
) -> tuple[Numbers, ...]:
    return (ties.fresh(op.filters),)


@follow.register
def _dense(op: Dense, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    return (ties.fresh(op.units),)


@follow.register
def _group_norm(op: GroupNorm, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    ties.rows(inputs[0], max(op.groups, 1))
    return (inputs[0],)


@follow.register
def _activation(
    op: Activation, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]
) -> tuple[Numbers, ...]:
    if op.kind == "softmax":  # shares of one: without a channel the others would grow
        ties.fix(inputs[0])
    return (inputs[0],)


@follow.register(Merge)
@follow.register(WeightedSum)
@follow.register(MaxUnpool)
def _together(op: Op, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    widest = max(map(len, inputs))
    first, *others = [numbers for numbers in inputs if len(numbers) == widest]  # a product stretches a single channel
    for other in others:
        ties.tie(first, other)
    return (first,)


@follow.register
def _join(op: JoinColumns, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    first, *others = inputs[:-1]  # the last are the samples' paths
    for other in others:
        ties.tie(first, other)
    return (first,)


@follow.register
def _choose(op: ChoosePath, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    path = ties.fresh(1)
    ties.fix(path)
    return (path,)


@follow.register
def _concat(op: Concat, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    return (np.concatenate(inputs),)


@follow.register
def _split(op: Split, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    return tuple(np.split(inputs[0], np.cumsum(op.sizes)[:-1]))


@follow.register
def _gather(op: ChannelGather, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    return (inputs[0][list(op.channels)],)


@follow.register
def _shuffle(
    op: ChannelShuffle, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]
) -> tuple[Numbers, ...]:
    ties.rows(inputs[0], op.groups)
    return (inputs[0].reshape(op.groups, -1).T.ravel(),)


@follow.register
def _zero_pad(
    op: ChannelZeroPad, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]
) -> tuple[Numbers, ...]:
    before, behind = op.padding
    return (np.concatenate([ties.fresh(before), inputs[0], ties.fresh(behind)]),)


@follow.register
def _maxout(op: Maxout, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    pieces = inputs[0].reshape(-1, op.pieces)
    ties.rows(pieces.T.ravel(), op.pieces)
    return (pieces[:, 0],)


@follow.register
def _flatten(op: Flatten, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    positions = elements(shapes[0][:-1])
    return (np.tile(inputs[0], positions),)


@follow.register
def _reshape(op: Reshape, ties: Ties, inputs: Sequence[Numbers], shapes: tuple[Shape, ...]) -> tuple[Numbers, ...]:
    if op.shape[-1] == shapes[0][-1]:
        return (inputs[0],)
    if len(op.shape) == 1:
        return _flatten(Flatten(), ties, inputs, shapes)
    ties.fix(inputs[0])  # its channels become rows or columns
    made = ties.fresh(op.shape[-1])
    ties.fix(made)
    return (made,)
