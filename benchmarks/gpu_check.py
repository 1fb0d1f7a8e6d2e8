"""`make gpu-check`: on a machine with GPUs, builds, trains two steps, compares with the CPU, prints timings."""

from __future__ import annotations

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import factory

SPECS = ("efficientnet_b0", "resnet50", "mobilenet_v2")
BATCH = 32
TOLERANCE = 2e-2
"""Largest allowed difference to the CPU in float32, as a share of the spread; TF32 and other sums are allowed for."""


def spread_difference(spec: factory.Spec) -> float:
    """The largest difference between GPU and CPU outputs, as a share of the spread of the CPU's."""
    images = np.random.default_rng(0).uniform(0, 255, (4, *model_size(spec), 3)).astype("float32")
    outputs = {}
    for device in ("cpu", "gpu"):
        with tf.device("/cpu:0" if device == "cpu" else "/gpu:0"):
            model = factory.build(spec, seed=0, device=device, top=False)
            outputs[device] = keras.ops.convert_to_numpy(model(images, training=False))
    return float(np.abs(outputs["gpu"] - outputs["cpu"]).max() / np.ptp(outputs["cpu"]))


def model_size(spec: factory.Spec) -> tuple[int, int]:
    height, width, _ = factory.plan(spec).input
    return height or 224, width or 224


def train(spec: factory.Spec, precision: str, strategy: str) -> str:
    """Two training steps, then ten timed ones."""
    gpus = len(tf.config.list_physical_devices("GPU")) if strategy == "mirrored" else 1
    batch = BATCH * gpus
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (batch, *model_size(spec), 3)).astype("float32")
    labels = rng.integers(0, spec.classes, batch)
    scope = tf.distribute.MirroredStrategy() if strategy == "mirrored" else None
    model = factory.build(spec, seed=0, precision=precision, strategy=scope or "none")
    if scope:
        with scope.scope():
            model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", jit_compile=False)
    else:
        model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", jit_compile=False)
    losses = [float(model.train_on_batch(images, labels)) for _ in range(2)]
    if not np.isfinite(losses).all():
        raise SystemExit(f"{spec.name}: loss is not finite after two steps in {precision}: {losses}")
    begin = time.perf_counter()
    for _ in range(10):
        model.train_on_batch(images, labels)
    return f"{10 * batch / (time.perf_counter() - begin):,.0f} images a second, {gpus} GPU(s), loss {losses[-1]:.3f}"


def main() -> None:
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        print("no GPU on this machine: nothing was checked")
        return
    print(f"{len(gpus)} GPU(s): {', '.join(tf.config.experimental.get_device_details(g)['device_name'] for g in gpus)}")
    for name in SPECS:
        spec = factory.load(name)
        difference = spread_difference(spec)
        print(f"{name}: GPU and CPU differ by {difference:.1e} of the spread (allowed {TOLERANCE})", flush=True)
        if difference > TOLERANCE:
            raise SystemExit(1)
        for precision in ("float32", "mixed_float16", "mixed_bfloat16"):
            for strategy in ("none", "mirrored"):
                print(f"{name}: {precision}, {strategy}: {train(spec, precision, strategy)}", flush=True)


if __name__ == "__main__":
    main()
