"""Costs against hand counts: what the arithmetic is stands beside every number."""

from __future__ import annotations

import pytest
from nets import INPUT, ByHand, network

from factory.graph import Cost, Totals
from factory.graph import ops as o
from factory.graph.cost import op_totals

IMAGE = (8, 9, 6)


def test_lenet_like_network_costs_what_a_hand_count_gives():
    graph = network(
        {
            "c1": {"block": "conv", "filters": 6, "kernel": 5, "activation": "tanh"},
            "p1": {"block": "avg_pool"},
            "c2": {"block": "conv", "filters": 16, "kernel": 5, "padding": "valid", "activation": "tanh"},
            "p2": {"block": "avg_pool"},
            "flat": {"block": "flatten"},
            "f1": {"block": "dense", "units": 120},
            "f2": {"block": "dense", "units": 84},
            "f3": {"block": "dense", "units": 10},
        },
        (28, 28, 1),
    )
    params = {
        "c1": 5 * 5 * 1 * 6 + 6,  # 156
        "c2": 5 * 5 * 6 * 16 + 16,  # 2,416
        "f1": 5 * 5 * 16 * 120 + 120,  # 48,120
        "f2": 120 * 84 + 84,  # 10,164
        "f3": 84 * 10 + 10,  # 850
    }
    macs = {
        "c1": 28 * 28 * 6 * 25,  # 117,600; padded, so as large as the image
        "c2": 10 * 10 * 16 * 150,  # 240,000; 14 - 5 + 1 = 10
        "f1": 400 * 120,
        "f2": 120 * 84,
        "f3": 84 * 10,
    }
    stages = {stage.name: stage.totals for stage in graph.cost.stages}
    assert {name: totals.params for name, totals in stages.items() if totals.params} == params
    assert {name: totals.macs for name, totals in stages.items() if totals.macs} == macs
    assert graph.cost.params == graph.cost.trainable == 61_706
    assert graph.cost.macs == 416_520
    assert graph.cost.activations == 28 * 28 * 6 + 10 * 10 * 16 + 120 + 84 + 10  # 6,518


def test_residual_network_with_norms_costs_what_a_hand_count_gives():
    graph = network(
        {
            "stem": {"block": "conv", "filters": 8, "kernel": 3, "stride": 2},
            "unit": {"block": "bottleneck", "filters": 4, "expand": 4, "stride": 2},
            "head": {"block": "classifier", "units": 10},
        },
        (32, 32, 3),
        conventions={"norm": "batch", "activation": "relu"},
    )
    stem = 27 * 8  # on 16 x 16
    unit = 8 * 16 + 8 * 4 + 9 * 4 * 4 + 4 * 16  # shortcut, reduce, spatial, expand, all on 8 x 8: 368
    gammas_and_betas = 2 * (8 + 16 + 4 + 4 + 16)
    head = 16 * 10 + 10
    assert graph.cost.trainable == stem + unit + gammas_and_betas + head
    assert graph.cost.params == graph.cost.trainable + gammas_and_betas  # as many statistics
    assert graph.cost.macs == 16 * 16 * stem + 8 * 8 * unit + 160
    assert graph.cost.activations == 16 * 16 * 8 + 8 * 8 * (16 + 4 + 4 + 16) + 10


@pytest.mark.parametrize(
    "op,shape,made,params,macs",
    [
        # grouped: each filter sees 6 / 3 channels
        (o.Conv(12, (3, 3), groups=3), IMAGE, (6, 7, 12), 3 * 3 * 2 * 12 + 12, 6 * 7 * 12 * 9 * 2),
        # dilated: 3 taps reach over 5 rows and 7 columns
        (o.Conv(4, (3, 3), dilation=(2, 3)), IMAGE, (4, 3, 4), 9 * 6 * 4 + 4, 4 * 3 * 4 * 9 * 6),
        # rectangular: 1 x 7, strided along the height
        (o.Conv(5, (1, 7), (2, 1), ((0, 0), (3, 3))), IMAGE, (4, 9, 5), 7 * 6 * 5 + 5, 4 * 9 * 5 * 7 * 6),
        (o.Conv(5, (2, 4), (3, 2), ((1, 0), (0, 3)), bias=False), IMAGE, (3, 5, 5), 8 * 6 * 5, 3 * 5 * 5 * 8 * 6),
        (o.DepthwiseConv((3, 3), (2, 2), ((1, 1), (1, 1))), IMAGE, (4, 5, 6), 9 * 6 + 6, 4 * 5 * 6 * 9),
        (o.DepthwiseConv((3, 5), multiplier=2, bias=False), IMAGE, (6, 5, 12), 15 * 12, 6 * 5 * 12 * 15),
        # transposed: every input value is spread over 16 places of 3 filters; 7 * 2 + 4 - 2 = 16, 8 * 2 + 4 - 2 = 18
        (o.ConvTranspose(3, (4, 4), (2, 2), ((1, 1), (1, 1))), IMAGE, (16, 18, 3), 16 * 3 * 6 + 3, 8 * 9 * 6 * 16 * 3),
        (o.ConvTranspose(3, (2, 3), (1, 3), bias=False), IMAGE, (9, 27, 3), 6 * 3 * 6, 8 * 9 * 6 * 6 * 3),
        (o.Dense(7), IMAGE, (8, 9, 7), 6 * 7 + 7, 8 * 9 * 6 * 7),
        (o.Dense(7, bias=False), (6,), (7,), 42, 42),
    ],
    ids=str,
)
def test_counted_operations_cost_what_a_hand_count_gives(op, shape, made, params, macs):
    outputs = op.outputs(shape)
    assert outputs == (made,)
    elements = made[0] if len(made) == 1 else made[0] * made[1] * made[2]
    assert op_totals(op, (shape,), outputs) == Totals(params, params, macs, elements)


