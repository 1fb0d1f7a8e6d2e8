"""How long training takes to begin: from the call to the first finished step, beside stock `model.fit`."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np

from benchmarks.measure import Times, line, ratio

SIZE, BATCH, STEPS, ROUNDS = 96, 32, 12, 5


def main() -> None:
    """Each in a process of its own, by turns: what was traced is remembered within one."""
    found: dict[str, list[list[float]]] = {"ours": [], "stock": []}
    for _ in range(ROUNDS):
        for side, runs in found.items():
            runs.append(_in_process(side))
    ours, stock = ([Times(seconds) for seconds in zip(*runs, strict=True)] for runs in found.values())
    line(f"first training step, mobilenet_v2, batch {BATCH}, {SIZE} px", str(ours[0]), "")
    line("model.fit of the same model", str(stock[0]), "")
    line("  ours / model.fit", ratio(ours[0], stock[0]), "at most 0.50")
    line("later training steps", str(ours[1]), "")
    line("  ours / model.fit", ratio(ours[1], stock[1]), "at most 1.02")


def _in_process(side: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.first_step", side]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def _run(side: str) -> None:
    """Prints seconds until the first step is finished, and the median of the later ones."""
    import keras
    import tensorflow as tf

    import factory

    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (BATCH * STEPS, SIZE, SIZE, 3)).astype("float32")
    targets = rng.integers(0, 10, BATCH * STEPS).astype("int32")
    model = factory.build(factory.load("mobilenet_v2", classes=10, **{"input.resolution": SIZE}), seed=0)
    data = tf.data.Dataset.from_tensor_slices((images, targets, np.ones(len(targets), "float32"))).batch(BATCH)
    times: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            times.append(time.perf_counter())

    optimizer = keras.optimizers.SGD(0.01, 0.9)
    start = time.perf_counter()
    if side == "stock":
        model.compile(optimizer, "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        model.fit(data, epochs=1, verbose=0, callbacks=[Clock()])
    else:
        from factory.train.graphs import quick_start
        from factory.train.losses import make_loss
        from factory.train.measures import make_measures
        from factory.train.objective import Objective
        from factory.train.recipe.sections import Loss
        from factory.train.step import Step, Terms

        names = [str(number) for number in range(10)]
        objective = Objective(make_loss(Loss(), "classes", names))
        step = Step(model, optimizer, objective, make_measures("classes", names), Terms(), batch_size=BATCH)
        callbacks = keras.callbacks.CallbackList([Clock()], model=model)
        with quick_start():
            for number, batch in enumerate(data):
                step(*batch)
                callbacks.on_train_batch_end(number, step.results())
    print(json.dumps([times[0] - start, float(np.median(np.diff(times)))]))


if __name__ == "__main__":
    _run(sys.argv[1]) if len(sys.argv) > 1 else main()
