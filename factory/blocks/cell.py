"""Cells: small graphs of operations that are searched for and then repeated."""

from __future__ import annotations

from typing import Literal

from factory.blocks.activation import activate, normalize
from factory.blocks.genotypes import (
    INPUTS,
    Combiners,
    Matrix,
    Nodes,
    check_edges,
    check_nodes,
    check_ops,
    colours,
    loose_ends,
    pruned,
    vertex_channels,
)
from factory.blocks.net import Net, Outputs, Tensor, first
from factory.blocks.registry import block
from factory.blocks.shortcut import stride_between
from factory.blocks.types import CombineValue, Count, MatrixValue, NodesValue, Operations, Stride, Values, Width
from factory.blocks.values import LINEAR, NO_NORM, Invalid, pair
from factory.graph.ops import Concat, Merge, Pair, Split


@block(structure=True)
def cell(
    net: Net,
    x: Tensor,
    previous: Tensor | None = None,
    *,
    operations: Operations,
    filters: Width,
    stride: Stride = 1,
    nodes: NodesValue | None = None,
    combine: CombineValue | None = None,
    concat: Values | None = None,
    adjust: Literal["auto", "always", "none"] = "auto",
    matrix: MatrixValue | None = None,
    ops: Values | None = None,
    max_edges: Count | None = None,
) -> Outputs:
    """A graph of named operations: `nodes` of [input, operation] pairs, or a `matrix` of edges with an op a vertex.

    Nodes (Zoph et al. 2018, NASNet): a node is the sum of its operations, or where `combine` says concat what a 1x1
    projection makes of them side by side; the output is the concatenation of `concat`, by default of the nodes that no
    other reads. x comes through a 1x1 projection, the previous cell's output (`adjust:
    auto`) through a factorised reduction where it is larger than x, a projection where its channels differ; `always`
    projects it, `none` takes it as it is.
    Matrix (Ying et al. 2019, NAS-Bench-101): `ops` are [input, ..., output]; a vertex is its operation on the sum of
    what leads to it, x comes through 1x1 projections, vertices that lead to the output share its channels. More than
    `max_edges` on the ways from input to output are refused.
    Operations are given `filters` and `stride` where they have them and leave them open; those on the inputs stride.
    Outputs: out, and previous, which is x: with `repeats` a cell reads the two cells before it.
    Shape: (h, w, c), (h', w', c') -> (h / stride, w / stride, filters * concatenated nodes, or filters).
    """
    if (nodes is None) == (matrix is None):
        raise Invalid("a cell needs either 'nodes' or 'matrix' and 'ops'")
    if nodes is not None:
        if ops is not None:
            raise Invalid("'ops' belong to a matrix; nodes name their operations themselves", loc=("ops",))
        if max_edges is not None:
            raise Invalid("'max_edges' belongs to a matrix; nodes have as many as are written", loc=("max_edges",))
        out = _genotype(net, x, previous, operations, filters, pair(stride), nodes, combine or (), concat, adjust)
    else:
        if concat is not None:
            raise Invalid("'concat' belongs to nodes; the matrix says what leads to the output", loc=("concat",))
        if combine is not None:
            raise Invalid("'combine' belongs to nodes; vertices add what leads to them", loc=("combine",))
        if ops is None:
            raise Invalid("a matrix needs 'ops'", "ops: [input, conv3x3, output]", ("matrix",))
        out = _matrix(net, x, operations, filters, pair(stride), matrix, ops, max_edges)  # type: ignore[arg-type]
    return {"out": out, "previous": x}


