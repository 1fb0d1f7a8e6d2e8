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
    height, width, _ = input_shape(spec)
    assert ([height, width] if height != width else height) == published["resolution"]
    cost, totals = factory.cost(spec), factory.totals(spec)
    counts = {key: published[key] for key in ("params", "trainable", "macs") if key in published}
    assert "trainable" in counts
    for key, count in counts.items():
        assert getattr(cost, key) == getattr(totals, key) == count, key


@every_spec
def test_the_spec_expects_the_published_numbers(name):
    expect = factory.load(name).expect
    for key in ("params", "trainable", "macs"):
        assert getattr(expect, key) == PUBLISHED[name].get(key), key
    assert expect.source


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
