"""Dense evaluation: the same network at its own resolution, the mean over all of an image's crops at a larger one."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import factory
from factory.errors import FactoryError
from factory.graph.ops import Conv, Dense, Flatten, GlobalPool
from factory.models.build import build
from factory.models.compare import perturb, random_images
from factory.spec import Spec
from factory.train.dense import copy_dense_weights, dense_graph, dense_model

FLAT = {
    "flatten": {"block": "flatten"},
    "drop": {"block": "dropout", "rate": 0.5},
    "fc1": {"block": "dense", "units": 5, "activation": "relu"},
    "norm": {"block": "norm", "norm": "batch"},
    "prelu": {"block": "activation", "kind": "prelu"},
    "fc2": {"block": "dense", "units": 6, "activation": "linear"},
    "maxout": {"block": "maxout", "pieces": 2},
    "out": {"block": "dense", "units": "$classes", "activation": "softmax"},
}


def spec(head: dict[str, Any] | None = None, *, padding: str = "valid", resolution: Any = (10, 8), **more: Any) -> Spec:
    """Convolution, pooling by 2, and a head: its stride on the image is 2."""
    stages = {
        "stem": {"block": "conv", "filters": 4, "kernel": 3},
        "pool": {"block": "max_pool", "kernel": 2},
        **(head or FLAT),
    }
    conventions = {"norm": "none", "activation": "relu", "padding": padding}
    given = {"resolution": list(resolution), "channels": 3, "preprocess": "unit"}
    return factory.load(
        {"name": "net", "input": given, "classes": 4, "conventions": conventions, "stages": stages} | more
    )


def model_of(given: Spec, **options: Any) -> keras.Model:
    model = build(given, seed=0, **options)
    perturb(model)
    return model


def means_over_crops(model: keras.Model, images: np.ndarray, stride: int) -> np.ndarray:
    """softmax of the mean of the logits of every crop that the network could have been shown."""
    height, width, _ = model.input_shape[1:]
    places = [
        (top, left)
        for top in range(0, images.shape[1] - height + 1, stride)
        for left in range(0, images.shape[2] - width + 1, stride)
    ]
    assert len(places) > 4
    crops = [images[:, top : top + height, left : left + width] for top, left in places]
    logits = np.mean([np.log(np.asarray(model(crop), "float64")) for crop in crops], axis=0)
    chances = np.exp(logits)
    return chances / chances.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear"])
def test_at_its_own_resolution_a_dense_network_is_the_network(padding: str, activation: str):
    given = spec({**FLAT, "out": {"block": "dense", "units": "$classes", "activation": activation}}, padding=padding)
    model = model_of(given)
    dense = dense_model(model, given, (10, 8))
    images = random_images(model)
    assert np.ptp(np.asarray(model(images)), axis=0).max() > 1e-3
    np.testing.assert_allclose(dense(images), model(images), atol=1e-5)


def test_at_a_larger_one_it_is_the_mean_over_all_crops_at_the_networks_stride():
    given = spec()
    model = model_of(given)
    dense = dense_model(model, given, (16, 14))
    images = np.random.default_rng(1).uniform(0, 255, (3, 16, 14, 3)).astype("float32")
    expected = means_over_crops(model, images, stride=2)
    np.testing.assert_allclose(dense(images), expected, atol=1e-5)
    centre = np.asarray(model(images[:, 3:13, 3:11]))
    assert np.abs(centre - expected).max() > 1e-3


def test_the_scores_are_averaged_before_any_last_activation():
    given = spec({"flatten": {"block": "flatten"}, "out": {"block": "dense", "units": 4, "activation": "sigmoid"}})
    model = model_of(given)
    images = np.random.default_rng(1).uniform(0, 255, (2, 14, 12, 3)).astype("float32")
    crops = [images[:, top : top + 10, left : left + 8] for top in (0, 2, 4) for left in (0, 2, 4)]
    chances = [np.asarray(model(crop), "float64") for crop in crops]
    mean = np.mean([np.log(chance / (1 - chance)) for chance in chances], axis=0)
    np.testing.assert_allclose(dense_model(model, given, (14, 12))(images), 1 / (1 + np.exp(-mean)), atol=1e-5)


def test_a_head_without_activation_gives_the_mean_of_its_numbers():
    given = spec({"flatten": {"block": "flatten"}, "out": {"block": "dense", "units": 4, "activation": "linear"}})
    model = model_of(given)
    images = np.random.default_rng(1).uniform(0, 255, (2, 14, 12, 3)).astype("float32")
    crops = [images[:, top : top + 10, left : left + 8] for top in (0, 2, 4) for left in (0, 2, 4)]
    expected = np.mean([model(crop) for crop in crops], axis=0)
    np.testing.assert_allclose(dense_model(model, given, (14, 12))(images), expected, atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_network_with_global_pooling_only_gets_larger_images(precision: str):
    given = spec({"head": {"block": "classifier"}}, padding="same")
    model = model_of(given, precision=precision)
    dense = dense_model(model, given, (16, 14))
    larger = build(given.override({"input.resolution": [16, 14]}), precision=precision)
    larger.set_weights(model.get_weights())
    images = np.random.default_rng(1).uniform(0, 255, (3, 16, 14, 3)).astype("float32")
    np.testing.assert_array_equal(dense(images), larger(images))
    assert dense.get_layer("stem").compute_dtype == precision.removeprefix("mixed_")


def test_pooling_to_a_fixed_size_leaves_nothing_to_convolve():
    pooled = {"adapt": {"block": "adaptive_avg_pool", "size": 2}, **FLAT}
    given = spec(pooled)
    graph = dense_graph(given, (16, 14))
    assert any(isinstance(node.op, Flatten) for node in graph.nodes)
    model = model_of(given)
    np.testing.assert_allclose(dense_model(model, given, (10, 8))(random_images(model)), model(random_images(model)))


def test_weights_that_change_later_come_over():
    given = spec(input={"resolution": [10, 8], "channels": 3, "preprocess": {"mean": [9, 8, 7], "as": "weights"}})
    model = model_of(given)
    dense = dense_model(model, given, (10, 8))
    perturb(model, seed=5)
    images = random_images(model)
    assert np.abs(np.asarray(dense(images)) - model(images)).max() > 1e-3
    copy_dense_weights(model, dense)
    np.testing.assert_allclose(dense(images), model(images), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "size", "first", "positions"),
    [
        ("vgg16", (256, 320), (7, 7), (2, 4)),
        ("alexnet", (259, 227), (6, 6), (2, 1)),
        ("lenet5", (40, 36), (1, 1), (3, 2)),
    ],
)
def test_networks_of_the_zoo_become_convolutional(name: str, size: tuple[int, int], first: Any, positions: Any):
    given = factory.load(name)
    graph = dense_graph(given, size)
    assert not [node for node in graph.nodes if isinstance(node.op, (Dense, Flatten))]
    assert graph.cost.params == factory.cost(given).params
    *_, last = [index for index, node in enumerate(graph.nodes) if isinstance(node.op, GlobalPool)]
    assert graph.input_shapes(graph.nodes[last]) == ((*positions, given.classes),)
    heads = [node.op.kernel for node in graph.nodes if isinstance(node.op, Conv) and "f" in node.name.split(".")[-1]]
    assert heads[0] == first and set(heads[1:]) <= {(1, 1)}


def test_overfeat_is_convolutional_as_it_is():
    given = factory.load("overfeat_fast")
    own, larger = factory.plan(given), dense_graph(given, (281, 317))
    assert [(node.name, node.op) for node in own.nodes] == [(node.name, node.op) for node in larger.nodes]


@pytest.mark.parametrize(
    "between",
    [{"block": "norm", "norm": "batch"}, {"block": "softmax"}, {"block": "maxout", "pieces": 2}],
    ids=lambda call: call["block"],
)
def test_a_head_without_an_equal_in_convolutions_is_refused(between: dict[str, Any]):
    head = {"flatten": {"block": "flatten"}, "odd": between, "out": {"block": "dense", "units": 4}}
    with pytest.raises(FactoryError, match=r"odd.* of net does to a flattened image what no convolution does"):
        dense_graph(spec(head), (16, 14))
    dense_graph(spec(head), (10, 8))  # nothing larger, nothing to convolve


def test_an_image_that_the_network_cannot_run_on_is_told():
    with pytest.raises(FactoryError, match="net cannot run on 2x2 pixels"):
        dense_graph(spec(), (2, 2))


def test_a_model_of_another_spec_is_refused():
    model = build(spec({"head": {"block": "classifier"}}))
    with pytest.raises(FactoryError, match=r"net is not built as its spec says: the weights of .* differ"):
        dense_model(model, spec(), (16, 14))
