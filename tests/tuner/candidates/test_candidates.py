"""Candidates are the networks that overriding gives, whatever is remembered between them; costs and keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import factory
from factory.spec.diff import changes
from factory.train.recipe.reading import load_recipe
from tuner.candidates.building import Candidates
from tuner.candidates.constraints import parse_constraint
from tuner.candidates.costs import QUANTITIES, all_costs, depth
from tuner.space import Choice, Condition, Float, Int, Space

BASE = factory.load("mobilenet_v3_small")
CALL = {"block": "fused_mbconv", "expand": 4}
DIMENSIONS = [
    Choice("stages.s2", ("as it is", "fused", "out"), ({}, CALL, {"block": "sequence", "body": []})),
    Choice("stages.s2.kernel", (3, 5), when=(Condition("stages.s2", "ne", "out"),)),
    Choice("stages.s1.se", (0, 0.25)),
    Int("stages.s3.repeats", 1, 3),
    Float("scale.width", 0.5, 1.5, 0.5),
    Choice("conventions.activation", ("relu", "swish")),
    Choice("input.resolution", (96, 128)),
    Float("recipe.learning_rate", 1e-3, 1e-1, log=True),
    Choice("recipe.optimizer.name", ("sgd", "adam")),
]


SPACE = Space(DIMENSIONS)
CANDIDATES = Candidates(BASE, load_recipe("base"), SPACE)


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_a_candidate_is_the_spec_with_the_values_of_its_point(seed):
    """Remembered stages and costs are shared by all candidates; the network is that of plain overriding."""
    point = SPACE.sample(np.random.default_rng(seed))
    values = SPACE.settings(point)
    spec = factory.load(
        "mobilenet_v3_small", **{path: v for path, v in values.items() if not path.startswith("recipe.")}
    )
    network = CANDIDATES.network(point)
    assert changes(network, spec) == []
    cost = factory.cost(spec)
    assert CANDIDATES.feasible(point)
    assert CANDIDATES.costs(point)["macs"] == cost.macs
    candidate = CANDIDATES.candidate(point)
    assert candidate.costs == all_costs(cost)
    assert candidate.key.startswith(factory.canonical_hash(factory.plan(spec)))
    assert candidate.recipe.schedule.peak == point["recipe.learning_rate"]
    assert candidate.recipe.optimizer.name == point["recipe.optimizer.name"]


def test_the_base_is_not_changed():
    CANDIDATES.network({"stages.s2": "fused", "scale.width": 0.5})
    assert changes(CANDIDATES.spec, factory.load("mobilenet_v3_small")) == []


def test_equal_networks_have_equal_keys_and_other_recipes_other_ones():
    space = Space(
        [Choice("stages.f6.units", (42, 84)), Float("recipe.learning_rate", 0.01, 0.1), Choice("name", ("a", "b"))]
    )
    candidates = Candidates(factory.load("lenet5"), load_recipe("base"), space)

    def key(units: int, rate: float, name: str) -> str:
        return candidates.candidate({"stages.f6.units": units, "recipe.learning_rate": rate, "name": name}).key

    assert key(84, 0.05, "a") == key(84, 0.05, "b")
    assert len({key(84, 0.05, "a"), key(42, 0.05, "a"), key(84, 0.06, "a")}) == 3
    renamed = Candidates(factory.load("lenet5"), load_recipe({"recipe": "other", "extends": "base"}), space)
    point = {"stages.f6.units": 84, "recipe.learning_rate": 0.05, "name": "a"}
    assert renamed.candidate(point).key == key(84, 0.05, "a")


def test_a_point_that_cannot_be_built_is_infeasible_and_has_no_candidate():
    spec = factory.load("lenet5")
    candidates = Candidates(spec, load_recipe("base"), Space([Choice("stages.c1.filters", (4, 6))]))
    assert candidates.feasible({"stages.c1.filters": 6})
    assert not candidates.feasible({"stages.c1.filters": 4})
    with pytest.raises(factory.SpecError, match="channel 4 does not exist"):
        candidates.candidate({"stages.c1.filters": 4})


def test_stages_can_be_moved_and_removed():
    space = Space([Choice("stages.f6", ("stays", "moves", "goes"), ({}, {"after": "input"}, None))])
    candidates = Candidates(factory.load("lenet5"), load_recipe("base"), space)
    names = ["c1", "s2", "c3", "s4", "c5", "flatten", "f6", "head"]
    orders = [list(candidates.network({"stages.f6": label}).document["stages"]) for label in ("stays", "moves", "goes")]
    assert orders == [names, ["f6", *(name for name in names if name != "f6")], [n for n in names if n != "f6"]]


def test_networks_beyond_the_limit_are_infeasible():
    candidates = Candidates(factory.load("lenet5"), load_recipe("base"), Space([Int("stages.f6.units", 84, 10**9)]))
    assert not candidates.feasible({"stages.f6.units": 10**9})


@pytest.mark.parametrize(("name", "layers"), [("vgg16", 16), ("resnet18", 18), ("resnet50", 50), ("densenet121", 121)])
def test_depth_is_the_number_in_the_names_of_networks(name, layers):
    assert depth(factory.plan(factory.load(name)).for_inference()) == layers


def test_all_quantities_by_hand():
    """Two 3x3 convolutions of 4 and 8 filters, the second with stride 2, on 8x8 gray images, and 10 classes."""
    spec = factory.load(
        {
            "name": "tiny", "input": {"resolution": 8, "channels": 1}, "classes": 10,
            "conventions": {"norm": {"kind": "none"}, "bias": True},
            "stages": {
                "a": {"block": "conv", "filters": 4, "kernel": 3},
                "b": {"block": "conv", "filters": 8, "kernel": 3, "stride": 2},
                "head": {"block": "classifier"},
            },
        }
    )  # fmt: skip
    params = 9 * 4 + 4 + 9 * 4 * 8 + 8 + 80 + 10
    costs = all_costs(factory.cost(spec))
    assert costs == {
        "params": params,
        "trainable": params,
        "macs": 64 * 9 * 4 + 16 * 9 * 4 * 8 + 80,
        "activations": 64 * 4 + 16 * 8 + 10,
        "weight_bytes": 4 * params,
        "peak_memory": 4 * (params + 64 * 4 + 16 * 8),
        "depth": 3,
        "receptive_field": 5,
    }
    assert [*costs, "latency_ms"] == list(QUANTITIES)


def test_each_constraint_is_an_obstacle_by_itself():
    texts = ("macs <= 100", "depth <= 1")
    for text in texts:
        constraints = [parse_constraint("params <= 5M"), parse_constraint(text)]
        space = Space([Choice("stages.f6.units", (42, 84))])
        candidates = Candidates(factory.load("lenet5"), load_recipe("base"), space, constraints)
        assert candidates.obstacle({"stages.f6.units": 42}) is constraints[1]
