"""Memory, depth and receptive field stage by stage: as the whole graph has them, for the zoo and for sampled spaces."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

import factory
from factory.blocks import REGISTRY
from factory.spec.pieces import extent
from factory.spec.zoo import zoo_names
from factory.train.recipe.reading import load_recipe
from tuner.candidates.building import Candidates
from tuner.candidates.costs import all_costs, costs_of_chain
from tuner.space import Choice, Float, Int, Space

UP = {
    "name": "up",
    "input": {"resolution": [24, 40], "channels": 3},
    "classes": 4,
    "stages": {
        "down": {"block": "conv", "filters": 4, "kernel": [5, 3], "stride": [2, 4]},
        "up": {"block": "resize", "factor": 2},
        "act": {"block": "activation", "kind": "relu"},
        "join": {"block": "branches", "branches": {"a": [{"block": "conv", "filters": 4, "kernel": 7}], "b": []}},
        "same": {"block": "sequence", "body": []},
        "drop": {"block": "dropout", "rate": 0.5},
        "flat": {"block": "flatten"},
        "relu": {"block": "activation", "kind": "relu"},
        "head": {"block": "dense", "units": 4},
    },
}


def in_pieces(spec: factory.Spec) -> dict | None:
    return costs_of_chain(spec, factory.totals(spec))


@pytest.mark.parametrize("name", [*zoo_names()[::6], "vgg16", "googlenet", "enet", "unet", "nasnet_mobile"])
def test_a_network_of_the_zoo_has_the_same_costs_in_pieces(name):
    spec = factory.load(name)
    found = in_pieces(spec)
    assert found is None or found == all_costs(factory.cost(spec))


def test_most_networks_of_the_zoo_are_chains():
    chains = [
        name for name in ("efficientnet_b0", "resnet50", "vgg16", "mobilenet_v3_large", "densenet121", "inception_v3")
    ]
    assert all(extent(factory.load(name)) is not None for name in chains)


@pytest.mark.parametrize("resolution", [[24, 40], "any"])
def test_uneven_sides_upsampling_and_tensors_that_are_handed_on(resolution):
    spec = factory.load({**UP, "input": {**UP["input"], "resolution": resolution}} if resolution != "any" else _any())
    found = in_pieces(spec)
    assert found == all_costs(factory.cost(spec))


def _any() -> dict:
    stages = {key: call for key, call in UP["stages"].items() if key not in ("flat", "head")}
    return {**UP, "input": {"resolution": "any", "channels": 3}, "stages": {**stages, "head": {"block": "classifier"}}}


def test_stages_that_read_others_make_larger_pieces():
    spec = factory.load(
        {
            "name": "wired",
            "input": {"resolution": 16, "channels": 3},
            "classes": 4,
            "stages": {
                "a": {"block": "conv", "filters": 4, "kernel": 3},
                "b": {"block": "conv", "filters": 4, "kernel": 3},
                "c": {"block": "conv", "filters": 4, "kernel": 5, "from": "a"},
                "sum": {"block": "add", "from": ["b", "c"]},
                "d": {"block": "conv", "filters": 8, "kernel": 3, "stride": 2},
                "head": {"block": "classifier"},
            },
        }
    )
    assert in_pieces(spec) == all_costs(factory.cost(spec))


def test_what_is_remembered_is_right_for_every_point_of_a_space():
    """Costs by pieces, one after the other from one memory, against the graph of each network alone."""
    space = Space(
        [
            Float("scale.width", 0.5, 1.5, 0.25),
            Choice("stages.s2", ("mb", "basic"), ({"block": "mbconv", "expand": 4}, {"block": "basic"})),
            Int("stages.s3.repeats", 1, 3),
            Choice("stages.s4.kernel", (3, 5), ordered=True),
            Choice("conventions.activation", ("relu", "swish")),
            Choice("input.preprocess", ("unit", "tf")),
            Choice("stochastic_depth.rate", (0.0, 0.2)),
        ]
    )
    spec = factory.load("efficientnet_b0", **{"input.resolution": 64})
    candidates = Candidates(spec, load_recipe("base"), space)
    random = np.random.default_rng(0)
    for _ in range(25):
        point = space.sample(random)
        alone = factory.cost(factory.load("efficientnet_b0", **{"input.resolution": 64, **space.settings(point)}))
        assert candidates.costs(point, every=True) == all_costs(alone)


def test_cells_that_are_searched_have_the_costs_that_each_has_alone():
    """What blocks inside cells cost is remembered whatever the cell's defaults are."""
    given = {"extends": "nasbench101_inception_like", "input": {"resolution": 32}, "classes": 10}
    ops = [Choice(f"defaults.cell.ops.{index}", ("conv3x3", "conv1x1", "maxpool3x3")) for index in range(1, 6)]
    space = Space([*ops, Choice("defaults.conv.kernel", (1, 3)), Choice("conventions.activation", ("relu", "swish"))])
    candidates = Candidates(factory.load(given), load_recipe("base"), space)
    random = np.random.default_rng(0)
    for _ in range(8):
        point = space.sample(random)
        alone = factory.cost(factory.load({**given, "name": "alone"}, **space.settings(point)))
        assert candidates.costs(point, every=True) == all_costs(alone)


def test_no_block_without_bodies_calls_one_with_bodies():
    """So that their defaults do not matter to what is remembered of it."""
    takers = [name for name in REGISTRY if REGISTRY[name].takes_bodies]
    for info in (REGISTRY[name] for name in REGISTRY if name not in takers):
        calls = set(re.findall(r"\bnet\.(\w+)\(", inspect.getsource(inspect.getmodule(inspect.unwrap(info.function)))))
        assert not calls & set(takers), info.name
