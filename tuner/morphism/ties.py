"""Outputs of a graph whose channels belong together: what works on each channel alone ties its two sides."""

from __future__ import annotations

from factory.graph import Graph, Node, Ref
from factory.graph.ops import (
    ChannelGather,
    ChannelShuffle,
    ChannelZeroPad,
    ChoosePath,
    Concat,
    Conv,
    ConvTranspose,
    CropLike,
    Dense,
    DepthwiseConv,
    Flatten,
    Maxout,
    ResizeLike,
    Split,
)

_MIXING = (Conv, ConvTranspose, Dense)
REARRANGING = (ChannelGather, ChannelShuffle, ChannelZeroPad, Concat, Split, Flatten, Maxout)
"""Operations whose output channels are input channels in another order or number."""


class Ties:
    """Classes of outputs, by union and find.

    What a convolution or fully connected layer, or one that rearranges channels, reads and gives is not tied; nor is
    a tensor with one channel that a product stretches. Calls that share weights are tied on both sides.
    """

    def __init__(self, graph: Graph):
        self._above: dict[Ref, Ref] = {}
        for index, node in enumerate(graph.nodes):
            for ref in tied_inputs(graph, node):
                for port in range(len(node.outputs)):
                    self._join(ref, (index, port))
            if node.shared is not None:
                self._join((index, 0), (node.shared, 0))
                self._join(node.inputs[0], graph.nodes[node.shared].inputs[0])

    def of(self, ref: Ref) -> Ref:
        """The output that stands for the whole class."""
        while ref in self._above:
            ref = self._above[ref]
        return ref

    def _join(self, a: Ref, b: Ref) -> None:
        first, second = sorted((self.of(a), self.of(b)))
        if first != second:
            self._above[second] = first


def tied_inputs(graph: Graph, node: Node) -> list[Ref]:
    """The inputs of a node whose channels are those of its output, one by one."""
    op, channels = node.op, node.outputs[0][-1]
    if isinstance(op, (*_MIXING, *REARRANGING, ChoosePath)) or (isinstance(op, DepthwiseConv) and op.multiplier > 1):
        return []
    inputs = node.inputs[:1] if isinstance(op, (CropLike, ResizeLike)) else node.inputs
    return [ref for ref in inputs if graph.shape(ref)[-1] == channels]
