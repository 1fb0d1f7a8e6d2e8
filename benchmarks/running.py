"""Inference and training steps beside keras.applications' models of the same networks, same shapes, same run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import factory
from benchmarks.building import NETWORKS
from benchmarks.measure import in_turns, line, ratio

BATCH = 8
RESOLUTION = 96


def inference(model: keras.Model, images: Any) -> Callable[[], object]:
    """One forward pass, traced once."""
    call = tf.function(lambda x: model(x, training=False), jit_compile=False)
    return lambda: call(images)


def training_step(model: keras.Model, images: Any, labels: Any) -> Callable[[], object]:
    """One step of SGD, traced once by Keras."""
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", jit_compile=False)
    return lambda: model.train_on_batch(images, labels)


def same_work(name: str) -> factory.Spec:
    """The spec at the benchmark's resolution, preprocessing only where keras.applications has it in the model too."""
    spec = factory.load(name, **{"input.resolution": RESOLUTION})
    return spec if name.startswith("efficientnet") else spec.override({"input.preprocess": "none"})


def main() -> None:
    random = np.random.default_rng(0)
    images = tf.constant(random.uniform(0, 255, (BATCH, RESOLUTION, RESOLUTION, 3)), "float32")
    labels = random.integers(0, 1000, BATCH)
    for name, constructor in NETWORKS.items():
        if name == "efficientnet_b7":
            continue  # the same layers as B0, a minute of waiting
        keras.backend.clear_session()
        ours = factory.build(same_work(name))
        theirs = getattr(keras.applications, constructor)(weights=None, input_shape=(RESOLUTION, RESOLUTION, 3))
        forward = {"ours": inference(ours, images), "theirs": inference(theirs, images)}
        times = in_turns(forward, runs=31, warm_up=3)
        line(f"inference {name}, batch {BATCH}, {RESOLUTION} px", str(times["ours"]), "")
        line("  ours / keras.applications", ratio(times["ours"], times["theirs"]), "at most 1.05")
        step = {"ours": training_step(ours, images, labels), "theirs": training_step(theirs, images, labels)}
        times = in_turns(step, runs=15, warm_up=2)
        line(f"training step {name}, batch {BATCH}, {RESOLUTION} px", str(times["ours"]), "")
        line("  ours / keras.applications", ratio(times["ours"], times["theirs"]), "at most 1.05")


if __name__ == "__main__":
    main()
