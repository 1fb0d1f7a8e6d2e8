"""Graphs by hand: operations one after the other, shapes filled in."""

from __future__ import annotations

from factory.graph import INPUT, Graph, Node, Ref
from factory.graph.ops import Op, Shape


class GraphBuilder:
    """Adds nodes in order; `graph()` makes the last one the output unless told otherwise."""

    def __init__(self, input: Shape, name: str = "net"):
        self.input, self.name = input, name
        self.nodes: list[Node] = []

    def add(self, op: Op, *refs: Ref, name: str | None = None, shared: Ref | None = None) -> Ref:
        """Adds a node that reads `refs`, by default the last node's first output; returns its first output."""
        refs = refs or (self.last,)
        shapes = tuple(self.shape(ref) for ref in refs)
        name = name or f"{type(op).__name__.lower()}.{len(self.nodes)}"
        owner = None if shared is None else shared[0]
        self.nodes.append(Node(name, op, refs, op.outputs(*shapes), name.partition(".")[0], owner))
        return self.last

    @property
    def last(self) -> Ref:
        return (len(self.nodes) - 1, 0) if self.nodes else INPUT

    def shape(self, ref: Ref) -> Shape:
        return self.input if ref[0] < 0 else self.nodes[ref[0]].outputs[ref[1]]

    def graph(self, *outputs: Ref, auxiliary: dict[str, Ref] | None = None) -> Graph:
        outputs = outputs or (self.last,)
        return Graph(
            self.name, self.input, self.nodes, {f"out{i}": ref for i, ref in enumerate(outputs)}, auxiliary or {}
        )
