"""Residual units: weights counted by hand, the ways past them, stochastic depth on their branches."""

from __future__ import annotations

import pytest
from plans import kinds, named, planned, trainable

from factory.errors import SpecError
from factory.graph import ops as o


def conv(kernel: int, before: int, after: int) -> int:
    """Learned values of a convolution and its batch norm."""
    return kernel * kernel * before * after + 2 * after


def test_basic_has_two_convolutions_and_a_projection_where_shapes_change():
    assert trainable({"block": "basic", "filters": 8}) == 2 * conv(3, 8, 8)
    assert trainable({"block": "basic", "filters": 12}) == conv(3, 8, 12) + conv(3, 12, 12) + conv(1, 8, 12)
    assert trainable({"block": "basic", "filters": 8, "stride": 2}) == 2 * conv(3, 8, 8) + conv(1, 8, 8)
    gated = conv(5, 8, 8) * 2 + (8 * 4 + 4) + (4 * 8 + 8)
    assert trainable({"block": "basic", "filters": 8, "kernel": 5, "se": 0.5}) == gated


def test_bottleneck_has_three_convolutions_and_expands_four_times():
    inner = conv(1, 8, 2) + conv(3, 2, 2) + conv(1, 2, 8)
    assert trainable({"block": "bottleneck", "filters": 2}) == inner
    assert trainable({"block": "bottleneck", "filters": 2, "expand": 5}) == (
        conv(1, 8, 2) + conv(3, 2, 2) + conv(1, 2, 10) + conv(1, 8, 10)
    )


def test_bottleneck_of_groups_divides_the_kernel_of_its_middle():
    grouped = conv(1, 8, 4) + (9 * 2 * 4 + 8) + conv(1, 4, 8)
    assert trainable({"block": "bottleneck", "filters": 4, "groups": 2, "expand": 2}) == grouped


def test_bottleneck_dilates_its_middle_convolution():
    graph = planned({"block": "bottleneck", "filters": 2, "dilation": 2})
    assert [named(graph, f"x.{name}").op.dilation[0] for name in ("reduce", "spatial", "expand")] == [1, 2, 1]
    assert graph.nodes[-1].outputs == ((16, 16, 8),)


@pytest.mark.parametrize("block", ["bottleneck", "preact_bottleneck"])
@pytest.mark.parametrize("where,strides", [("reduce", [2, 1, 1]), ("spatial", [1, 2, 1])])
def test_bottlenecks_stride_in_their_first_or_their_middle_convolution(block, where, strides):
    graph = planned({"block": block, "filters": 2, "stride": 2, "stride_in": where})
    names = ("x.reduce", "x.spatial", "x.expand")
    assert [named(graph, name).op.stride for name in names] == [(stride, stride) for stride in strides]
    assert graph.nodes[-1].outputs == ((8, 8, 8),)


def test_units_activate_after_the_sum_and_preactivated_ones_before_their_convolutions():
    assert kinds(planned({"block": "basic", "filters": 8})) == [
        o.Conv, o.BatchNorm, o.Activation, o.Conv, o.BatchNorm, o.Merge, o.Activation,
    ]  # fmt: skip
    assert kinds(planned({"block": "preact_basic", "filters": 8})) == [
        o.BatchNorm, o.Activation, o.Conv, o.BatchNorm, o.Activation, o.Conv, o.Merge,
    ]  # fmt: skip


def test_preactivated_units_have_norms_before_and_a_bare_last_convolution():
    # norms of 8 and 12 channels; the last convolution and the projection have biases, since no norm follows them
    assert trainable({"block": "preact_basic", "filters": 12}) == (
        16 + 9 * 8 * 12 + 24 + (9 * 12 * 12 + 12) + (8 * 12 + 12)
    )
    assert trainable({"block": "preact_bottleneck", "filters": 2}) == (16 + 8 * 2 + 4 + 9 * 2 * 2 + 4 + (2 * 8 + 8))


