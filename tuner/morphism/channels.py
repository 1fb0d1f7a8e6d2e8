"""Which channel of the parent each channel of a child is."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from factory.graph import Node, Ref
from factory.graph.ops import (
    ChannelGather,
    ChannelShuffle,
    ChannelZeroPad,
    Concat,
    Conv,
    DepthwiseConv,
    Flatten,
    GroupNorm,
    Maxout,
    Op,
    Split,
)
from tuner.morphism.ties import REARRANGING, Ties
from tuner.morphism.tracing import Match

NEW = -1
"""In the place of a parent's channel: a channel that is none of the parent's."""

Channels = np.ndarray
"""(channels of the child,) int: a channel of the parent for each, or NEW."""


class ChannelMaps:
    """The channels of every output of a child, the same for all outputs that are tied.

    Where a class has an output that is another one rearranged, its channels follow from that; elsewhere they are free:
    every channel of the parent is repeated equally often, and the rest of the places go to a random choice of them, one
    more each (Net2WiderNet draws with replacement). Where the child is narrower it has the first channels.
    """

    def __init__(self, found: Match, seed: int):
        self.match, self.seed = found, seed
        self.ties = Ties(found.child)
        self.widths = self._widths()
        self.blocks = self._blocks()
        self._maps: dict[Ref, Channels] = {}
        for index, node in enumerate(found.child.nodes):
            if _rearranges(node):
                for port in range(len(node.outputs)):
                    if self.ties.of((index, port)) not in self._maps:
                        self._maps[self.ties.of((index, port))] = self.rearranged(index, port)

    def of(self, ref: Ref) -> Channels:
        """The channels of an output; all NEW where it stands for nothing of the parent's."""
        root = self.ties.of(ref)
        if root not in self._maps:
            width: int = self.match.child.shape(ref)[-1]  # type: ignore[assignment]
            if root in self.widths:
                random = np.random.default_rng([self.seed, root[0] + 1, root[1]])
                self._maps[root] = free(width, self.widths[root], self.blocks.get(root, 1), random)
            else:
                self._maps[root] = np.full(width, NEW)
        return self._maps[root]

    def parent_of(self, ref: Ref) -> Ref | None:
        """The output of the parent that one of the child stands for."""
        return self.match.stands_for.get(ref)

    def width_of(self, ref: Ref) -> int | None:
        """How many channels the parent has where the child has this output; None where it has nothing there."""
        return self.widths.get(self.ties.of(ref))

    def rearranged(self, index: int, port: int) -> Channels:
        """The channels of an output of a node that rearranges its input's."""
        node, child, parent = self.match.child.nodes[index], self.match.child, self.match.parent
        partner = parent.nodes[self.match.partners[index]] if index in self.match.partners else None
        new = np.full(node.outputs[port][-1] or 0, NEW)
        if isinstance(node.op, Concat):
            return self._concatenated(node, self.match.stands_for.get((index, port)))
        if partner is None:
            return new
        given = self.of(node.inputs[0])
        shapes = child.input_shapes(node)[0], parent.input_shapes(partner)[0]
        if self.width_of(node.inputs[0]) != shapes[1][-1]:
            return new
        return _ARRANGED[type(node.op)](given, node.op, partner.op, shapes, port)

    # ---- inside

    def _concatenated(self, node: Node, their: Ref | None) -> Channels:
        """Each part has its own channels, behind those of the parts before it in the parent."""
        parent = self.match.parent
        source = parent.nodes[their[0]] if their is not None and their[0] >= 0 else None
        starts: dict[Ref, int] = {}
        if source is not None and isinstance(source.op, Concat):
            at = 0
            for ref in source.inputs:
                starts.setdefault(ref, at)
                at += parent.shape(ref)[-1] or 0
        if their is not None:
            starts.setdefault(their, 0)  # a new concatenation keeps what it adds to
        parts = []
        for ref in node.inputs:
            part, start = self.of(ref), starts.pop(self.parent_of(ref), None)  # type: ignore[arg-type]
            parts.append(np.full(len(part), NEW) if start is None else np.where(part == NEW, NEW, part + start))
        return np.concatenate(parts)

    def _widths(self) -> dict[Ref, int]:
        """The parent's channels of every class that stands for something of the parent's."""
        widths: dict[Ref, int] = {}
        for ref, their in self.match.stands_for.items():
            widths.setdefault(self.ties.of(ref), self.match.parent.shape(their)[-1] or 0)
        return widths

    def _blocks(self) -> dict[Ref, int]:
        """Into how many equal blocks the channels of a class are divided, none of which may mix with another."""
        blocks: dict[Ref, int] = {}

        def divide(ref: Ref, count: int) -> None:
            root = self.ties.of(ref)
            both = math.lcm(blocks.get(root, 1), count)
            width = self.match.child.shape(ref)[-1] or 1
            if width % both == 0 and (self.widths.get(root) or both) % both == 0:
                blocks[root] = both

        for index, node in enumerate(self.match.child.nodes):
            op = node.op
            if isinstance(op, Split) and len(set(op.sizes)) == 1:
                divide(node.inputs[0], len(op.sizes))
            elif isinstance(op, (Conv, GroupNorm)) and op.groups > 1:
                divide(node.inputs[0], op.groups)
                divide((index, 0), op.groups)
        return blocks


