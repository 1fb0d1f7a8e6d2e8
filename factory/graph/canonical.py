"""The canonical hash of a graph: the same for the same network, whatever its names and the order of its text."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from factory.graph.graph import Graph, Node, Ref


def canonical_hash(graph: Graph) -> str:
    """32 hex digits that two graphs share exactly when they are the same network: operations, wiring, shared weights.

    Nodes are numbered in the order in which a walk from the outputs meets them. A node's inputs have an order, except
    under add, multiply, mean and max, where they are put in order of what lies above and below them.
    """
    colours = _colours(graph)
    sharing = Counter(_owner(index, node) for index, node in enumerate(graph.nodes))
    ordered = [_ordered(node, colours) for node in graph.nodes]
    number: dict[int, int] = {}
    families: dict[int, int] = {}  # owner of shared weights -> number of the first member that the walk met
    lines = [repr(graph.input)]
    roots = [*graph.outputs.values(), *graph.auxiliary.values()]
    for root in roots:
        stack = [root[0]]
        while stack:
            index = stack[-1]
            missing = [] if index < 0 else [i for i, _ in ordered[index] if i >= 0 and i not in number]
            if missing and index not in number:
                stack += reversed(missing)
                continue
            stack.pop()
            if index < 0 or index in number:
                continue
            node = graph.nodes[index]
            number[index] = len(number)
            refs = [(number.get(i, -1), port) for i, port in ordered[index]]
            owner = _owner(index, node)
            family = families.setdefault(owner, number[index]) if sharing[owner] > 1 else None
            lines.append(f"{node.op!r} {refs} {family}")
    ends = [(number.get(i, -1), port) for i, port in roots]
    lines.append(f"{ends[: len(graph.outputs)]} {ends[len(graph.outputs) :]}")
    return _digest("\n".join(lines))


def _owner(index: int, node: Node) -> int:
    return index if node.shared is None else node.shared


def _ordered(node: Node, colours: list[str]) -> Sequence[Ref]:
    if not node.op.commutative:
        return node.inputs
    return sorted(node.inputs, key=lambda ref: (colours[ref[0]] if ref[0] >= 0 else "", ref[1]))


def _colours(graph: Graph) -> list[str]:
    """For every node a digest of all that lies above it and of all that lies below it."""
    above: list[str] = []
    for node in graph.nodes:
        inputs = [(above[i] if i >= 0 else "", port) for i, port in node.inputs]
        above.append(_digest(f"{node.op!r} {sorted(inputs) if node.op.commutative else inputs}"))
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