@pytest.mark.parametrize(
    "call", [{"block": "preact_basic", "filters": 8}, {"block": "preact_bottleneck", "filters": 2}]
)
def test_preactivated_units_gate_their_branch_right_before_the_sum(call):
    graph = planned({**call, "se": 0.5})
    assert graph.cost.trainable - trainable(call) == (8 * 4 + 4) + (4 * 8 + 8)
    assert [node.name for node in graph.nodes[-2:]] == ["x.se.excite", "x.add"]


def test_a_projection_past_a_preactivated_unit_reads_the_activated_input():
    graph = planned({"block": "preact_basic", "filters": 12})
    [(source, _)] = named(graph, "x.shortcut").inputs
    assert isinstance(graph.nodes[source].op, o.Activation)


WAYS = {
    "projection": [o.Conv, o.BatchNorm],
    "zero_pad": [o.MaxPool, o.ChannelZeroPad],
}


@pytest.mark.parametrize("shortcut", WAYS)
def test_ways_past_a_unit_that_changes_size_and_channels(shortcut):
    graph = planned({"block": "basic", "filters": 12, "stride": 2, "shortcut": shortcut})
    way = [node for node in graph.nodes if "shortcut" in node.name]
    assert [type(node.op) for node in way] == WAYS[shortcut]
    assert way[-1].outputs[0] == (8, 8, 12)


def test_option_a_takes_every_second_position_and_adds_zeros_behind():
    graph = planned({"block": "basic", "filters": 12, "stride": 2, "shortcut": "zero_pad"})
    assert named(graph, "x.shortcut.pool").op == o.MaxPool((1, 1), (2, 2))
    assert named(graph, "x.shortcut.pad").op == o.ChannelZeroPad((0, 4))
    assert graph.cost.trainable == conv(3, 8, 12) + conv(3, 12, 12)


def test_pool_takes_every_second_position_and_nothing_else():
    graph = planned({"block": "basic", "filters": 8, "stride": 2, "shortcut": "pool"})
    assert named(graph, "x.shortcut.pool").op == o.MaxPool((1, 1), (2, 2))


@pytest.mark.parametrize("shortcut", ["identity", "auto", "zero_pad", "pool"])
def test_where_nothing_changes_the_way_past_is_the_input_itself(shortcut):
    graph = planned({"block": "basic", "filters": 8, "shortcut": shortcut})
    assert not [node for node in graph.nodes if "shortcut" in node.name]
    assert (-1, 0) in named(graph, "x.add").inputs


def test_a_projection_that_is_asked_for_is_there_even_where_nothing_changes():
    assert named(planned({"block": "basic", "filters": 8, "shortcut": "projection"}), "x.shortcut").op.filters == 8


@pytest.mark.parametrize("block", ["basic", "preact_basic"])
def test_without_a_shortcut_nothing_is_added(block):
    assert o.Merge not in kinds(planned({"block": block, "filters": 12, "stride": 2, "shortcut": "none"}))


@pytest.mark.parametrize(
    "call,message",
    [
        ({"filters": 12, "shortcut": "identity"}, "shortcut identity cannot lead .* to 12 channels"),
        ({"filters": 8, "stride": 2, "shortcut": "identity"}, "shortcut identity cannot lead"),
        ({"filters": 12, "stride": 2, "shortcut": "pool"}, "shortcut pool cannot lead"),
        ({"filters": 4, "shortcut": "zero_pad"}, "cannot take 8 channels down to 4"),
    ],
)
def test_a_shortcut_that_cannot_do_it_is_told(call, message):
    with pytest.raises(SpecError, match=message):
        planned({"block": "basic", **call})


@pytest.mark.parametrize("filters,kind", [(2, o.MaxPool), (3, o.Conv)])
def test_pool_or_projection_pools_where_only_the_size_changes(filters, kind):
    call = {"block": "preact_bottleneck", "filters": filters, "stride": 2, "shortcut": "pool_or_projection"}
    [way] = [node for node in planned(call).nodes if "shortcut" in node.name]
    assert type(way.op) is kind


