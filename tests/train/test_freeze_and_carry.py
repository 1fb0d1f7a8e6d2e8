"""Freezing by stage, carrying over by name and shape."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import factory
from factory.errors import FactoryError
from factory.train.weights import carry, freeze, is_bias, is_norm

SPEC = {
    "input": {"resolution": 8, "channels": 1},
    "classes": 3,
    "stages": {
        "stem": {"block": "conv", "filters": 4, "kernel": 3},
        "s1": {"block": "conv", "filters": 4, "kernel": 3, "repeats": 2},
        "s10": {"block": "conv", "filters": 4, "kernel": 1},
        "head": {"block": "classifier"},
    },
}


def layers_of(names: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "patterns, expected",
    [
        ([], set()),
        (["s1"], {"s1"}),
        (["s*"], {"stem", "s1", "s10"}),
        (["stem", "head"], {"stem", "head"}),
        (["*"], {"stem", "s1", "s10", "head"}),
    ],
)
def test_patterns_freeze_whole_stages_and_nothing_else(patterns, expected):
    model = factory.build(SPEC, seed=0)
    freeze(model, patterns)
    assert layers_of([layer.name for layer in model.layers if not layer.trainable]) - {"input"} == expected
    trained = layers_of([weight.path.partition("/")[0] for weight in model.trainable_weights])
    assert trained == {"stem", "s1", "s10", "head"} - expected


def test_a_repeat_can_be_frozen_alone_and_thawed_again():
    model = factory.build(SPEC, seed=0)
    freeze(model, ["s1.0"])
    assert {layer.name for layer in model.layers if not layer.trainable and layer.weights} >= {"s1.0"}
    assert all(layer.name.startswith("s1.0") for layer in model.layers if not layer.trainable)
    count = len(model.trainable_weights)
    freeze(model, [])
    assert len(model.trainable_weights) > count


def test_an_unknown_stage_is_told_with_the_nearest():
    with pytest.raises(FactoryError, match=r"no stage .* 'stam'.*did you mean 'stem'"):
        freeze(factory.build(SPEC, seed=0), ["stam"])


def test_norms_and_biases_are_recognised():
    model = factory.build({**SPEC, "conventions": {"norm": "batch"}}, seed=0)
    norms = {layer.name for layer in model.layers if is_norm(layer)}
    assert norms == {layer.name for layer in model.layers if type(layer) is keras.layers.BatchNormalization} != set()
    assert {weight.name for weight in model.trainable_weights if is_bias(weight)} == {"beta", "bias"}


def test_what_has_the_same_name_and_shape_is_carried_over_and_the_rest_is_named():
    source = factory.build(SPEC, seed=1)
    target = factory.build(factory.load(SPEC, classes=5), seed=2)
    before = {weight.path: np.array(weight) for weight in target.weights}
    left = carry(source.weights, target.weights)
    assert {path.partition("/")[0].partition(".")[0] for path in left} == {"head"}
    theirs = {weight.path: np.array(weight) for weight in source.weights}
    for weight in target.weights:
        expected = before if weight.path in left else theirs
        np.testing.assert_array_equal(weight, expected[weight.path])
