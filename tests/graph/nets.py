"""Graphs for the tests of this folder: planned from stages, or put together node by node."""

from __future__ import annotations

from typing import Any

import factory
from factory.graph import INPUT, Graph, Node, Ref
from factory.graph.ops import Op, Shape


def network(stages: dict[str, Any], shape: tuple[Any, Any, int] = (8, 8, 3), **spec: Any) -> Graph:
    """The graph of these stages on an image of this shape; convolutions are plain unless the stages say more."""
    *size, channels = shape
    image = {"resolution": "any" if None in size else size, "channels": channels}
    conventions = {"norm": "none", "activation": "linear", **spec.pop("conventions", {})}
    return factory.plan(
        factory.load({"name": "net", "input": image, "conventions": conventions, "stages": stages, **spec})
    )


class ByHand:
    """Puts a graph together: `net(op, a, b)` adds a node that reads these, by default the node before."""

    def __init__(self, shape: Shape):
        self.shape = shape
        self.nodes: list[Node] = []

    def __call__(self, op: Op, *refs: Ref, shared: Ref | None = None) -> Ref:
        refs = refs or ((len(self.nodes) - 1, 0),)
        shapes = [self.shape if i < 0 else self.nodes[i].outputs[port] for i, port in refs]
        name = f"n{len(self.nodes)}"
        self.nodes.append(Node(name, op, refs, op.outputs(*shapes), name, None if shared is None else shared[0]))
        return len(self.nodes) - 1, 0

    def graph(self, *outputs: Ref, **more: Any) -> Graph:
        outputs = outputs or ((len(self.nodes) - 1, 0),)
        return Graph("net", self.shape, self.nodes, {f"out{n}": ref for n, ref in enumerate(outputs)}, **more)


__all__ = ["INPUT", "ByHand", "network"]
