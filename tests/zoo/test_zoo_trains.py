"""A spec must train: of each family the smallest member, shrunk by multipliers, learns one fixed batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import factory
from factory.train.graphs import quick_start

BATCH = 4
CLASSES = 4
STEPS = 10
SMALL = {"input.resolution": 64, "scale.width": 0.25, "scale.depth": 0.3}
FAMILIES: dict[str, dict[str, Any]] = {
    "alexnet": {"input.resolution": 67, "scale.width": 0.125},
    "ciresan_mcdnn_column": {},
    "ciresan_mlp": {"scale.width": 0.1},
    "convnext_tiny": SMALL,
    "densenet40_k12_cifar": {"scale.depth": 0.3},
    "efficientnet_b0": SMALL,
    "efficientnet_v2_b0": SMALL,
    "fractalnet_cifar": {"scale.width": 0.125},
    "googlenet": {"input.resolution": 64, "scale.width": 0.125},
    "inception_resnet_v1": {"input.resolution": 75, "scale.width": 0.125, "scale.depth": 0.1},
    "lenet5": {},
    "mnasnet_small": SMALL,
    "mobilenet_v1_025": {"input.resolution": 64},
    "mobilenet_v2": SMALL,
    "mobilenet_v3_small": SMALL,
    "nasbench101_resnet_like": {"input.resolution": 16, "scale.width": 0.125},
    "nasnet_mobile": {"input.resolution": 32, "scale.width": 0.5, "scale.depth": 0.25},
    "nin_cifar10": {"scale.width": 0.25},
    "randwire_ws_small": {"input.resolution": 64, "scale.width": 0.125, "defaults.random_graph.nodes": 8},
    "res2net50_26w_4s": {**SMALL, "scale.width": 0.5},
    "resnet18_v2": SMALL,
    "resnet20_cifar": {"scale.depth": 0.3},
    "resnext29_32x4d_cifar": {"input.resolution": 16, "scale.width": 0.25, "scale.depth": 0.1},
    "se_resnet50": SMALL,
    "shufflenet_v1_g1": SMALL,
    "shufflenet_v2_x0_5": SMALL,
    "squeezenet1_1": {"input.resolution": 64, "scale.width": 0.5},
    "vgg11": {"input.resolution": 32, "scale.width": 0.125},
    "xception": {"input.resolution": 71, "scale.width": 0.125, "scale.depth": 0.1},
}
SEGMENTATION: dict[str, dict[str, Any]] = {
    "deeplab_aspp": {"input.resolution": 33, "scale.width": 0.125, "scale.depth": 0.3},
    "enet": {"input.resolution": [32, 64], "scale.width": 0.5, "scale.depth": 0.25},
    "unet": {"input.resolution": 188, "scale.width": 0.0625},
}


def build(name: str, changes: dict[str, Any]) -> keras.Model:
    """The shrunken network, which drops nothing in training."""
    spec = factory.load(name, classes=CLASSES, **{"conventions.initializer": "he_normal"}, **changes)
    model = factory.build(spec, seed=0)
    for layer in model.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0.0
    return model


def losses(model: keras.Model, images: np.ndarray, labels: np.ndarray, rate: float) -> list[float]:
    """The loss before each of STEPS steps on one batch, and after the last.

    Steps go by the signs of the gradient: one rate serves every network.
    """
    error, x, y = keras.losses.SparseCategoricalCrossentropy(), tf.constant(images), tf.constant(labels)
    weights = [weight.value for weight in model.trainable_weights]

    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = error(y, model(x, training=True))
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(rate * tf.sign(gradient))
        return loss

    traced = tf.function(step, autograph=False)
    with quick_start():
        return [float(traced()) for _ in range(STEPS + 1)]


@pytest.mark.parametrize("name", FAMILIES)
def test_ten_steps_on_one_batch_lower_the_loss_clearly(name):
    model, rng = build(name, FAMILIES[name]), np.random.default_rng(0)
    images = rng.uniform(0, 255, (BATCH, *model.input_shape[1:])).astype("float32")
    before, *_, after = losses(model, images, rng.integers(0, CLASSES, BATCH), rate=1e-3)
    assert after < 0.8 * before


@pytest.mark.parametrize("name", SEGMENTATION)
def test_ten_steps_lower_the_loss_of_every_pixel_clearly(name):
    """Patches of 16 x 16 pixels of one class each, the brighter the higher its number."""
    model, rng = build(name, SEGMENTATION[name]), np.random.default_rng(0)
    (height, width, channels), (rows, columns) = model.input_shape[1:], model.output_shape[1:3]
    patches = rng.integers(0, CLASSES, (BATCH, -(-height // 16), -(-width // 16)))
    labels = patches.repeat(16, 1).repeat(16, 2)[:, :height, :width]
    images = 60 * labels[..., None] + rng.uniform(0, 60, (BATCH, height, width, channels))
    top, left = (height - rows) // 2, (width - columns) // 2  # valid convolutions see less than they read
    seen = labels[:, top : top + rows, left : left + columns]
    before, *_, after = losses(model, images.astype("float32"), seen, rate=3e-3)
    assert after < 0.8 * before
