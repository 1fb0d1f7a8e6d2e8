"""What a cell is made of: nodes of [input, operation] pairs, or a matrix of edges. Pure data."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

from factory.blocks.values import Invalid, show
from factory.errors import did_you_mean

Nodes = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""(name, ((input, operation), ...)) of every node, each behind those that it reads."""

Combiners = tuple[tuple[str, str], ...]
"""(node, add or concat): how nodes join what their operations give."""

Matrix = tuple[tuple[int, ...], ...]
"""1 at [i][j] is an edge from vertex i to vertex j; the first vertex is the input, the last the output."""

INPUTS = ("x", "previous")
COMBINERS = ("add", "concat")
_EXAMPLE = "{b1: [[x, sep3], [previous, skip]], b2: [[b1, sep5]]}"


def parse_nodes(value: Any) -> Nodes:
    """From `{b1: [[x, sep3], [previous, skip]], ...}`; nodes may be named before they are written."""
    if not isinstance(value, dict) or not value:
        raise Invalid(f"expected a mapping of nodes, received {show(value)}", _EXAMPLE)
    nodes: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, pairs in value.items():
        if not isinstance(name, str) or not name.isidentifier() or name in INPUTS:
            raise Invalid(
                f"'{name}' cannot name a node", "letters, digits and _; x and previous are the inputs", (name,)
            )
        if not isinstance(pairs, (list, tuple)) or not pairs:
            raise Invalid(f"expected a list of [input, operation] pairs, received {show(pairs)}", _EXAMPLE, (name,))
        for index, pair in enumerate(pairs):
            texts = isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
            if not texts:
                raise Invalid(f"expected an [input, operation] pair, received {show(pair)}", _EXAMPLE, (name, index))
        nodes[name] = tuple((source, operation) for source, operation in pairs)
    for name, read in nodes.items():
        for index, (source, _) in enumerate(read):
            if source not in nodes and source not in INPUTS:
                hint = did_you_mean(source, [*INPUTS, *nodes])
                raise Invalid(f"there is no node or input '{source}'", hint, (name, index, 0))
    return tuple((name, nodes[name]) for name in _ordered(nodes))


def _ordered(nodes: dict[str, tuple[tuple[str, str], ...]]) -> list[str]:
    """The names of the nodes, each behind those that it reads, otherwise as they are written."""
    reads = {name: {source for source, _ in pairs if source in nodes} for name, pairs in nodes.items()}
    order: list[str] = []
    while len(order) < len(nodes):
        ready = next((name for name in nodes if name not in order and reads[name] <= set(order)), None)
        if ready is None:
            raise _circle(reads)
        order.append(ready)
    return order


def _circle(reads: dict[str, set[str]]) -> Invalid:
    try:
        TopologicalSorter(reads).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        return Invalid(f"nodes read each other in a circle: {' -> '.join(circle)}", "", (circle[0],))
    raise AssertionError("there is no circle")


def loose_ends(nodes: Nodes) -> tuple[str, ...]:
    """The nodes that no other node reads."""
    read = {source for _, pairs in nodes for source, _ in pairs}
    return tuple(name for name, _ in nodes if name not in read)


def parse_combiners(value: Any) -> Combiners:
    """From `{b1: add, b2: concat}`."""
    if not isinstance(value, dict):
        raise Invalid(f"expected a mapping of nodes, received {show(value)}", "{b1: add, b2: concat}")
    for name, combiner in value.items():
        if combiner not in COMBINERS:
            raise Invalid(f"expected add or concat, received {show(combiner)}", loc=(name,))
    return tuple(value.items())


def check_nodes(
    nodes: Nodes, ends: tuple, operations: Collection[str], inputs: Collection[str], combine: Combiners = ()
) -> None:
    """Raises Invalid for unknown operations and ends, inputs that the cell was not given, nodes that lead nowhere."""
    by_name = dict(nodes)
    for name, _ in combine:
        if name not in by_name:
            raise Invalid(f"there is no node '{name}'", did_you_mean(name, by_name), ("combine", name))
    for name, pairs in nodes:
        for index, (source, operation) in enumerate(pairs):
            if operation not in operations:
                hint = did_you_mean(operation, operations)
                raise Invalid(f"unknown operation '{operation}'", hint, ("nodes", name, index, 1))
            if source not in by_name and source not in inputs:
                raise _not_given(source, ("nodes", name, index, 0))
    needed: set[str] = set()
    for index, end in enumerate(ends):
        if end in INPUTS and end not in inputs:
            raise _not_given(end, ("concat", index))
        if end not in by_name and end not in inputs:
            raise Invalid(
                f"there is no node or input '{end}'", did_you_mean(end, [*INPUTS, *by_name]), ("concat", index)
            )
        needed.add(end)
    for name, pairs in reversed(nodes):
        if name not in needed:
            raise Invalid(
                f"node '{name}' leads nowhere", "read it, name it under concat, or remove it", ("nodes", name)
            )
        needed.update(source for source, _ in pairs)


