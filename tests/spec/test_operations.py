"""Operations: calls that leave filters and stride to the block around them; mistakes in genotypes and random graphs."""

from __future__ import annotations

import pytest
from texts import graph_of, problem_of, shapes_of, spec_of

import factory

OPERATIONS = "operations: {conv3: {block: conv}, pool: {block: max_pool, kernel: 3, padding: same}}"
GRAPH = "block: random_graph, filters: 4, node: {block: conv}"


def test_what_a_block_of_the_spec_leaves_open_is_filled_in():
    text = """
blocks:
  twice:
    params: {filters: width, stride: {type: stride, default: 1}}
    body: [{block: conv, filters: $filters, stride: $stride}, {block: conv, filters: "$(filters * 2)"}]
stages:
  a: {block: cell, filters: 4, stride: 2, operations: {twice: {block: twice}}, nodes: {n: [[x, twice]]}}
"""
    assert shapes_of(text) == [(32, 32, 4), (16, 16, 4), (16, 16, 8)]


def test_an_operation_may_be_a_body_or_come_from_outside():
    text = """
blocks:
  outer:
    params: {op: call}
    body: [{block: cell, filters: 4, operations: {op: $op, skip: []}, nodes: {n: [[x, op], [x, skip]]}}]
stages:
  a: {block: outer, op: {block: conv, filters: 4, kernel: 5}}
  b:
    block: cell
    filters: 4
    operations: {two: [{block: conv, filters: 4}, {block: conv, filters: 4}]}
    nodes: {n: [[x, two]]}
"""
    assert shapes_of(text)[-1] == (32, 32, 4)


def test_an_operation_of_several_calls_says_everything_itself():
    operations = "{two: [{block: conv}, {block: add}]}"
    text = f"stages: {{a: {{block: cell, filters: 4, operations: {operations}, nodes: {{n: [[x, two]]}}}}}}"
    assert problem_of(text).message == "block 'conv' needs 'filters'"


def test_other_required_parameters_are_still_needed():
    text = "stages: {a: {block: random_graph, filters: 4, node: {block: bottleneck}, edges: [[0, 1]]}}"
    assert factory.plan(spec_of(text)).nodes
    text = "stages: {a: {block: random_graph, filters: 4, node: {block: dense}, edges: [[0, 1]]}}"
    assert problem_of(text).message == "block 'dense' needs 'units'"


def test_a_repeated_operation_strides_once():
    text = "stages: {a: {block: random_graph, filters: 4, stride: 2, node: {block: conv, repeats: 2}, edges: [[0, 1]]}}"
    assert shapes_of(text)[:2] == [(16, 16, 4), (16, 16, 4)]


def test_an_optional_input_is_taken_from_the_output_of_its_name_alone():
    text = f"""
stages:
  pool: {{block: max_pool}}
  a: {{block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, conv3]]}}}}
  b: {{block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, conv3], [previous, conv3]]}}}}
"""
    nodes = {node.name: node for node in graph_of(text).nodes}
    assert nodes["b.n.conv3_2"].inputs == nodes["a.x"].inputs or "b.previous" in nodes
    wrong = text.replace("[[x, conv3]]", "[[previous, conv3]]")
    assert problem_of(wrong).message == "the cell was not given its input 'previous'"


def test_one_operation_and_one_edge_have_paths():
    spec = factory.load("nasnet_mobile")
    before = factory.totals(spec).params
    wider = spec.override({"blocks.normal.body.nodes.b1.0.1": "sep7"})
    other = spec.override({"blocks.normal.body.nodes.b2.0.0": "x"})
    kernels = sum(44 * 2**i * 2 * (49 - 25) * 4 for i in range(3))
    assert factory.totals(wider).params == factory.cost(wider).params == before + kernels
    assert factory.totals(other) == factory.cost(other).totals
    assert factory.canonical_hash(factory.plan(other)) != factory.canonical_hash(factory.plan(spec))


