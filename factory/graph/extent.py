"""Costs that are no sums over a network, piece by piece: memory, depth and receptive field.

A piece is a part of a network with one input and one output; what lies before and behind it meets there alone.
"""

from __future__ import annotations

from typing import NamedTuple

from factory.graph.graph import Graph
from factory.graph.memory import inference_peak
from factory.graph.receptive import receptive_fields

Sides = tuple[float, float]
"""(height, width)."""


class Extent(NamedTuple):
    """What a piece has of these costs.

    nodes: operations. live: the largest number of values alive at once, None where a size is not known. layers: counted
    ones (convolutions and fully connected) on the longest way to the output. widest: how far beyond its input any of
    its nodes sees that does not see everything, in strides of the input, None without such a node. grows, stride: the
    same of the output, and its stride on the input, None where it sees everything.
    """

    nodes: int
    live: int | None
    layers: int
    widest: Sides | None
    grows: Sides | None
    stride: Sides | None

    def then(self, other: Extent) -> Extent:
        """Of this piece with another one behind it."""
        nodes, layers = self.nodes + other.nodes, self.layers + other.layers
        live = None if self.live is None or other.live is None else max(self.live, other.live)
        if self.grows is None or self.stride is None:
            return Extent(nodes, live, layers, self.widest, None, None)
        widest, grows = _behind(self, other.widest), _behind(self, other.grows)
        both = [sides for sides in (self.widest, widest) if sides is not None]
        most = (max(sides[0] for sides in both), max(sides[1] for sides in both)) if both else None
        stride = None if other.stride is None else _times(self.stride, other.stride)
        return Extent(nodes, live, layers, most, grows, stride)


def extent_of(graph: Graph) -> Extent:
    """Of a graph with one output."""
    [(last, _)] = graph.outputs.values()
    fields = receptive_fields(graph)
    seen = [field.size for field in fields if field]
    widest = (max(h for h, _ in seen) - 1, max(w for _, w in seen) - 1) if seen else None
    grows: Sides | None = (0, 0)
    stride: Sides | None = (1, 1)
    if last >= 0:
        field = fields[last]
        grows, stride = ((field.size[0] - 1, field.size[1] - 1), field.stride) if field else (None, None)
    return Extent(len(graph.nodes), inference_peak(graph), depth(graph), widest, grows, stride)


def depth(graph: Graph) -> int:
    """Layers that count as such (He et al. 2016: 50 in ResNet-50) on the longest way to an output."""
    below: list[int] = []
    for node in graph.nodes:
        above = max((below[index] for index, _ in node.inputs if index >= 0), default=0)
        below.append(above + node.op.counted)
    return max((below[index] for index, _ in graph.outputs.values() if index >= 0), default=0)


def _behind(first: Extent, sides: Sides | None) -> Sides | None:
    """Sides in strides behind a piece, in strides before it."""
    if sides is None or first.grows is None or first.stride is None:
        return None
    far = _times(first.stride, sides)
    return first.grows[0] + far[0], first.grows[1] + far[1]


def _times(a: Sides, b: Sides) -> Sides:
    return a[0] * b[0], a[1] * b[1]
