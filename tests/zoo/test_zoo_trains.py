"""A spec must train: of each family the smallest member, shrunk by multipliers, learns one fixed batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import factory

CLASSES = 4
FAMILIES: dict[str, dict[str, Any]] = {
    "densenet40_k12_bc_cifar": {"scale.width": 0.5, "scale.depth": 0.3},
    "efficientnet_b0": {"input.resolution": 64, "scale.width": 0.25, "scale.depth": 0.3},
    "fractalnet_cifar": {"scale.width": 0.125},
    "mobilenet_v1": {"input.resolution": 64, "scale.width": 0.25, "scale.depth": 0.3},
    "mobilenet_v2": {"input.resolution": 64, "scale.width": 0.25, "scale.depth": 0.3},
    "resnet50": {"input.resolution": 64, "scale.width": 0.25, "scale.depth": 0.3},
    "resnet50_v2": {"input.resolution": 64, "scale.width": 0.25, "scale.depth": 0.3},
    "squeezenet1_1": {"input.resolution": 64, "scale.width": 0.5},
    "vgg16": {"input.resolution": 32, "scale.width": 0.125},
}


def without_dropout(model: keras.Model) -> keras.Model:
    """The same model; what it drops in training is nothing from now on."""
    for layer in model.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0.0
    return model


@pytest.mark.parametrize("name", FAMILIES)
def test_ten_steps_on_one_batch_lower_the_loss_clearly(name):
    spec = factory.load(name, classes=CLASSES, **{"conventions.initializer": "he_normal"}, **FAMILIES[name])
    model = without_dropout(factory.build(spec, seed=0))
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (8, *model.input_shape[1:])).astype("float32")
    labels = rng.integers(0, CLASSES, (8, *model.output_shape[1:-1]))
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", run_eagerly=True)
    losses = [model.train_on_batch(images, labels) for _ in range(11)]
    assert losses[10] < 0.8 * losses[0], losses