def test_costs_follow_operations_that_change_under_defaults():
    spec = factory.load("nasbench101_inception_like")
    found = {
        kernel: factory.totals(spec.override({"defaults.cell.operations.conv3x3.kernel": kernel})).params
        for kernel in (3, 5, 3)
    }
    assert found[3] == factory.cost(spec).params
    five = factory.cost(spec.override({"defaults.cell.operations.conv3x3.kernel": 5})).params
    assert found[5] == five > found[3]


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, conv4]]}}",
            "net.yaml:1:142: stages.a.nodes.n.0.1: unknown operation 'conv4'",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[y, conv3]]}}",
            "stages.a.nodes.n.0.0: there is no node or input 'y'",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[m, conv3]], m: [[n, pool]]}}",
            "nodes read each other in a circle: ",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [x, conv3]}}",
            "stages.a.nodes.n.0: expected an [input, operation] pair, received 'x'",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{x: [[x, conv3]]}}",
            "stages.a.nodes.x: 'x' cannot name a node",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, conv3]], m: [[x, pool]]}}, concat: [n]",
            "stages.a.nodes.m: node 'm' leads nowhere",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, conv3]]}}, concat: [n, m]",
            "stages.a.concat.1: there is no node or input 'm'",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, conv3]]}}, concat: [previous]",
            "stages.a.concat.0: the cell was not given its input 'previous'",
        ),
        (f"block: cell, filters: 4, {OPERATIONS}", "stages.a: a cell needs either 'nodes' or 'matrix' and 'ops'"),
        (
            f"block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, pool]]}}, ops: [input, output]",
            "stages.a.ops: 'ops' belong to a matrix",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, matrix: [[0, 1], [0, 0]], ops: [input, output], concat: [n]",
            "stages.a.concat: 'concat' belongs to nodes",
        ),
        (f"block: cell, filters: 4, {OPERATIONS}, matrix: [[0, 1], [0, 0]]", "stages.a.matrix: a matrix needs 'ops'"),
        (
            f"block: cell, filters: 4, {OPERATIONS}, matrix: [[0, 1], [1, 0]], ops: [input, output]",
            "stages.a.matrix.1.0: an edge leads from vertex 1 back to vertex 0",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, matrix: [[0, 1], [0]], ops: [input, output]",
            "stages.a.matrix.1: expected a row of 2 numbers, received [0]",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, matrix: [[0, 2], [0, 0]], ops: [input, output]",
            "stages.a.matrix.0.1: expected 0 or 1, received 2",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, matrix: [[0, 1], [0, 0]], ops: [input, pool, output]",
            "stages.a.ops: expected 2 ops, one a vertex of the matrix, received 3",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, matrix: [[0, 1], [0, 0]], ops: [input, pool]",
            "stages.a.ops.1: expected 'output', received 'pool'",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, "
            "matrix: [[0, 1, 0], [0, 0, 1], [0, 0, 0]], ops: [input, poll, output]",
            "stages.a.ops.1: unknown operation 'poll'",
        ),
        (
            f"block: cell, filters: 4, {OPERATIONS}, "
            "matrix: [[0, 1, 0], [0, 0, 0], [0, 0, 0]], ops: [input, pool, output]",
            "stages.a.matrix: no path leads from the input to the output",
        ),
        (
            "block: cell, filters: 4, operations: [{block: conv}], nodes: {n: [[x, b1]]}",
            "expected a mapping name -> body",
        ),
        (f"{GRAPH}, nodes: 8, seed: 1", "stages.a: random_graph needs 'generator'"),
        (
            f"{GRAPH}, nodes: 8, generator: {{kind: ws, k: 3, p: 0.5}}, seed: 1",
            "stages.a.generator.k: k must be even and less than the 8 nodes, received 3",
        ),
        (
            f"{GRAPH}, nodes: 8, generator: {{kind: wz, k: 4}}, seed: 1",
            "stages.a.generator.kind: unknown generator 'wz'",
        ),
        (f"{GRAPH}, edges: [[0, 1]], seed: 1", "stages.a.seed: 'seed' has nothing to say where edges are given"),
        (f"{GRAPH}, edges: [[0, 1], [2, 1]]", "stages.a.edges.1: an edge leads from a lower to a higher number"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(stage, message):
    text = f"stages: {{a: {{{stage}}}}}"
    assert message in str(problem_of(text))


def test_a_mistake_under_defaults_is_shown_there():
    text = (
        f"defaults: {{cell: {{{OPERATIONS}, filters: 4, nodes: {{n: [[x, conv4]]}}}}}}\nstages: {{a: {{block: cell}}}}"
    )
    problem = problem_of(text)
    assert str(problem).startswith("net.yaml:1:134: defaults.cell.nodes.n.0.1: unknown operation 'conv4'")


def test_a_mistake_in_a_block_names_the_call_too():
    cell = f"{{block: cell, filters: 4, {OPERATIONS}, nodes: {{n: [[x, conv4]]}}}}"
    text = f"blocks: {{b: {{body: {cell}}}}}\nstages: {{a: {{block: b}}}}"
    problem = problem_of(text)
    assert problem.path == "blocks.b.body.nodes.n.0.1"
    assert problem.notes == ["in block 'b', called by stages.a at net.yaml:2:10"]


def test_a_mistake_in_what_the_last_repeat_changes_is_shown_there():
    text = f"stages: {{a: {{{GRAPH}, repeats: 2, edges: [[0, 1]], last: {{seed: 3}}}}}}"
    assert problem_of(text).path == "stages.a.last.seed"
