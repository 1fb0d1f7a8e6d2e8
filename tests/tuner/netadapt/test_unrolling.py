"""Networks written out layer by layer are the networks that they were."""

import pytest

import factory
from factory.graph import canonical_hash
from factory.spec.render import render
from tuner.netadapt.unrolling import unroll

FAMILIES = (
    "alexnet", "efficientnet_b0", "enet", "lenet5", "mobilenet_v3_small", "overfeat_fast", "resnet20_cifar",
    "shufflenet_v1_g3", "shufflenet_v2_x0_5", "unet",
)  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_written_out_is_the_same_network_with_every_node_named(name: str) -> None:
    spec = factory.load(name)
    graph = factory.plan(spec).for_inference()
    made = unroll(graph, spec)
    again = factory.plan(made.spec)
    assert canonical_hash(again) == canonical_hash(graph)
    assert {made.names[node.name]: node.op for node in graph.nodes} == {node.name: node.op for node in again.nodes}


def test_writing_out_what_was_written_out_changes_nothing() -> None:
    spec = factory.load("mobilenet_v2", width=0.5)
    once = unroll(factory.plan(spec), spec).spec
    twice = unroll(factory.plan(once), once)
    assert render(twice.spec) == render(once)
    assert all(name == new for name, new in twice.names.items())


def test_a_layer_is_a_call_with_its_own_number_of_filters() -> None:
    spec = factory.load("mobilenet_v2", width=0.5)
    stages = unroll(factory.plan(spec), spec).spec.document["stages"]
    assert stages["s2_1_expand"] == {"block": "conv", "filters": 96, "kernel": 1}
    assert stages["s2_1_depthwise"] == {"block": "depthwise_conv", "kernel": 3}
    assert stages["s2_1_project"] == {"block": "conv", "filters": 16, "kernel": 1, "activation": "linear"}
    assert stages["s2_1_add"] == {"block": "add", "from": ["s2_1_project", "s2_0_project"]}


def test_outputs_and_features_are_named_by_the_layers_that_make_them() -> None:
    stages = {
        "a": {"block": "conv", "filters": 4},
        "b": {"block": "conv", "filters": 6, "stride": 2},
        "one": {"block": "classifier"},
        "two": {"block": "classifier", "units": 3, "from": "b"},
    }
    about = {"name": "two", "input": {"resolution": 8}, "classes": 4, "outputs": ["one", "two"], "features": ["a", "b"]}
    spec = factory.load({**about, "stages": stages})
    again = factory.plan(unroll(factory.plan(spec), spec).spec)
    assert list(again.outputs) == ["one", "two"] and list(again.features) == ["a", "b"]
    assert canonical_hash(again) == canonical_hash(factory.plan(spec))


@pytest.mark.parametrize(
    "stage, message",
    [
        (
            {"block": "conv", "filters": 4, "repeats": 2, "share": True},
            "s.1 shares the weights of s.0: such layers cannot be written out one by one; "
            "train the network without 'share'",
        ),
        (
            {"block": "fractal", "columns": 2, "body": {"block": "conv", "filters": 4}},
            "no block of the language makes this operation alone: ChoosePath(share=0.5)",
        ),
    ],
)
def test_what_no_call_can_say_is_told(stage: dict[str, object], message: str) -> None:
    stages = {"stem": {"block": "conv", "filters": 4}, "s": stage, "head": {"block": "classifier"}}
    drop = {"drop_path": {"global": 0.5}} if stage["block"] == "fractal" else {}
    spec = factory.load({"name": "odd", "input": {"resolution": 8}, "classes": 4, **drop, "stages": stages})
    with pytest.raises(factory.FactoryError) as told:
        unroll(factory.plan(spec), spec)
    assert str(told.value) == message
