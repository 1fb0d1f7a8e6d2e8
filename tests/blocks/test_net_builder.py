"""The net builder, through blocks written in Python over it: used from a spec, checked, costed, built."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest
from check_block import Sample, check_block

import factory
from factory import Net, Tensor
from factory.blocks import REGISTRY
from factory.blocks.types import Width
from factory.errors import FactoryError, SpecError


def fire(net: Net, x: Tensor, *, squeeze: Width, expand: Width = 64) -> Tensor:
    """Squeeze with 1x1, then expand with 1x1 and 3x3 side by side (Iandola et al. 2016, fig. 1).

    Shape: (h, w, c) -> (h, w, 2 * expand).
    """
    s = net.conv(x, filters=squeeze, kernel=1, name="squeeze")
    return net.concat(net.conv(s, filters=expand, kernel=1, name="e1"), net.conv(s, filters=expand, name="e3"))


def gated(net: Net, x: Tensor, *, filters: Width) -> Tensor:
    """Values written as in a spec: names, mappings, lists."""
    y = net.conv(x, filters=filters, kernel=[3, 1], norm="none", activation={"kind": "leaky_relu", "slope": 0.2})
    y = net.mbconv(y, filters=filters, expand=2, se=0.25, activation="relu6", norm={"epsilon": 0.01})
    return net.max_pool(y, kernel=3, stride=2, padding="same")["out"]


@pytest.fixture(params=[fire, gated])
def registered(request) -> Iterator[str]:
    """The name of a block that is there for the time of one test."""
    factory.block(request.param)
    yield request.param.__name__
    del REGISTRY._blocks[request.param.__name__]


CALLS = {"fire": {"squeeze": 3, "expand": 4}, "gated": {"filters": 6}}


def test_a_python_block_passes_the_check_of_all_blocks(registered: str, tmp_path):
    check_block(Sample(registered, CALLS[registered]), tmp_path)
    check_block(Sample(registered, {**CALLS[registered], "repeats": 2}), tmp_path)


@pytest.fixture
def fires() -> Iterator[None]:
    factory.block(fire)
    yield
    del REGISTRY._blocks["fire"]


SPEC = {
    "name": "little_squeezenet",
    "input": {"resolution": 16},
    "conventions": {"norm": "none"},
    "stages": {
        "stem": {"block": "conv", "filters": 8},
        "f1": {"block": "fire", "squeeze": 2, "expand": 4},
        "f2": {"block": "fire", "squeeze": 4},
        "head": {"block": "classifier", "units": 3},
    },
}


def test_costs_are_those_of_a_hand_count(fires):
    stages = {stage.name: stage.totals for stage in factory.cost(factory.load(SPEC)).stages}
    assert stages["f1"].params == (8 * 2 + 2) + (2 * 4 + 4) + (9 * 2 * 4 + 4)
    assert stages["f1"].macs == 16 * 16 * (8 * 2 + 2 * 4 + 9 * 2 * 4)
    assert stages["f2"].params == (8 * 4 + 4) + (4 * 64 + 64) + (9 * 4 * 64 + 64)


def test_nodes_are_named_by_stage_and_call(fires):
    names = [node.name for node in factory.plan(factory.load(SPEC)).nodes if node.stage == "f1"]
    assert names == [
        "f1.squeeze", "f1.squeeze.activation", "f1.e1", "f1.e1.activation", "f1.e3", "f1.e3.activation", "f1.concat",
    ]  # fmt: skip


def test_it_is_the_same_network_as_the_block_written_in_yaml(fires):
    def conv(filters: str, kernel: int) -> dict:
        return {"block": "conv", "filters": filters, "kernel": kernel}

    branches = {"e1": [conv("$expand", 1)], "e3": [conv("$expand", 3)]}
    block = {
        "params": {"squeeze": "width", "expand": {"type": "width", "default": 64}},
        "body": [conv("$squeeze", 1), {"block": "branches", "branches": branches}],
    }
    stages = {name: {**call, "block": call["block"].replace("fire", "flame")} for name, call in SPEC["stages"].items()}
    written = factory.load({**SPEC, "blocks": {"flame": block}, "stages": stages})
    assert factory.canonical_hash(factory.plan(written)) == factory.canonical_hash(factory.plan(factory.load(SPEC)))


def test_it_builds_and_widens_with_the_multiplier(fires):
    model = factory.build(factory.load(SPEC, width=2.0), seed=0)
    assert model.get_layer("f1.concat").output.shape[1:] == (16, 16, 16)
    assert keras.ops.convert_to_numpy(model(np.ones((2, 16, 16, 3)))).shape == (2, 3)


def test_mistakes_in_a_call_of_it_are_told_as_those_of_any_block(fires):
    with pytest.raises(SpecError, match=r"unknown parameter of block 'fire'(.|\n)*did you mean 'squeeze'?"):
        factory.load({**SPEC, "stages": {"f1": {"block": "fire", "squeze": 2, "squeeze": 3}}})
    with pytest.raises(SpecError, match="block 'fire' needs 'squeeze'"):
        factory.load({**SPEC, "stages": {"f1": {"block": "fire"}}})


@pytest.mark.parametrize(
    "call,error,message",
    [
        (lambda net, x: net.konv(x, filters=3), AttributeError, "no block 'konv'; did you mean 'conv'?"),
        (
            lambda net, x: net.conv(x, filtres=3),
            TypeError,
            "'conv' has no parameter 'filtres'; did you mean 'filters'?",
        ),
        (lambda net, x: net.conv(x, filters=3, activation="rellu"), FactoryError, "unknown activation 'rellu'"),
        (lambda net, x: net.conv(x, 16, 3), TypeError, "'conv' takes tensors, received 16"),
        (lambda net, x: net.concat([x, x]), TypeError, "'concat' takes tensors, received .Tensor"),
    ],
)
def test_mistakes_inside_it_name_block_and_parameter(call, error, message):
    def wrong(net: Net, x: Tensor) -> Tensor:
        return call(net, x)

    factory.block(wrong)
    try:
        with pytest.raises(error, match=message):
            factory.plan(factory.load({**SPEC, "stages": {"x": {"block": "wrong"}}}))
    finally:
        del REGISTRY._blocks["wrong"]
