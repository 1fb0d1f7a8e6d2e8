"""The proof of equality: what it passes, and above all what it does not."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from networks import EFFICIENT, MOBILE, PLAIN

import factory
from factory.errors import FactoryError
from factory.graph import Graph
from factory.models.build import build_graph
from factory.models.compare import Difference, compare_outputs, logits, perturb, random_images
from factory.models.copy import copy_weights


@pytest.fixture(scope="module")
def twins() -> Callable[[Graph], tuple[keras.Model, keras.Model]]:
    """Gives two models of a graph with the same weights; the second may be changed."""
    made: dict[str, tuple[keras.Model, keras.Model]] = {}

    def equal(graph: Graph) -> tuple[keras.Model, keras.Model]:
        if graph.name not in made:
            made[graph.name] = build_graph(graph, seed=0), build_graph(graph, seed=1)
            perturb(made[graph.name][0])
        copy_weights(*made[graph.name])
        return made[graph.name]

    return equal


@pytest.mark.parametrize("graph", [EFFICIENT, MOBILE, PLAIN], ids=lambda graph: graph.name)
def test_equal_models_are_equal(graph, twins):
    a, b = twins(graph)
    assert compare_outputs(a, b, random_images(a)).ok


@pytest.mark.parametrize("part", ["expand", "depthwise", "project"])
def test_two_swapped_kernels_of_one_shape_are_caught(part, twins):
    a, b = twins(MOBILE)
    first, second = (b.get_layer(f"s2.{repeat}.{part}") for repeat in (2, 3))
    kernels = first.get_weights(), second.get_weights()
    first.set_weights(kernels[1])
    second.set_weights(kernels[0])
    found = compare_outputs(a, b, random_images(a))
    assert found.sensitive
    assert not found.ok


@pytest.mark.parametrize("name", ["stem", "s1.1.se.reduce", "s2.1.project.norm", "s2.2.expand", "norm"])
def test_a_change_of_any_weight_is_caught(name, twins):
    a, b = twins(EFFICIENT)
    layer = b.get_layer(name)
    values = layer.get_weights()
    values[-2 if name == "norm" else -1] = values[-2 if name == "norm" else -1] * 1.1
    layer.set_weights(values)
    if name == "norm":
        layer.finalize_state()
    assert not compare_outputs(a, b, random_images(a)).ok


def test_a_model_that_ignores_its_input_proves_nothing():
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Dense(4, bias_initializer="ones")(keras.ops.mean(image * 0.0, (1, 2))))
    found = compare_outputs(model, model, random_images(model))
    assert not found.ok
    assert "hardly depend on the image" in str(found)


def test_logits_are_those_of_the_layer_before_the_softmax():
    image = keras.Input((6,))
    hidden = keras.layers.Dense(4, name="hidden")(image)
    x = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in keras.Model(image, hidden).get_layer("hidden").weights)
    for model in (
        keras.Model(image, hidden),
        keras.Model(image, keras.layers.Softmax()(hidden)),
        keras.Model(image, keras.layers.Activation("softmax")(hidden)),
    ):
        np.testing.assert_allclose(logits(model, x)[0], x @ kernel + bias, atol=1e-5)


def test_logits_of_a_dense_layer_with_a_softmax_of_its_own():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="softmax", bias_initializer="ones")])
    x = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(logits(model, x)[0], x @ kernel + bias, atol=1e-5)
    np.testing.assert_allclose(keras.ops.softmax(logits(model, x)[0]), model(x), atol=1e-6)


def test_logits_of_several_outputs_come_in_order():
    image = keras.Input((6,))
    ends = [keras.layers.Dense(n, activation=act)(image) for n, act in ((4, "softmax"), (5, "linear"))]
    x = np.ones((2, 6), "float32")
    assert [value.shape for value in logits(keras.Model(image, ends), x)] == [(2, 4), (2, 5)]


def test_perturbing_moves_every_statistic_and_bias_and_restores_momentum():
    model = build_graph(EFFICIENT, seed=0)
    before = {weight.path: weight.numpy() for weight in model.weights}
    perturb(model, seed=3)
    for weight in model.weights:
        moved = np.any(before[weight.path] != weight.numpy())
        assert moved == ("kernel" not in weight.name and weight.name != "count"), weight.path
    assert model.get_layer("stem.norm").momentum == 0.99
    variances = model.get_layer("stem.norm").moving_variance.numpy()
    assert np.all(variances > 0)


def test_perturbing_does_not_make_a_deep_network_enlarge_what_it_is_given():
    """Statistics that do not fit the other weights give outputs of 2e4, and with them rounding errors of 10."""
    spec = factory.load("efficientnet_v2_b0", width=0.25, classes=10, **{"input.resolution": 64})
    model = factory.build(spec, seed=0)
    perturb(model)
    images = random_images(model)
    assert compare_outputs(model, model, images).spread < 200


def test_outputs_computed_elsewhere_can_be_compared():
    model = build_graph(PLAIN, seed=0)
    images = random_images(model)
    elsewhere = logits(model, images)
    assert compare_outputs(model, elsewhere, images).ok
    assert not compare_outputs(model, [elsewhere[0] + 1], images).ok


def test_outputs_that_are_no_numbers_are_not_equal():
    nan = [np.full((2, 3), np.nan)]
    assert not compare_outputs(nan, nan, np.zeros((2, 1))).ok


def test_shapes_that_differ_and_single_images_are_errors():
    with pytest.raises(FactoryError, match="different shapes"):
        compare_outputs([np.zeros((2, 3))], [np.zeros((2, 4))], np.zeros((2, 1)))
    with pytest.raises(FactoryError, match="two different images"):
        compare_outputs([np.zeros((1, 3))], [np.zeros((1, 3))], np.zeros((1, 1)))


def test_the_tolerance_is_relative_to_the_spread():
    assert Difference(0.9e-4, 1.0, 5.0, 1e-4).ok
    assert not Difference(1.1e-4, 1.0, 5.0, 1e-4).ok
    assert not Difference(0.0, 0.04, 5.0, 1e-4).ok