@pytest.mark.parametrize(
    "op,params,trainable",
    [
        (o.BatchNorm(), 24, 12),
        (o.BatchNorm(scale=False), 18, 6),
        (o.BatchNorm(scale=False, center=False), 12, 0),
        (o.LayerNorm(), 12, 12),
        (o.LayerNorm(center=False), 6, 6),
        (o.GroupNorm(2), 12, 12),
        (o.InputNorm((0.0,) * 6, (1.0,) * 6), 13, 0),
        (o.PRelu(), 6, 6),
        (o.PRelu(shared=True), 1, 1),
        (o.Affine(), 12, 12),
        (o.LayerScale(), 6, 6),
        (o.WeightedSum(), 1, 1),
        (o.Activation("relu"), 0, 0),
        (o.MaxPool((2, 2), (2, 2)), 0, 0),
        (o.Resize((2, 2)), 0, 0),
    ],
    ids=str,
)
def test_other_operations_have_weights_but_no_macs_and_no_activations(op, params, trainable):
    assert op_totals(op, (IMAGE,), op.outputs(IMAGE)) == Totals(params, trainable, 0, 0)


def test_weighted_sums_have_one_weight_an_input():
    assert [weight.shape for weight in o.WeightedSum().weights(IMAGE, IMAGE, IMAGE)] == [(3,)]


def test_costs_of_nodes_and_of_stages_add_up_to_the_total():
    graph = network(
        {
            "stem": {"block": "conv", "filters": 8},
            "body": {"block": "mbconv", "repeats": 3, "filters": 8, "se": 0.25},
            "head": {"block": "classifier", "units": 4},
        },
        conventions={"norm": "batch"},
    )
    cost = graph.cost
    for parts in (cost.nodes, [stage.totals for stage in cost.stages]):
        assert tuple(map(sum, zip(*parts, strict=True))) == cost.totals
    assert [stage.name for stage in cost.stages] == ["stem", "body", "head"]
    assert [stage.output for stage in cost.stages] == [(8, 8, 8), (8, 8, 8), (4,)]
    assert sum(stage.nodes for stage in cost.stages) == len(graph.nodes)


def test_shared_weights_count_once_and_their_macs_every_time():
    stages = {"body": {"block": "conv", "filters": 3, "repeats": 4, "share": True}}
    graph = network(stages, conventions={"norm": "batch"})
    assert graph.cost.params == 3 * 3 * 3 * 3 + 4 * 3
    assert graph.cost.macs == 4 * 8 * 8 * 3 * 27
    assert graph.cost.activations == 4 * 8 * 8 * 3


def test_auxiliary_heads_are_left_out_of_the_totals_and_told_apart():
    def stages(**more):
        return {
            "stem": {"block": "conv", "filters": 4},
            **more,
            "tail": {"block": "conv", "filters": 8, "stride": 2},
            "head": {"block": "classifier", "units": 5},
        }

    aux = {
        "block": "sequence",
        "body": [{"block": "conv", "filters": 2, "kernel": 1}, {"block": "classifier", "units": 5}],
    }
    plain = network(stages()).cost
    cost = network(stages(aux={**aux, "from": "stem"}), auxiliary=["aux"]).cost
    assert cost.totals == plain.totals
    assert plain.auxiliary == Totals()
    added = 4 * 2 + 2 + 2 * 5 + 5
    assert cost.auxiliary == Totals(added, added, 8 * 8 * 4 * 2 + 10, 8 * 8 * 2 + 5)
    assert [stage.name for stage in cost.stages] == ["stem", "tail", "head"]


def test_weights_shared_with_an_auxiliary_head_are_not_added_by_it():
    net = ByHand((6, 6, 3))
    stem = net(o.Conv(3, (1, 1)), INPUT)
    net(o.Conv(3, (1, 1)), stem, shared=stem)
    aux = net(o.Conv(5, (1, 1)))
    cost = Cost(net.graph(stem, auxiliary={"aux": aux}))
    assert cost.totals == Totals(12, 12, 36 * 9, 36 * 3)
    assert cost.auxiliary == Totals(20, 20, 36 * 9 + 36 * 15, 36 * 3 + 36 * 5)


def test_an_unknown_resolution_leaves_parameters_known_and_the_rest_open():
    graph = network(
        {"stem": {"block": "conv", "filters": 4}, "head": {"block": "classifier", "units": 5}}, (None, None, 3)
    )
    assert graph.cost.params == 27 * 4 + 4 + 4 * 5 + 5
    assert graph.cost.macs is None
    assert graph.cost.activations is None
    assert graph.cost.peak_memory() is None
    assert graph.cost.peak_memory(training=True) is None


def test_training_only_structure_costs_nothing():
    plain = network({"stem": {"block": "conv", "filters": 4}})
    dropped = network({"stem": {"block": "conv", "filters": 4}, "drop": {"block": "dropout"}})
    assert plain.cost.totals == dropped.cost.totals


def test_weights_take_four_two_and_one_bytes():
    cost = network({"stem": {"block": "conv", "filters": 4}}).cost
    assert [cost.weight_bytes(kind) for kind in ("fp32", "fp16", "int8")] == [4 * 112, 2 * 112, 112]
    assert cost.weight_bytes() == 448
