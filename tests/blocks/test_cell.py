"""Cells: genotypes and matrices become the graphs that their papers describe."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import kinds, named, planned, trainable

import factory
from factory.blocks.genotypes import pruned, vertex_channels
from factory.blocks.values import Invalid
from factory.errors import SpecError
from factory.graph import ops as o

OPERATIONS = {"conv": {"block": "conv", "kernel": 3}, "pool": {"block": "max_pool", "kernel": 3, "padding": "same"}}


def cell(**call: Any) -> dict[str, Any]:
    operations = {**OPERATIONS, "skip": [], **call.pop("operations", {})}
    return {"block": "cell", "operations": operations, "filters": 4, **call}


def shapes(call: dict[str, Any], **spec: Any) -> dict[str, tuple]:
    return {node.name.removeprefix("x."): node.outputs[0] for node in planned(call, **spec).nodes}


def test_a_node_is_the_sum_of_its_operations_and_loose_ends_are_concatenated():
    graph = planned(cell(nodes={"a": [["x", "conv"], ["x", "skip"]], "b": [["a", "pool"]], "c": [["x", "pool"]]}))
    assert [node.name for node in graph.nodes if isinstance(node.op, o.Merge)] == ["x.a.add"]
    last = graph.nodes[-1]
    assert isinstance(last.op, o.Concat)
    assert [graph.nodes[i].name for i, _ in last.inputs] == ["x.b.pool", "x.c.pool"]
    assert last.outputs[0] == (16, 16, 8)


def test_nodes_may_be_written_in_any_order():
    nodes = {"b": [["a", "conv"]], "a": [["x", "conv"]]}
    ordered = {"a": nodes["a"], "b": nodes["b"]}
    hashes = {factory.canonical_hash(planned(cell(nodes=given))) for given in (nodes, ordered)}
    assert len(hashes) == 1


def test_operations_on_the_inputs_stride_and_others_do_not():
    found = shapes(cell(nodes={"a": [["x", "conv"]], "b": [["a", "conv"], ["x", "pool"]]}, stride=2))
    assert found["a.conv"] == found["b.conv"] == found["b.pool"] == (8, 8, 4)
    assert found["x"] == (16, 16, 4)


def test_an_operation_that_says_its_filters_or_stride_keeps_them():
    operations = {"wide": {"block": "conv", "filters": 6}, "fast": {"block": "conv", "stride": 2, "filters": 6}}
    nodes = {"a": [["x", "wide"]], "b": [["x", "fast"]], "c": [["a", "conv"]]}
    found = shapes(
        cell(operations=operations, nodes=nodes, concat=["a", "c"]) | {"nodes": {"a": nodes["a"], "c": nodes["c"]}}
    )
    assert found["a.wide"] == (16, 16, 6) and found["c.conv"] == (16, 16, 4)
    found = shapes(cell(operations=operations, nodes={"b": nodes["b"]}))
    assert found["b.fast"] == (8, 8, 6)


def test_defaults_of_a_block_do_not_win_over_what_the_cell_gives():
    found = shapes(cell(nodes={"a": [["x", "conv"]]}, stride=2), defaults={"conv": {"stride": 1, "norm": "none"}})
    assert found["a.conv"] == (8, 8, 4)


def previous(adjust: str = "auto", channels: int = 4, stride: int = 1, filters: int = 4) -> factory.Graph:
    """A cell that adds x to a previous output of so many channels that x is `stride` times smaller than."""
    stages = {
        "before": {"block": "conv", "filters": channels},
        "now": {"block": "conv", "filters": 8, "stride": stride},
        "cell": cell(nodes={"a": [["x", "skip"], ["previous", "skip"]]}, adjust=adjust, filters=filters)
        | {"from": ["now", "before"]},
    }
    return factory.plan(factory.load({"input": {"resolution": 15}, "stages": stages}))


@pytest.mark.parametrize(
    ("case", "convolutions"),
    [
        ({}, ["x"]),
        ({"channels": 6}, ["x", "previous"]),
        ({"stride": 2}, ["x", "previous.even", "previous.odd"]),
        ({"adjust": "always"}, ["x", "previous"]),
        ({"adjust": "none"}, ["x"]),
    ],
)
def test_the_previous_output_is_adjusted_to_x(case, convolutions):
    graph = previous(**case)
    names = [n.name for n in graph.nodes if isinstance(n.op, o.Conv) and n.stage == "cell"]
    assert [name.removesuffix(".conv") for name in names] == convolutions
    assert graph.nodes[-1].outputs[0] == ((8, 8, 4) if case.get("stride") == 2 else (15, 15, 4))


def test_an_odd_number_of_filters_is_halved_without_loss():
    graph = previous(stride=2, filters=5)
    assert [named(graph, f"previous.{half}").outputs[0][-1] for half in ("even", "odd")] == [2, 3]


def test_a_node_may_put_its_operations_side_by_side_and_projects_them_to_its_filters():
    nodes = {"a": [["x", "conv"], ["x", "pool"]], "b": [["a", "skip"], ["a", "conv"]], "c": [["x", "conv"]]}
    graph = planned(cell(nodes=nodes, combine={"a": "concat", "b": "add", "c": "concat"}))
    assert named(graph, "x.a.concat").outputs[0] == (16, 16, 8)
    assert named(graph, "x.a.projection").outputs[0] == named(graph, "x.b.add").outputs[0] == (16, 16, 4)
    assert not [node.name for node in graph.nodes if node.name.startswith("x.c.") and "conv" not in node.name]
    added = planned(cell(nodes=nodes))
    assert graph.cost.trainable - added.cost.trainable == 8 * 4 + 2 * 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"nodes": {"a": [["x", "conv"]]}, "combine": {"aa": "add"}}, r"combine.aa: there is no node 'aa'"),
        ({"nodes": {"a": [["x", "conv"]]}, "combine": {"a": "mean"}}, r"combine.a: expected add or concat"),
        ({"nodes": {"a": [["x", "conv"]]}, "combine": ["a"]}, r"combine: expected a mapping of nodes"),
        ({"nodes": {"a": [["x", "conv"]]}, "max_edges": 9}, r"max_edges: 'max_edges' belongs to a matrix"),
        (
            {"matrix": [[0, 1], [0, 0]], "ops": ["input", "output"], "combine": {"a": "add"}},
            r"combine: 'combine' belongs to nodes",
        ),
    ],
)
def test_what_cannot_be_combined_or_counted_is_told(call, message):
    with pytest.raises(SpecError, match=message):
        planned(cell(**call))


def test_an_input_that_no_node_reads_costs_nothing():
    assert trainable(cell(nodes={"a": [["x", "conv"]]})) == 8 * 4 + 8 + 9 * 4 * 4 + 8
    stages = {"a": {"block": "conv", "filters": 8}, "b": cell(nodes={"n": [["x", "conv"]]}) | {"from": ["a", "input"]}}
    spec = factory.load({"input": {"resolution": 8}, "stages": stages})
    assert factory.totals(spec) == factory.cost(spec).totals


def test_repeated_cells_read_the_two_before_them():
    call = cell(nodes={"a": [["x", "skip"], ["previous", "skip"]]}, repeats=3) | {"from": ["stem", "stem"]}
    spec = factory.load({"input": {"resolution": 8}, "stages": {"stem": {"block": "conv", "filters": 4}, "c": call}})
    graph = factory.plan(spec)
    adds = {node.name: [graph.nodes[i].name for i, _ in node.inputs] for node in graph.nodes if "add" in node.name}
    assert adds["c.1.a.add"][1].startswith("stem") and adds["c.2.a.add"][1] == "c.0.a.add"


# matrices


def test_channels_of_the_output_are_divided_and_the_first_take_what_is_left_over():
    matrix = ((0, 1, 1, 1, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), (0, 0, 0, 0, 0))
    assert vertex_channels(matrix, 128) == [0, 43, 43, 42, 128]


def test_a_vertex_has_the_channels_of_the_widest_that_it_leads_to():
    matrix = ((0, 1, 0, 0), (0, 0, 1, 1), (0, 0, 0, 1), (0, 0, 0, 0))
    assert vertex_channels(matrix, 9) == [0, 5, 4, 9]
    matrix = ((0, 1, 1, 0, 0), (0, 0, 1, 1, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), (0, 0, 0, 0, 0))
    assert vertex_channels(matrix, 9) == [0, 5, 5, 4, 9]


def test_wider_vertices_are_cut_to_the_channels_of_those_that_read_them():
    matrix = [[0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    graph = planned(cell(matrix=matrix, ops=["input", "conv", "conv", "output"], filters=9))
    [cut] = [node for node in graph.nodes if isinstance(node.op, o.Split)]
    assert cut.outputs == ((16, 16, 4), (16, 16, 1))
    assert graph.nodes[-1].outputs[0] == (16, 16, 9)


def test_vertices_on_no_path_are_pruned():
    matrix = ((0, 1, 1, 0, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), (0, 0, 0, 0, 0))
    kept, ops = pruned(matrix, ("input", "a", "b", "c", "output"))
    assert (kept, ops) == (((0, 1, 0), (0, 0, 1), (0, 0, 0)), ("input", "b", "output"))
    with pytest.raises(Invalid, match="no path leads from the input to the output"):
        pruned(((0, 1, 0), (0, 0, 0), (0, 0, 0)), ("input", "a", "output"))


def test_the_input_is_added_to_the_output_through_a_projection():
    graph = planned(cell(matrix=[[0, 1, 1], [0, 0, 1], [0, 0, 0]], ops=["input", "pool", "output"]))
    assert kinds(graph).count(o.Conv) == 2 and isinstance(graph.nodes[-1].op, o.Merge)
    graph = planned(cell(matrix=[[0, 1], [0, 0]], ops=["input", "output"]))
    assert kinds(graph).count(o.Conv) == 1 and graph.nodes[-1].outputs[0] == (16, 16, 4)


def test_a_matrix_may_have_so_many_edges_on_its_ways():
    matrix = [[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    call = cell(matrix=matrix, ops=["input", "conv", "conv", "output"])
    assert planned({**call, "max_edges": 3}).nodes  # the way to vertex 2 leads nowhere
    with pytest.raises(SpecError, match="the cell has 3 edges, at most 2 are allowed"):
        planned({**call, "max_edges": 2})


@given(st.randoms(use_true_random=False))
def test_isomorphic_cells_are_one_network(random):
    """Inner vertices in another order that keeps edges leading onward: the hash stays, as networkx says it should."""
    size = 6
    matrix = [[int(j > i and random.random() < 0.5) for j in range(size)] for i in range(size)]
    matrix[0][size - 1] = 1
    ops = ["input", *(random.choice(["conv", "pool"]) for _ in range(size - 2)), "output"]
    graph = nx.DiGraph([(i, j) for i in range(size) for j in range(size) if matrix[i][j]])
    graph.add_nodes_from(range(size))
    orders = [order for order in permutations(range(1, size - 1)) if _onward(graph, (0, *order, size - 1))]
    order = (0, *random.choice(orders), size - 1)
    again = [[matrix[i][j] for j in order] for i in order]
    call = cell(matrix=matrix, ops=ops, filters=12)
    other = cell(matrix=again, ops=[ops[i] for i in order], filters=12)
    assert factory.canonical_hash(planned(call)) == factory.canonical_hash(planned(other))


def _onward(graph: nx.DiGraph, order: tuple[int, ...]) -> bool:
    return all(order.index(i) < order.index(j) for i, j in graph.edges)