def free(width: int, before: int, blocks: int, random: np.random.Generator) -> Channels:
    """`width` channels out of `before`, sorted, each block of them out of the same block."""
    size, old = width // blocks, before // blocks
    parts = []
    for block in range(blocks):
        each, more = divmod(size, old)
        repeated = [*np.repeat(np.arange(old), each), *random.permutation(old)[:more]]
        parts.append((np.sort(repeated) if each else np.arange(size)) + block * old)
    return np.concatenate(parts).astype(int)


def _rearranges(node: Node) -> bool:
    return isinstance(node.op, REARRANGING) or (isinstance(node.op, DepthwiseConv) and node.op.multiplier > 1)


# ---- each takes the channels of the input, both operations, both input shapes, and the number of the output


def _split(given: Channels, op: Split, their: Split, shapes, port: int) -> Channels:
    start, first = sum(op.sizes[:port]), sum(their.sizes[:port])
    part = given[start : start + op.sizes[port]] - first
    return np.where((part >= 0) & (part < their.sizes[port]) & (part + first != NEW), part, NEW)


def _gather(given: Channels, op: ChannelGather, their: ChannelGather, shapes, port: int) -> Channels:
    places = {channel: place for place, channel in reversed(list(enumerate(their.channels)))}
    wanted = [int(given[channel]) for channel in op.channels]
    same = dict(enumerate(their.channels))  # a channel that is taken several times stays where it is
    return np.array([at if same.get(at) == one else places.get(one, NEW) for at, one in enumerate(wanted)])


def _shuffle(given: Channels, op: ChannelShuffle, their: ChannelShuffle, shapes, port: int) -> Channels:
    def order(width: int, groups: int) -> np.ndarray:
        return np.arange(width).reshape(groups, width // groups).T.ravel()

    places = np.argsort(order(shapes[1][-1], their.groups))
    taken = given[order(len(given), op.groups)]
    return np.where(taken == NEW, NEW, places[taken])


def _zero_pad(given: Channels, op: ChannelZeroPad, their: ChannelZeroPad, shapes, port: int) -> Channels:
    before, width = their.padding[0], shapes[1][-1]
    zeros = [*range(before), *range(before + width, width + sum(their.padding))]

    def padded(count: int, at: int) -> np.ndarray:
        return np.array([zeros[(at + i) % len(zeros)] if zeros else NEW for i in range(count)], dtype=int)

    inner = np.where(given == NEW, NEW, given + before)
    return np.concatenate([padded(op.padding[0], 0), inner, padded(op.padding[1], op.padding[0])])


def _flatten(given: Channels, op: Flatten, their: Flatten, shapes, port: int) -> Channels:
    if shapes[0][:-1] != shapes[1][:-1]:
        return np.full(math.prod(shapes[0]), NEW)
    places = np.arange(math.prod(shapes[0][:-1]))[:, None] * shapes[1][-1]
    return np.where(given == NEW, NEW, places + given).ravel()


def _maxout(given: Channels, op: Maxout, their: Maxout, shapes, port: int) -> Channels:
    groups = given.reshape(-1, op.pieces)
    whole = (np.sort(groups) == groups[:, :1].min(axis=1, keepdims=True) + np.arange(op.pieces)).all(axis=1)
    first = groups.min(axis=1)
    fits = whole & (first % their.pieces == 0) & (op.pieces == their.pieces)
    return np.where(fits, first // their.pieces, NEW)


def _depthwise(given: Channels, op: DepthwiseConv, their: DepthwiseConv, shapes, port: int) -> Channels:
    if op.multiplier != their.multiplier:
        return np.full(len(given) * op.multiplier, NEW)
    inner = given[:, None] * op.multiplier + np.arange(op.multiplier)
    return np.where(given[:, None] == NEW, NEW, inner).ravel()


_ARRANGED: dict[type[Op], Callable[..., Channels]] = {
    Split: _split,
    ChannelGather: _gather,
    ChannelShuffle: _shuffle,
    ChannelZeroPad: _zero_pad,
    Flatten: _flatten,
    Maxout: _maxout,
    DepthwiseConv: _depthwise,
}
