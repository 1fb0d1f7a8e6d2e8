"""Shipped specs are the networks of keras.applications: counts are equal, and so are logits with copied weights."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest
from keras_counts import keras_macs, trainable_count
from peers import PEERS, applications

import factory
from factory.models.compare import compare_outputs, logits, perturb, random_images
from factory.models.official import is_official, twin
from factory.spec.zoo import zoo_names


def build(name: str, size: int, **changes: Any) -> keras.Model:
    changes = {**changes, "input.resolution": size}
    if name.startswith(("vgg", "squeezenet")):  # without norms the signal fades away from the usual start
        changes["conventions.initializer"] = "he_normal"
    return factory.build(factory.load(name, **changes), seed=0)


def test_every_network_of_keras_applications_is_compared():
    constructors = {name for name, value in vars(applications).items() if inspect.isfunction(value)}
    assert {peer.constructor for peer in PEERS.values()} == constructors


def test_official_weights_come_from_the_networks_that_are_compared():
    twins = {name: (peer.constructor, peer.options) for name, peer in PEERS.items()}
    assert {name: (twin(name)[0].__name__, twin(name)[1]) for name in PEERS} == twins
    assert {name for name in zoo_names() if is_official(name)} == set(PEERS)


@pytest.mark.parametrize("name", PEERS)
def test_counts_and_outputs_are_those_of_keras_applications(name, monkeypatch):
    peer, first = PEERS[name], None
    for size in peer.sizes:
        ours = build(name, size)
        draw_nothing(monkeypatch)  # every other model is given the weights of this one
        theirs = peer.build(size)
        assert ours.count_params() == theirs.count_params()
        assert trainable_count(ours) == trainable_count(theirs)
        assert factory.cost(factory.load(name, **{"input.resolution": size})).macs == keras_macs(theirs)
        if first is None:
            perturb(ours)
            assert factory.copy_weights(ours, theirs).values == theirs.count_params()
            first = ours, theirs
        else:
            give_weights(first[0], ours)
            assert factory.copy_weights(first[1], theirs).values == theirs.count_params()
        images = random_images(ours)
        difference = compare_outputs(logits(ours, images), peer.logits(theirs, images), images)
        assert difference.ok, (size, difference)


def draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that would be drawn at random start as zeros."""
    for kind in ("VarianceScaling", "TruncatedNormal", "RandomNormal", "RandomUniform"):
        monkeypatch.setattr(
            getattr(keras.initializers, kind),
            "__call__",
            lambda self, shape, dtype=None, **_: keras.ops.zeros(shape, dtype),
        )


def give_weights(source: keras.Model, target: keras.Model) -> None:
    """Weight by weight, without `copy_weights`, from which the published network has its own."""
    for weight, into in zip(source.weights, target.weights, strict=True):
        into.assign(weight)
    for layer in target.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its weights


@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_b0"])
def test_swapping_two_kernels_of_one_shape_is_caught(name):
    peer = PEERS[name]
    theirs, ours = peer.build(64, classes=10), build(name, 64, classes=10)
    perturb(ours)
    factory.copy_weights(ours, theirs)
    images = random_images(ours)
    expected = logits(ours, images)
    first, second = equal_kernels(theirs)
    a, b = first.numpy().copy(), second.numpy().copy()
    first.assign(b)
    second.assign(a)
    swapped = compare_outputs(expected, peer.logits(theirs, images), images)
    assert swapped.sensitive
    assert not swapped.ok, swapped
    first.assign(a)
    second.assign(b)
    assert compare_outputs(expected, peer.logits(theirs, images), images).ok


def equal_kernels(model: keras.Model) -> tuple[keras.Variable, keras.Variable]:
    """The last two convolution kernels of one shape."""
    seen: dict[tuple[int, ...], keras.Variable] = {}
    for layer in reversed(model.layers):
        if type(layer) is keras.layers.Conv2D:
            if layer.kernel.shape in seen:
                return layer.kernel, seen[layer.kernel.shape]
            seen[layer.kernel.shape] = layer.kernel
    raise AssertionError("no two kernels of one shape")


def test_squeezenet_computes_what_its_published_forward_pass_does():
    """torchvision's forward pass, written out with TensorFlow's functions: it is not in keras.applications."""
    model = build("squeezenet1_1", 67, classes=10)
    perturb(model)
    images = random_images(model)
    difference = compare_outputs(logits(model, images), [squeezenet(model, images)], images)
    assert difference.ok, difference


def squeezenet(model: keras.Model, images: np.ndarray) -> np.ndarray:
    weights = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    kernels = iter(weights.values())  # in the order of the network: squeeze, 1x1, 3x3

    def conv(x: Any, stride: int = 1, padding: str = "VALID") -> Any:
        kernel, bias = next(kernels)
        return keras.ops.relu(keras.ops.conv(x, kernel, stride, padding.lower()) + bias)

    def pool(x: Any) -> Any:
        """3x3, stride 2, rounding up: minus infinity behind where a window would be cut off."""
        rest = [(0, (size - 3) % 2) for size in x.shape[1:3]]
        return keras.ops.max_pool(keras.ops.pad(x, [(0, 0), *rest, (0, 0)], constant_values=-np.inf), 3, 2, "valid")

    def fire(x: Any) -> Any:
        squeezed = conv(x)
        return keras.ops.concatenate([conv(squeezed), conv(squeezed, padding="SAME")], -1)

    x = (images / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    x = pool(conv(x.astype("float32"), 2))
    x = pool(fire(fire(x)))
    x = pool(fire(fire(x)))
    x = conv(fire(fire(fire(fire(x)))))
    assert next(kernels, None) is None
    return keras.ops.convert_to_numpy(keras.ops.mean(x, (1, 2)))
