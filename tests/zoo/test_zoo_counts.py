"""Every shipped spec costs what its `expect` says and what published implementations were measured to cost."""

from __future__ import annotations

import keras
import pytest
from keras_counts import keras_macs
from published import PUBLISHED

import factory
from factory.spec import input_shape
from factory.spec.zoo import zoo_names

every_spec = pytest.mark.parametrize("name", zoo_names())


def test_every_shipped_spec_has_published_numbers():
    assert zoo_names() == sorted(PUBLISHED)


@every_spec
def test_costs_are_the_published_ones(name):
    spec, published = factory.load(name), PUBLISHED[name]
    cost = factory.cost(spec)
    assert input_shape(spec) == (published["resolution"], published["resolution"], 3)
    assert (cost.params, cost.trainable, cost.macs) == tuple(published[key] for key in ("params", "trainable", "macs"))


@every_spec
def test_the_spec_expects_the_published_numbers(name):
    expect = factory.load(name).expect
    assert {key: getattr(expect, key) for key in ("params", "trainable", "macs")} == {
        key: PUBLISHED[name][key] for key in ("params", "trainable", "macs")
    }
    assert expect.source


@every_spec
def test_adding_up_alone_gives_the_same_costs(name):
    assert factory.totals(factory.load(name)).params == PUBLISHED[name]["params"]
    assert factory.totals(factory.load(name)).macs == PUBLISHED[name]["macs"]


@every_spec
def test_costs_of_stages_add_up_to_the_total(name):
    cost = factory.cost(factory.load(name))
    for key in ("params", "trainable", "macs", "activations"):
        assert sum(getattr(stage.totals, key) for stage in cost.stages) == getattr(cost, key)


@pytest.mark.parametrize("name,constructor", [("resnet50", "ResNet50"), ("resnet50_v2", "ResNet50V2")])
def test_published_macs_of_resnets_are_those_of_the_layers_of_keras(name, constructor):
    model = getattr(keras.applications, constructor)(weights=None)
    assert keras_macs(model) == PUBLISHED[name]["macs"]


def test_macs_of_efficientnet_at_another_size_are_those_of_the_layers_of_keras():
    model = keras.applications.EfficientNetB0(weights=None, input_shape=(130, 97, 3), classes=7)
    spec = factory.load("efficientnet_b0", classes=7, **{"input.resolution": [130, 97]})
    assert factory.cost(spec).macs == keras_macs(model)
    assert factory.cost(spec).params == model.count_params()