def _not_given(name: str, loc: tuple[str | int, ...]) -> Invalid:
    return Invalid(f"the cell was not given its input '{name}'", "from: [x, previous], or another cell before it", loc)


def parse_matrix(value: Any) -> Matrix:
    """From rows of 0 and 1, square, with edges from lower to higher vertices only."""
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        raise Invalid(f"expected a matrix of 0 and 1, two rows or more, received {show(value)}", "[[0, 1], [0, 0]]")
    for index, row in enumerate(value):
        if not isinstance(row, (list, tuple)) or len(row) != len(value):
            raise Invalid(
                f"expected a row of {len(value)} numbers, received {show(row)}", "a matrix is square", (index,)
            )
        for column, item in enumerate(row):
            if item not in (0, 1) or isinstance(item, bool):
                raise Invalid(f"expected 0 or 1, received {show(item)}", loc=(index, column))
            if item and column <= index:
                hint = "the matrix is upper triangular: edges lead to later vertices only"
                raise Invalid(f"an edge leads from vertex {index} back to vertex {column}", hint, (index, column))
    return tuple(tuple(row) for row in value)


def check_edges(matrix: Matrix, most: int | None) -> None:
    """Raises Invalid for a matrix of more edges than these; None: for no matrix."""
    edges = sum(map(sum, matrix))
    if most is not None and edges > most:
        raise Invalid(f"the cell has {edges} edges, at most {most} are allowed", "max_edges says so", ("matrix",))


def check_ops(matrix: Matrix, ops: tuple, operations: Collection[str]) -> None:
    """Raises Invalid for vertices without a label and labels that are no operation."""
    if len(ops) != len(matrix):
        raise Invalid(f"expected {len(matrix)} ops, one a vertex of the matrix, received {len(ops)}", loc=("ops",))
    for index, label in ((0, "input"), (len(ops) - 1, "output")):
        if ops[index] != label:
            raise Invalid(f"expected '{label}', received {show(ops[index])}", "[input, ..., output]", ("ops", index))
    for index, op in enumerate(ops[1:-1], 1):
        if op not in operations:
            raise Invalid(f"unknown operation {show(op)}", did_you_mean(op, operations), ("ops", index))


def pruned(matrix: Matrix, ops: tuple[str, ...]) -> tuple[Matrix, tuple[str, ...]]:
    """The matrix and ops without the vertices that are on no path from the input to the output."""
    size = len(matrix)
    ahead, behind = {0}, {size - 1}
    for i in range(size):
        ahead |= {j for j in range(size) if i in ahead and matrix[i][j]}
    for j in reversed(range(size)):
        behind |= {i for i in range(size) if j in behind and matrix[i][j]}
    kept = sorted(ahead & behind)
    if size - 1 not in ahead:
        raise Invalid("no path leads from the input to the output", "set an edge to the last vertex", ("matrix",))
    return tuple(tuple(matrix[i][j] for j in kept) for i in kept), tuple(ops[i] for i in kept)


def vertex_channels(matrix: Matrix, channels: int) -> list[int]:
    """The channels of every vertex of a pruned matrix; 0 for the input (Ying et al. 2019, NAS-Bench-101).

    The vertices that lead to the output divide its channels among them, the first ones take what is left over; every
    other one has as many as the widest that it leads to.
    """
    size = len(matrix)
    result = [0] * size
    result[-1] = channels
    ends = [vertex for vertex in range(1, size - 1) if matrix[vertex][-1]]
    if ends and channels < len(ends):
        raise Invalid(f"{channels} filters cannot be divided among {len(ends)} vertices", loc=("filters",))
    for index, vertex in enumerate(ends):
        result[vertex] = channels // len(ends) + (index < channels % len(ends))
    for vertex in reversed(range(1, size - 1)):
        if vertex not in ends:
            result[vertex] = max(result[later] for later in range(vertex + 1, size - 1) if matrix[vertex][later])
    return result


@lru_cache(maxsize=1024)
def colours(matrix: Matrix, ops: tuple[str, ...]) -> list[int]:
    """A number for every vertex, from its op and from the numbers of those before and behind it, again and again.

    Isomorphic cells have the same numbers, whatever order their vertices are written in (Weisfeiler & Leman 1968; the
    fingerprint of NAS-Bench-101 is made like this, too).
    """
    size = len(matrix)
    names = sorted(set(ops))
    found = [names.index(op) for op in ops]
    for _ in range(size):
        seen = [
            (
                found[v],
                tuple(sorted(found[i] for i in range(size) if matrix[i][v])),
                tuple(sorted(found[j] for j in range(size) if matrix[v][j])),
            )
            for v in range(size)
        ]
        ranks = {surroundings: rank for rank, surroundings in enumerate(sorted(set(seen)))}
        found = [ranks[surroundings] for surroundings in seen]
    return found
