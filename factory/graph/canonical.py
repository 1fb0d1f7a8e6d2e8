"""The canonical hash of a graph: the same for the same network, whatever its names and the order of its text."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

from factory.graph.graph import Graph, Ref


def canonical_hash(graph: Graph) -> str:
    """32 hex digits that two graphs share exactly when they are the same network: operations, wiring, shared weights.

    Nodes are numbered in the order in which a walk from the outputs meets them. A node's inputs have an order, except
    under add, multiply, mean and max, where they are put in order of what lies above and below them.
    """
    order = _Order(graph)
    number = order.number
    lines = [repr(graph.input)]
    roots = [*graph.outputs.values(), *graph.auxiliary.values()]
    for root in roots:
        stack = [root[0]]
        while stack:
            index = stack[-1]
            missing = []
            if index >= 0 and index not in number:
                missing = [i for i, _ in order.inputs(index) if i >= 0 and i not in number]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            if index < 0 or index in number:
                continue
            refs = [(number.get(i, -1), port) for i, port in order.inputs(index)]
            number[index] = len(number)
            family = order.families.get(order.owners[index])  # those with the same weights: the first one's number
            lines.append(f"{order.texts[index]} {refs} {family and min(number.get(i, len(number)) for i in family)}")
    ends = [(number.get(i, -1), port) for i, port in roots]
    lines.append(f"{ends[: len(graph.outputs)]} {ends[len(graph.outputs) :]}")
    return _digest("\n".join(lines))


class _Order:
    """The order of the inputs of each node. `number` has the nodes that were numbered so far."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.number: dict[int, int] = {}
        self.texts = [repr(node.op) for node in graph.nodes]
        self.owners = [index if node.shared is None else node.shared for index, node in enumerate(graph.nodes)]
        sharing = Counter(self.owners)
        self.families: dict[int, list[int]] = defaultdict(list)
        for index, owner in enumerate(self.owners):
            if sharing[owner] > 1:
                self.families[owner].append(index)
        self.families.default_factory = None
        seeds = [f"{text} {sharing[owner]}" for text, owner in zip(self.texts, self.owners, strict=True)]
        self.colours = _colours(graph, seeds)
        self._uses = Counter(i for node in graph.nodes for i, _ in node.inputs)
        self._uses.update(i for i, _ in (*graph.outputs.values(), *graph.auxiliary.values()))
        self._found: dict[int, Sequence[Ref]] = {}

    def inputs(self, index: int) -> Sequence[Ref]:
        node = self.graph.nodes[index]
        if not node.op.commutative:
            return node.inputs
        if index not in self._found:
            self._found[index] = self._ordered(node.inputs)
        return self._found[index]

    def _ordered(self, inputs: Sequence[Ref]) -> Sequence[Ref]:
        while True:
            keys = {ref: (self.colours[ref[0]] if ref[0] >= 0 else "", ref[1]) for ref in inputs}
            counts = Counter(keys.values())
            tied = sorted((ref for ref in keys if counts[keys[ref]] > 1), key=keys.__getitem__)
            apart = {ref: self._alone(ref[0]) for ref in tied}
            if None not in apart.values():
                return sorted(inputs, key=lambda ref: (keys[ref], apart.get(ref, "")))
            self._tell_apart(next(i for (i, _), text in apart.items() if text is None))

    def _alone(self, index: int) -> str | None:
        """What lies above a node down to nodes with numbers, None where something else reads a part of that."""
        found: set[int] = set()
        waiting = [index]
        while waiting:
            i = waiting.pop()
            if i < 0 or i in self.number or i in found:
                continue
            if self._uses[i] > 1 or self.owners[i] in self.families:
                return None
            found.add(i)
            waiting += [source for source, _ in self.graph.nodes[i].inputs]
        texts: dict[int, str] = {}
        for i in sorted(found):
            node = self.graph.nodes[i]
            above = [(texts.get(j) or f"#{self.number.get(j, -1)}", port) for j, port in node.inputs]
            texts[i] = _digest(f"{self.texts[i]} {sorted(above) if node.op.commutative else above}")
        return texts.get(index, f"#{self.number.get(index, -1)}")

    def _tell_apart(self, index: int) -> None:
        """Gives one of several nodes that look alike a colour of its own, and tells apart what follows from that."""
        seeds = list(self.colours)
        seeds[index] += " first"
        count = 0
        while count < (count := len(set(seeds))):
            for family in self.families.values():
                text = " ".join(sorted(seeds[i] for i in family))
                for i in family:
                    seeds[i] = f"{seeds[i]} {text}"
            seeds = _colours(self.graph, seeds)
        self.colours = seeds


def _colours(graph: Graph, seeds: list[str]) -> list[str]:
    """For every node a digest of its seed, of all that lies above it and of all that lies below it."""
    above: list[str] = []
    for node, seed in zip(graph.nodes, seeds, strict=True):
        inputs = [(above[i] if i >= 0 else "", port) for i, port in node.inputs]
        above.append(_digest(f"{seed} {sorted(inputs) if node.op.commutative else inputs}"))
    uses: list[list[tuple]] = [[] for _ in graph.nodes]
    for role, refs in (("output", graph.outputs), ("auxiliary", graph.auxiliary)):
        for position, (i, port) in enumerate(refs.values()):
            if i >= 0:
                uses[i].append((role, position, port))
    below = [""] * len(graph.nodes)
    for index in range(len(graph.nodes) - 1, -1, -1):
        node = graph.nodes[index]
        below[index] = _digest(f"{above[index]} {sorted(map(repr, uses[index]))}")
        for position, (i, port) in enumerate(node.inputs):
            if i >= 0:
                uses[i].append((below[index], -1 if node.op.commutative else position, port))
    return below


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
