"""Randomly wired networks: a random graph whose nodes are all the same call."""

from __future__ import annotations

from typing import Literal

from factory.blocks.net import Net, Tensor, first
from factory.blocks.random_wiring import Edges, Generator, random_edges
from factory.blocks.registry import block
from factory.blocks.types import Count, EdgesValue, GeneratorValue, Operation, Stride, Width
from factory.blocks.values import Invalid, pair
from factory.graph.ops import Merge, WeightedSum


@block(structure=True)
def random_graph(
    net: Net,
    x: Tensor,
    *,
    node: Operation,
    filters: Width,
    stride: Stride = 1,
    generator: GeneratorValue | None = None,
    nodes: Count | None = None,
    seed: int | None = None,
    edges: EdgesValue | None = None,
    weights: Literal["free", "sigmoid"] = "sigmoid",
) -> Tensor:
    """One call at every node of a random graph (Xie et al. 2019), drawn by generator, nodes and seed, or its `edges`.

    Edges lead from lower to higher nodes. A node reads the sum of its edges, one learned weight each; nodes without
    edges from others read x, and stride; the output is the mean of the nodes that no other reads. The call is given
    `filters` and `stride` where it has them and leaves them open.
    Shape: (h, w, c) -> (h / stride, w / stride, filters).
    """
    graph = _edges(generator, nodes, seed, edges)
    sources: dict[int, list[int]] = {}
    for source, target in graph:
        sources.setdefault(target, []).append(source)
    made: list[Tensor] = []
    for number in range(max(sources) + 1):
        with net.scope(f"n{number}"):
            read = [made[source] for source in sources.get(number, ())]
            joined = net.op(WeightedSum(weights), *read, name="sum") if read else x
            made.append(first(node(joined, filters=filters, stride=(1, 1) if read else pair(stride))))
    read_by_others = {source for source, _ in graph}
    ends = [tensor for number, tensor in enumerate(made) if number not in read_by_others]
    return net.op(Merge("mean"), *ends, name="mean") if len(ends) > 1 else ends[0]


def _edges(generator: Generator | None, nodes: int | None, seed: int | None, edges: Edges | None) -> Edges:
    given = {"generator": generator, "nodes": nodes, "seed": seed}
    if edges is None:
        if missing := [key for key, value in given.items() if value is None]:
            raise Invalid(f"random_graph needs '{missing[0]}'", "generator, nodes and seed, or edges")
        return random_edges(generator, nodes, seed)  # type: ignore[arg-type]
    if spare := [key for key, value in given.items() if value is not None]:
        hint = "the edges are the graph: leave generator, nodes and seed out"
        raise Invalid(f"'{spare[0]}' has nothing to say where edges are given", hint, (spare[0],))
    return edges
