"""The graph: named nodes of primitive operations in topological order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from factory.graph.ops import Op, Shape

if TYPE_CHECKING:
    from factory.graph.cost import Cost

Ref = tuple[int, int]
"""An output: (index of the node, number of its output). The network's input is (-1, 0)."""

INPUT: Ref = (-1, 0)


class Node:
    """One operation in a network.

    `name` is the path of the call that made it (`s3.1.expand`), `stage` the stage it belongs to. `shared` is the index
    of the node whose weights this one uses, None when it has its own.
    """

    __slots__ = ("inputs", "name", "op", "outputs", "shared", "stage")

    def __init__(
        self,
        name: str,
        op: Op,
        inputs: tuple[Ref, ...],
        outputs: tuple[Shape, ...],
        stage: str = "",
        shared: int | None = None,
    ):
        self.name, self.op, self.inputs, self.outputs = name, op, inputs, outputs
        self.stage, self.shared = stage, shared

    def __repr__(self) -> str:
        return f"Node({self.name}: {self.op} {self.inputs} -> {self.outputs})"


@dataclass
class Graph:
    """A network of primitive operations.

    `outputs` are the network's own, in order; `auxiliary` heads exist in training only; `features` name the outputs of
    a backbone. Each node comes after those that it reads.
    """

    name: str
    input: Shape
    nodes: list[Node]
    outputs: dict[str, Ref]
    auxiliary: dict[str, Ref] = field(default_factory=dict)
    features: dict[str, Ref] = field(default_factory=dict)

    @cached_property
    def cost(self) -> Cost:
        """What the graph costs, worked out once."""
        from factory.graph.cost import Cost  # cost is written on top of Graph

        return Cost(self)

    def shape(self, ref: Ref) -> Shape:
        return self.input if ref[0] < 0 else self.nodes[ref[0]].outputs[ref[1]]

    def input_shapes(self, node: Node) -> tuple[Shape, ...]:
        nodes, given = self.nodes, self.input
        return tuple([nodes[i].outputs[port] if i >= 0 else given for i, port in node.inputs])

    def reads(self) -> set[Ref]:
        """Every output that some node or the network's result uses."""
        used = {ref for node in self.nodes for ref in node.inputs}
        used.update(self.outputs.values(), self.auxiliary.values())
        return used

    def for_inference(self) -> Graph:
        """The graph without its auxiliary heads; the graph itself when it has none."""
        return self.restricted(self.outputs) if self.auxiliary else self

    def restricted(self, outputs: dict[str, Ref]) -> Graph:
        """The part of the graph that these outputs need, without auxiliary heads."""
        return self._keeping(self.needed(outputs.values()), outputs, {})

    def pruned(self) -> Graph:
        """The graph without nodes that neither results nor features need; the graph itself where there are none."""
        needed = self.needed([*self.outputs.values(), *self.auxiliary.values(), *self.features.values()])
        return self if len(needed) == len(self.nodes) else self._keeping(needed, self.outputs, self.auxiliary)

    def _keeping(self, needed: set[int], outputs: dict[str, Ref], auxiliary: dict[str, Ref]) -> Graph:
        """The graph of these nodes alone; they are numbered anew, names and stages stay."""
        kept = sorted(needed)
        number = {old: new for new, old in enumerate(kept)}
        nodes = []
        for old in kept:
            node = self.nodes[old]
            inputs = tuple((number[i], port) if i >= 0 else INPUT for i, port in node.inputs)
            # the owner of shared weights may be gone: the first one left owns them then
            shared = None
            if node.shared is not None:
                family = [i for i in kept if i < old and node.shared in (i, self.nodes[i].shared)]
                shared = number[family[0]] if family else None
            nodes.append(Node(node.name, node.op, inputs, node.outputs, node.stage, shared))

        def renumber(refs: dict[str, Ref]) -> dict[str, Ref]:
            return {n: (number[i], port) if i >= 0 else INPUT for n, (i, port) in refs.items() if i < 0 or i in number}

        return replace(
            self,
            nodes=nodes,
            outputs=renumber(outputs),
            auxiliary=renumber(auxiliary),
            features=renumber(self.features),
        )

    def needed(self, refs: Iterable[Ref]) -> set[int]:
        """The nodes that these outputs need, those that make them included."""
        needed: set[int] = set()
        waiting = [i for i, _ in refs if i >= 0]
        while waiting:
            index = waiting.pop()
            if index not in needed:
                needed.add(index)
                waiting += [i for i, _ in self.nodes[index].inputs if i >= 0]
        return needed