# residual, written around a body


def test_residual_projects_by_what_its_body_does():
    body = [{"block": "conv", "filters": 12, "stride": 2}]
    graph = planned({"block": "residual", "body": body}, (15, 16, 8))
    assert named(graph, "x.shortcut").op.stride == (2, 2)
    assert graph.nodes[-1].outputs == ((8, 8, 12),)
    assert graph.cost.trainable == conv(3, 8, 12) + conv(1, 8, 12)


POOLED = [{"block": "avg_pool"}, {"block": "conv", "filters": 12, "kernel": 1, "activation": "linear"}]


def test_residual_projects_through_what_it_is_given_where_it_projects():
    """ResNet-D's way past a unit (He et al. 2019, Bag of Tricks, fig. 2c)."""
    call = {"block": "residual", "projection": POOLED, "body": [{"block": "conv", "filters": 12, "stride": 2}]}
    graph = planned(call)
    way = [type(node.op) for node in graph.nodes if node.name.startswith("x.shortcut")]
    assert way == [o.AvgPool, o.Conv, o.BatchNorm]
    assert graph.cost.trainable == conv(3, 8, 12) + conv(1, 8, 12)


def test_what_residual_is_given_to_project_is_there_without_a_change_only_when_asked_for():
    call = {"block": "residual", "projection": POOLED, "body": [{"block": "conv", "filters": 8}]}
    assert trainable(call) == conv(3, 8, 8)
    same = [{"block": "conv", "filters": 8, "kernel": 1}]
    assert trainable({**call, "shortcut": "projection", "projection": same}) == conv(3, 8, 8) + conv(1, 8, 8)


def test_residual_scales_its_branch_before_adding():
    graph = planned({"block": "residual", "scale": 0.1, "body": [{"block": "conv", "filters": 8}]})
    assert kinds(graph)[-2:] == [o.Rescale, o.Merge]
    assert graph.nodes[-2].op.scale == 0.1


def test_residual_of_vectors_projects_with_a_fully_connected_layer():
    body = [{"block": "global_avg_pool"}, {"block": "residual", "body": [{"block": "dense", "units": 5}]}]
    assert trainable({"block": "sequence", "body": body}) == 2 * (8 * 5 + 5)


# stochastic depth


def depths(call: dict, **depth) -> list[float]:
    graph = planned(call, stochastic_depth=depth)
    return [node.op.rate for node in graph.nodes if isinstance(node.op, o.StochasticDepth)]


def test_linear_decay_drops_block_i_of_n_at_rate_i_nths():
    """As keras.applications' EfficientNet: drop_connect_rate * b / blocks; the first block never."""
    assert depths({"block": "basic", "filters": 8, "repeats": 4}, rate=0.2) == pytest.approx([0.05, 0.1, 0.15])


def test_constant_decay_drops_all_at_the_same_rate():
    assert depths({"block": "basic", "filters": 8, "repeats": 3}, rate=0.2, decay="constant") == [0.2] * 3


def test_blocks_that_have_no_shortcut_count_but_are_not_dropped():
    call = {"block": "mbconv", "filters": 12, "stride": 2, "repeats": 4}  # the first one changes the shape
    assert depths(call, rate=0.4) == pytest.approx([0.1, 0.2, 0.3])


def test_the_branch_is_dropped_not_the_shortcut():
    graph = planned({"block": "basic", "filters": 8, "repeats": 2}, stochastic_depth={"rate": 0.5})
    [drop] = [node for node in graph.nodes if isinstance(node.op, o.StochasticDepth)]
    [(source, _)] = drop.inputs
    assert graph.nodes[source].name == "x.1.conv2.norm"


def test_rate_zero_adds_no_nodes():
    assert depths({"block": "basic", "filters": 8, "repeats": 3}, rate=0.0) == []
