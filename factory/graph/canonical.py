"""The canonical hash of a graph: the same for the same network, whatever its names and the order of its text."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from factory.graph.graph import Graph

MAX_TIED = 64
"""Up to so many nodes that look alike are told apart one by one: the time grows with their number."""


def canonical_hash(graph: Graph) -> str:
    """32 hex digits of a network: operations, wiring, shared weights; neither names nor the order of its text.

    Colour refinement (Weisfeiler & Leman 1968): every node gets a digest of its operation and of all that lies above
    and below it, again and again until no more nodes differ; the inputs of add, multiply, mean and max have no order.
    Nodes still alike are told apart by marking each in turn. Equal networks always have equal hashes. Different ones
    differ unless that cannot tell their graphs apart, which takes large, highly symmetric wirings.
    """
    nodes = sorted(graph.needed([*graph.outputs.values(), *graph.auxiliary.values()]))
    refinement = _Refinement(graph, nodes)
    colours = refinement.stable(refinement.seeds)
    counts = Counter(colours.values())
    tied = [index for index in nodes if counts[colours[index]] > 1]
    marked: Iterable[str] = ()
    if len(tied) <= MAX_TIED:
        marked = (refinement.summary({**colours, index: colours[index] + " marked"}) for index in tied)
    return _digest("\n".join([repr(graph.input), refinement.text(colours), *sorted(marked)]))


class _Refinement:
    """The nodes that the results need, and how their colours are refined."""

    def __init__(self, graph: Graph, nodes: Sequence[int]):
        self.graph, self.nodes = graph, nodes
        self.families: dict[int, list[int]] = defaultdict(list)  # nodes by the owner of their weights
        for index in nodes:
            shared = graph.nodes[index].shared
            self.families[index if shared is None else shared].append(index)
        self.seeds = {index: repr(graph.nodes[index].op) for index in nodes}
        self.roots: dict[int, list[str]] = defaultdict(list)
        for role, refs in (("output", graph.outputs), ("auxiliary", graph.auxiliary)):
            for position, (index, port) in enumerate(refs.values()):
                self.roots[index].append(f"{role} {position} {port}")

    def stable(self, colours: dict[int, str]) -> dict[int, str]:
        """Colours refined until two more rounds tell no more nodes apart; one round alone does not see all wiring."""
        distinct = 0
        while True:
            colours = self._refined(self._refined(colours))
            found = len(set(colours.values()))
            if found == distinct or found == len(colours):
                return colours
            distinct = found

    def _refined(self, colours: dict[int, str]) -> dict[int, str]:
        """One round: from the input down, from the results up, and among the nodes that share weights."""
        above: dict[int, str] = {-1: "input"}
        for index in self.nodes:
            node = self.graph.nodes[index]
            inputs = [f"{above[i]} {port}" for i, port in node.inputs]
            above[index] = _digest(f"{colours[index]} {sorted(inputs) if node.op.commutative else inputs}")
        uses: dict[int, list[str]] = {index: list(self.roots.get(index, ())) for index in (-1, *self.nodes)}
        below: dict[int, str] = {}
        for index in reversed(self.nodes):
            node = self.graph.nodes[index]
            below[index] = _digest(f"{above[index]} {sorted(uses[index])}")
            for position, (i, port) in enumerate(node.inputs):
                uses[i].append(f"{below[index]} {-1 if node.op.commutative else position} {port}")
        for family in self.families.values():
            if len(family) > 1:
                together = sorted(below[index] for index in family)
                below.update({index: _digest(f"{below[index]} {together}") for index in family})
        return below

    def text(self, colours: dict[int, str]) -> str:
        return " ".join([*sorted(colours.values()), *self.roots.get(-1, ())])

    def summary(self, colours: dict[int, str]) -> str:
        return _digest(self.text(self.stable(colours)))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
