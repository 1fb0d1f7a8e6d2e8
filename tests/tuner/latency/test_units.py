"""Graphs as units: what runs as one, what takes no time, and which units share an entry of the table."""

from __future__ import annotations

from collections import Counter

import pytest

import factory
from factory.errors import FactoryError
from factory.graph.ops import Activation, BatchNorm, ChoosePath, Conv, Dense, GlobalPool, MaxPool, Merge
from tuner.latency.units import Unit, units_of


def network(stages: dict, **changes) -> factory.Spec:
    document = {"name": "net", "input": {"resolution": 8, "channels": 4}, "classes": 3, **changes}
    return factory.load({**document, "stages": stages})


def kinds(spec: factory.Spec) -> list[list[str]]:
    return [[type(op).__name__ for op in unit.ops] for _, unit in units_of(factory.plan(spec))]


def test_norm_and_activation_run_with_what_they_follow_and_dropout_not_at_all():
    spec = network(
        {
            "first": {"block": "conv", "filters": 8},
            "s1": {"block": "basic", "filters": 8},
            "drop": {"block": "dropout", "rate": 0.5},
            "head": {"block": "classifier", "dropout": 0.2},
        }
    )
    units = list(units_of(factory.plan(spec)))
    assert [stage for stage, _ in units] == ["first", "s1", "s1", "s1", "head", "head"]
    assert kinds(spec) == [
        ["Conv", "BatchNorm", "Activation"],
        ["Conv", "BatchNorm", "Activation"],
        ["Conv", "BatchNorm"],
        ["Merge", "Activation"],
        ["GlobalPool"],
        ["Dense", "Activation"],
    ]
    assert units[3][1].inputs == ((8, 8, 8), (8, 8, 8))


def test_what_others_read_too_ends_a_unit():
    """The sum reads what the activation reads: the convolution's own output is a tensor that stays."""
    spec = network(
        {
            "a": {"block": "conv", "filters": 4, "activation": "linear"},
            "b": {"block": "activation", "kind": "relu", "from": "a"},
            "c": {"block": "add", "from": ["a", "b"]},
            "head": {"block": "classifier"},
        }
    )
    assert kinds(spec)[:3] == [["Conv", "BatchNorm"], ["Activation"], ["Merge"]]


def test_pooling_whose_indices_are_read_is_another_unit():
    units = [unit for _, unit in units_of(factory.plan(factory.load("enet", **{"input.resolution": [64, 64]})))]
    pools = [unit for unit in units if isinstance(unit.ops[0], MaxPool)]
    assert {unit.ports for unit in pools} == {(0,), (0, 1)}
    assert len({unit.key for unit in pools}) == len({(unit.ops[0], unit.inputs, unit.ports) for unit in pools})


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "fractalnet_cifar", "nasnet_mobile", "inception_v3_aux"])
def test_every_operation_of_inference_is_in_one_unit(name):
    graph = factory.plan(factory.load(name))
    needed = graph.restricted(graph.outputs)
    running = [n.op for n in needed.nodes if not (n.op.training_only or isinstance(n.op, ChoosePath))]
    assert Counter(running) == Counter(op for _, unit in units_of(graph) for op in unit.ops)


def test_what_changes_no_time_changes_no_key():
    conv = {"block": "conv", "filters": 8}
    one = network({"a": conv, "head": {"block": "classifier"}})
    other = network(
        {"a": {**conv, "initializer": "glorot_uniform"}, "head": {"block": "classifier", "dropout": 0.3}},
        conventions={"norm": {"kind": "batch", "epsilon": 1e-5, "momentum": 0.9}},
    )
    assert keys(one) == keys(other)
    assert keys(one) != keys(network({"a": {**conv, "kernel": 5}, "head": {"block": "classifier"}}))


def keys(spec: factory.Spec) -> list[str]:
    return [unit.key for _, unit in units_of(factory.plan(spec))]


def test_a_key_says_in_words_what_it_is():
    unit = Unit((Conv(8, (3, 3), padding=((1, 1), (1, 1)), bias=False), BatchNorm(), Activation("relu")), ((8, 8, 4),))
    assert unit.key == (
        "Conv(filters=8, kernel=(3, 3), padding=((1, 1), (1, 1)), bias=False) + BatchNorm() + "
        "Activation(kind='relu') on (8, 8, 4)"
    )
    assert Unit((GlobalPool("mean"),), ((4, 4, 2),)).key == "GlobalPool(kind='mean') on (4, 4, 2)"
    assert Unit((Merge("add"),), ((3,), (3,))).key == "Merge(kind='add') on (3), (3)"
    assert Unit((Dense(3),), ((5,),)).key != Unit((Dense(3),), ((6,),)).key


def test_a_size_that_is_known_at_run_time_only_is_refused():
    graph = factory.plan(factory.load("mobilenet_v2", **{"input.resolution": "any"}))
    with pytest.raises(FactoryError, match=r"mobilenet_v2: the latency of .* give the network a resolution"):
        list(units_of(graph))