def _genotype(
    net: Net,
    x: Tensor,
    previous: Tensor | None,
    operations: Operations,
    filters: int,
    stride: Pair,
    nodes: Nodes,
    combine: Combiners,
    concat: tuple | None,
    adjust: str,
) -> Tensor:
    ends = concat or loose_ends(nodes)
    given = {"x": x} if previous is None else {"x": x, "previous": previous}
    check_nodes(nodes, ends, operations.keys(), given.keys(), combine)
    side_by_side = {name for name, combiner in combine if combiner == "concat"}
    read = {source for _, pairs in nodes for source, _ in pairs} | set(ends)
    there: dict[str, Tensor] = {}
    if "x" in read:
        there["x"] = net.conv(x, filters=filters, kernel=1, order="act-conv-norm", name="x")
    if previous is not None and "previous" in read:
        there["previous"] = _adjusted(net, previous, x, filters, adjust)
    for name, pairs in nodes:
        with net.scope(name):
            parts = []
            for source, operation in pairs:
                step = stride if source in INPUTS else (1, 1)
                parts.append(first(operations[operation](there[source], name=operation, filters=filters, stride=step)))
            if name in side_by_side and len(parts) > 1:
                beside = net.op(Concat(), *parts, name="concat")
                there[name] = net.conv(beside, filters=filters, kernel=1, order="act-conv-norm", name="projection")
            else:
                there[name] = _sum(net, parts)
    return net.op(Concat(), *[there[end] for end in ends], name="concat") if len(ends) > 1 else there[ends[0]]


def _adjusted(net: Net, previous: Tensor, x: Tensor, filters: int, adjust: str) -> Tensor:
    """The previous cell's output in the size of x and with so many channels.

    A factorised reduction takes every second position twice, from the first and from the second on, half the channels
    each.
    """
    stride = stride_between(previous, x)
    if adjust == "none" or (adjust == "auto" and stride == (1, 1) and previous.channels == filters):
        return previous
    if stride == (1, 1):
        return net.conv(previous, filters=filters, kernel=1, order="act-conv-norm", name="previous")
    with net.scope("previous"):
        active = activate(net, previous, net.conventions.activation, "activation")
        padded = net.zero_pad(active, padding=((0, 1), (0, 1)), name="pad")
        shifted = net.crop(padded, cropping=((1, 0), (1, 0)), name="shift")
        halves = []
        for name, half, channels in (("even", active, filters // 2), ("odd", shifted, filters - filters // 2)):
            taken = net.avg_pool(half, kernel=1, stride=stride, name=f"{name}_pool")
            conv = net.conv(taken, filters=channels, kernel=1, norm=NO_NORM, activation=LINEAR, bias=False, name=name)
            halves.append(conv)
        return normalize(net, net.op(Concat(), *halves, name="concat"), net.conventions.norm, "norm")


def _matrix(
    net: Net,
    x: Tensor,
    operations: Operations,
    filters: int,
    stride: Pair,
    matrix: Matrix,
    ops: tuple,
    max_edges: int | None,
) -> Tensor:
    check_ops(matrix, ops, operations.keys())
    matrix, ops = pruned(matrix, ops)
    check_edges(matrix, max_edges)
    channels = vertex_channels(matrix, filters)
    last = len(matrix) - 1
    values = [x]

    def project(vertex: int) -> Tensor:
        return net.conv(x, filters=channels[vertex], kernel=1, stride=stride, name="projection")

    for vertex in range(1, last):
        with net.scope(f"v{vertex}"):
            read = [_first_channels(net, values[i], channels[vertex]) for i in range(1, vertex) if matrix[i][vertex]]
            if matrix[0][vertex]:
                read.append(project(vertex))
            operation = operations[ops[vertex]]
            made = operation(_sum(net, read), name=ops[vertex], filters=channels[vertex], stride=(1, 1))
            values.append(first(made))
    colour = colours(matrix, ops)  # an order of the ends that isomorphic cells share, so that they are one network
    ends = [values[i] for i in sorted(range(1, last), key=lambda i: (colour[i], i)) if matrix[i][last]]
    if not ends:
        return project(last)
    out = net.op(Concat(), *ends, name="concat") if len(ends) > 1 else ends[0]
    return _sum(net, [out, project(last)]) if matrix[0][last] else out


def _sum(net: Net, parts: list[Tensor]) -> Tensor:
    return net.op(Merge("add"), *parts, name="add") if len(parts) > 1 else parts[0]


def _first_channels(net: Net, x: Tensor, channels: int) -> Tensor:
    if x.channels == channels:
        return x
    return net.ops(Split((channels, x.channels - channels)), x, name="truncate")[0]
