"""Parts of graphs: backbones, graphs without their auxiliary heads, shared weights whose owner is left behind."""

from __future__ import annotations

from nets import INPUT, ByHand, network

import factory
from factory.graph import ops as o

STAGES = {
    "stem": {"block": "conv", "filters": 4},
    "s1": {"block": "conv", "filters": 6, "stride": 2},
    "s2": {"block": "conv", "filters": 8, "stride": 2},
    "head": {"block": "classifier", "units": 5},
}


def test_a_restricted_graph_has_what_the_outputs_need_and_keeps_names_and_stages():
    graph = network(STAGES)
    index = next(i for i, node in enumerate(graph.nodes) if node.stage == "s1")
    part = graph.restricted({"mid": (index, 0)})
    assert [(node.name, node.stage) for node in part.nodes] == [("stem", "stem"), ("s1", "s1")]
    assert part.outputs == {"mid": (1, 0)}
    assert part.shape((1, 0)) == (4, 4, 6)
    assert part.cost.params == 27 * 4 + 4 + 36 * 6 + 6
    assert len(graph.nodes) > 2, "the graph itself stays"


def test_the_input_can_be_an_output_of_a_part():
    part = network(STAGES).restricted({"image": INPUT})
    assert part.nodes == []
    assert part.outputs == {"image": INPUT}
    assert part.cost.params == part.cost.macs == 0


def test_nodes_are_numbered_anew_where_others_are_left_out():
    net = ByHand((4, 4, 3))
    net(o.Conv(2, (1, 1)), INPUT)
    kept = net(o.Conv(4, (1, 1)), INPUT)
    pool = net(o.MaxPool((2, 2), (2, 2)), kept)
    unpooled = net(o.MaxUnpool((2, 2)), pool, (pool[0], 1))
    part = net.graph().restricted({"out": unpooled})
    assert [node.inputs for node in part.nodes] == [(INPUT,), ((0, 0),), ((1, 0), (1, 1))]


def test_a_graph_without_auxiliary_heads_is_its_own_inference_graph():
    graph = network(STAGES)
    assert graph.for_inference() is graph


def test_inference_leaves_auxiliary_heads_out():
    graph = network({**STAGES, "aux": {"block": "classifier", "units": 5, "from": "s1"}}, auxiliary=["aux"])
    assert {node.stage for node in graph.for_inference().nodes} == {"stem", "s1", "s2", "head"}
    assert graph.for_inference().auxiliary == {}
    assert "aux" in {node.stage for node in graph.nodes}


def test_without_top_there_are_the_features_or_what_the_head_would_read():
    mapping = {"name": "net", "input": {"resolution": 8}, "stages": STAGES}
    plain = factory.plan(factory.load(mapping), top=False)
    assert [plain.shape(ref) for ref in plain.outputs.values()] == [(2, 2, 8)]
    assert "head" not in {node.stage for node in plain.nodes}
    pyramid = factory.plan(factory.load({**mapping, "features": ["stem", "s2", "s1"]}), top=False)
    assert {name: pyramid.shape(ref) for name, ref in pyramid.outputs.items()} == {
        "stem": (8, 8, 4),
        "s2": (2, 2, 8),
        "s1": (4, 4, 6),
    }


def shared_three_times() -> ByHand:
    net = ByHand((4, 4, 3))
    first = net(o.Conv(3, (1, 1)), INPUT)
    net(o.Conv(3, (1, 1)), INPUT, shared=first)
    net(o.Conv(3, (1, 1)), shared=first)
    return net


def test_the_first_that_is_left_owns_shared_weights_when_the_owner_is_dropped():
    part = shared_three_times().graph().restricted({"out": (2, 0)})
    assert [(node.name, node.shared) for node in part.nodes] == [("n1", None), ("n2", 0)]
    assert part.cost.params == 12


def test_shared_weights_keep_their_owner_when_it_stays():
    part = shared_three_times().graph().restricted({"a": (0, 0), "b": (2, 0)})
    assert [(node.name, node.shared) for node in part.nodes] == [("n0", None), ("n1", 0), ("n2", 0)]


def test_reads_are_all_outputs_that_a_node_or_the_result_uses():
    net = ByHand((4, 4, 3))
    pool = net(o.MaxPool((2, 2), (2, 2)), INPUT)
    aux = net(o.GlobalPool("mean"), pool)
    graph = net.graph(pool, auxiliary={"aux": aux})
    assert graph.reads() == {INPUT, (0, 0), (1, 0)}
