"""Dense, fractal and anchored connectivity: what is joined with what, and what drop-path adds to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import kinds, named, planned, trainable

import factory
from factory.errors import SpecError
from factory.graph import INPUT, Graph
from factory.graph import ops as o

CONV = {"block": "conv", "filters": 8, "kernel": 1, "norm": "none", "activation": "linear", "bias": False}


def fractal(columns: int, **spec) -> Graph:
    return planned({"block": "fractal", "columns": columns, "body": [CONV]}, **spec)


def longest_path(graph: Graph, op: type[o.Op]) -> int:
    """The most operations of a kind on one way from the input to the output."""
    longest: list[int] = []
    for node in graph.nodes:
        before = [longest[i] for i, _ in node.inputs if i >= 0]
        longest.append(max(before, default=0) + isinstance(node.op, op))
    [(output, _)] = graph.outputs.values()
    return longest[output]


def test_dense_connect_keeps_its_input_first_and_adds_channels_with_every_repeat():
    graph = planned({"block": "dense_connect", "body": [{**CONV, "filters": 3}], "repeats": 3})
    assert kinds(graph) == [o.Conv, o.Concat] * 3
    assert [node.outputs[0][-1] for node in graph.nodes] == [3, 11, 3, 14, 3, 17]
    assert graph.nodes[1].inputs == (INPUT, (0, 0))
    assert graph.nodes[3].inputs == ((1, 0), (2, 0))


def test_a_dense_block_has_the_parameters_counted_by_hand():
    body = [{"block": "conv", "order": "norm-act-conv", "filters": 12, "kernel": 3}]
    assert trainable({"block": "dense_connect", "body": body, "repeats": 2}) == sum(
        2 * channels + 9 * 12 * channels for channels in (8, 20)
    )


@pytest.mark.parametrize("columns", [1, 2, 3, 5])
def test_a_fractal_doubles_its_depth_with_every_column(columns):
    graph = fractal(columns)
    assert longest_path(graph, o.Conv) == 2 ** (columns - 1)
    assert kinds(graph).count(o.Conv) == 2**columns - 1
    # f_1, f_2, ...: as many joins as the columns but the longest have ends at different places
    assert kinds(graph).count(o.Merge) == (2 ** (columns - 1)) // 2


def test_columns_that_end_together_have_one_mean_of_all():
    graph = fractal(3)
    joins = {node.name: [graph.nodes[i].name for i, _ in node.inputs] for node in graph.nodes if "join" in node.name}
    assert joins == {
        "x.join": ["x.column2", "x.column1_2"],
        "x.join_2": ["x.column3", "x.column2_2", "x.column1_4"],
    }
    reads = {node.name: [graph.nodes[i].name if i >= 0 else "input" for i, _ in node.inputs] for node in graph.nodes}
    assert reads["x.column1_2"] == ["x.column1"]  # nothing else ends after the first convolution
    assert reads["x.column1_3"] == reads["x.column2_2"] == ["x.join"]
    assert reads["x.column3"] == reads["x.column2"] == reads["x.column1"] == ["input"]


def test_a_fractal_whose_body_strides_is_told_what_does_not_fit():
    with pytest.raises(SpecError) as caught:
        planned({"block": "fractal", "columns": 2, "body": [{**CONV, "stride": 2}]})
    assert "mean needs matching shapes" in str(caught.value)
    assert "strides" in str(caught.value)


def test_a_fractal_is_not_deeper_than_a_machine():
    with pytest.raises(SpecError, match="a fractal of 17 columns is too deep"):
        planned({"block": "fractal", "columns": 17, "body": []})


def test_drop_path_is_one_choice_that_every_join_reads():
    stage = {"block": "fractal", "columns": 2, "body": [CONV]}
    spec = {"name": "net", "stages": {"a": stage, "b": {**stage, "columns": 3}}, "input": {"resolution": 8}}
    graph = factory.plan(factory.load({**spec, "drop_path": {"local": 0.15, "global": 0.5}}))
    assert graph.nodes[0].op == o.ChoosePath(0.5)
    joins = [node for node in graph.nodes if isinstance(node.op, o.JoinColumns)]
    assert [node.op for node in joins] == [o.JoinColumns(2, 0.15), o.JoinColumns(3, 0.15), o.JoinColumns(3, 0.15)]
    assert all(node.inputs[-1] == (0, 0) for node in joins)
    plain = factory.plan(factory.load(spec))
    assert graph.cost.totals == plain.cost.totals == factory.totals(factory.load(spec))
    assert not {o.ChoosePath, o.JoinColumns} & set(kinds(plain))


def test_drop_path_adds_nothing_where_there_is_no_fractal():
    drop_path = {"local": 0.15, "global": 0.5}
    assert kinds(planned(CONV, drop_path=drop_path)) == [o.Conv]
    assert kinds(fractal(1, drop_path=drop_path)) == [o.Conv]


def test_joins_of_different_sizes_are_told_with_drop_path_too():
    with pytest.raises(SpecError, match="a join of columns needs matching shapes"):
        planned({"block": "fractal", "columns": 2, "body": [{**CONV, "stride": 2}]}, drop_path={"local": 0.1})


@pytest.mark.parametrize(
    "given,message",
    [({"local": 1}, "expected less than 1, received 1"), ({"global": 1.5}, "received 1.5"), ({"globl": 1}, "global")],
)
def test_mistakes_in_drop_path_are_told(given, message):
    with pytest.raises(SpecError) as caught:
        planned(CONV, drop_path=given)
    assert message in str(caught.value)
    assert "drop_path." in str(caught.value)


# skip connections by anchors


def anchored(anchors: list[list[int]], strides: tuple[int, ...] = (), **spec) -> Graph:
    """Layers of 1, 2, 4, ... filters, so that the channels of a concatenation say what is in it."""
    steps = strides or (1,) * len(anchors)
    layers = {f"l{n}": {**CONV, "filters": 2**n, "stride": step} for n, step in enumerate(steps)}
    return planned({"block": "anchored", "layers": layers, "anchors": anchors}, **spec)


@given(st.data())
def test_a_layer_reads_what_its_anchors_say_and_what_nobody_reads_is_the_output(data):
    size = data.draw(st.integers(2, 6))
    anchors = [[data.draw(st.integers(0, 1)) if j > i else 0 for j in range(size)] for i in range(size)]
    graph = anchored(anchors)
    node = {n: named(graph, f"x.l{n}.layer") for n in range(size)}
    for n in range(size):
        above = node[n].inputs[0][0]
        channels = 8 if above < 0 else graph.nodes[above].outputs[0][-1]
        assert channels == (sum(2**i for i in range(n) if anchors[i][n]) or 8)
    assert graph.nodes[-1].outputs[0][-1] == sum(2**i for i in range(size) if not any(anchors[i]))


def test_smaller_images_get_zeros_around_them():
    graph = anchored([[0, 1, 1], [0, 0, 1], [0, 0, 0]], strides=(1, 3, 2))
    [pad] = [node for node in graph.nodes if isinstance(node.op, o.ZeroPad)]
    assert pad.op.padding == ((5, 5), (5, 5)) and pad.outputs[0] == (16, 16, 2)
    assert graph.nodes[-1].outputs[0] == (8, 8, 4)


def test_a_chain_of_anchors_is_a_sequence():
    chain = anchored([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    plain = planned({"block": "sequence", "body": [{**CONV, "filters": 2**n} for n in range(3)]})
    assert factory.canonical_hash(chain) == factory.canonical_hash(plain)


def test_a_layer_needs_a_row_of_anchors():
    with pytest.raises(SpecError, match="expected a row of anchors a layer, 2, received 3"):
        planned({"block": "anchored", "layers": [CONV, CONV], "anchors": [[0, 1, 0], [0, 0, 1], [0, 0, 0]]})
