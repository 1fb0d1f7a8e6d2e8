"""Groups of channels in a chain: what reads what, weights counted by hand, what does not fit."""

from __future__ import annotations

import pytest
from plans import kinds, named, planned, trainable

from factory.errors import SpecError
from factory.graph import Graph
from factory.graph import ops as o

BODY = {"block": "conv", "filters": 2, "norm": "none", "activation": "linear", "bias": False}
CALL = {"block": "hierarchical", "body": BODY}


def read(graph: Graph, name: str) -> list[tuple[str, int]]:
    """Names and ports of what a node reads."""
    return [(graph.nodes[source].name, port) for source, port in named(graph, name).inputs]


def test_each_group_is_added_to_what_the_one_before_gave_and_the_last_passes():
    graph = planned(CALL)
    assert read(graph, "x.y1") == [("x.split", 0)]
    assert read(graph, "x.y2.add") == [("x.split", 1), ("x.y1", 0)]
    assert read(graph, "x.y3.add") == [("x.split", 2), ("x.y2", 0)]
    assert read(graph, "x.y3") == [("x.y3.add", 0)]
    assert read(graph, "x.concat") == [("x.y1", 0), ("x.y2", 0), ("x.y3", 0), ("x.split", 3)]
    assert graph.nodes[-1].outputs == ((16, 16, 8),)


@pytest.mark.parametrize("scales", [2, 4, 8])
def test_as_many_bodies_as_scales_less_one_each_with_weights_of_its_own(scales):
    width = 8 // scales
    assert trainable({**CALL, "scales": scales, "body": {**BODY, "filters": width}}) == (scales - 1) * 9 * width**2


def test_without_a_chain_groups_may_stride_when_the_rest_does():
    call = {**CALL, "chained": False, "body": {**BODY, "stride": 2}, "rest": {"block": "avg_pool"}}
    graph = planned(call)
    assert kinds(graph) == [o.Split, o.Conv, o.Conv, o.Conv, o.AvgPool, o.Concat]
    assert read(graph, "x.y4") == [("x.split", 3)]
    assert graph.nodes[-1].outputs == ((8, 8, 8),)


@pytest.mark.parametrize("scales", [1, 3])
def test_scales_that_do_not_divide_the_channels_are_told(scales):
    with pytest.raises(SpecError, match=f"8 channels are not divisible into {scales} scales"):
        planned({**CALL, "scales": scales})


def test_a_chain_that_changes_the_shape_is_told():
    with pytest.raises(SpecError, match="add needs matching shapes"):
        planned({**CALL, "body": {**BODY, "stride": 2}})
