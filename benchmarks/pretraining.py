"""Digits with 100 labels: networks pre-trained without labels beside the same networks from random weights.

360 of scikit-learn's 1,797 digits are held out for the test. A seed draws the 100 labelled ones of the other 1,437, the
weights and the order of the batches; pre-training sees all 1,437 images, no label. Both arms begin with the same random
weights and are trained alike on the 100 labels: Adam, 100 epochs, batches of 20, in the same order. Each arm has the
learning rate that is best for itself: of `RATES`, the one with the highest mean accuracy over `TUNING` seeds, which are
not used again, on the 1,337 images whose labels were not trained on. Test images decide nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import factory
from factory.train.pretrain import pretrain
from factory.train.recipe.sections import Pretrain

HERE = Path(__file__).parent
NETWORKS = {
    "dbn_digits": Pretrain(method="rbm", epochs=40, batch_size=64, learning_rate=0.2, momentum=0.9),
    "sda_digits": Pretrain(
        method="autoencoder", epochs=40, batch_size=64, learning_rate=0.05, momentum=0.9, corruption=0.3
    ),
}
ARMS = ("random", "pre-trained")
RATES = (1e-3, 3e-3, 1e-2)
SEEDS, TUNING = range(5), range(5, 8)
LABELS, TEST, EPOCHS, BATCH = 100, 360, 100, 20

Weights = list[np.ndarray]


@dataclass(frozen=True)
class Digits:
    """Images (n, 8, 8, 1) of 0 to 255 and their classes."""

    images: np.ndarray
    classes: np.ndarray

    def part(self, indices: np.ndarray) -> Digits:
        return Digits(self.images[indices], self.classes[indices])


def drawn(classes: np.ndarray, share: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of so many samples, the classes in proportion, and of all others."""
    chosen, others = train_test_split(np.arange(len(classes)), train_size=share, stratify=classes, random_state=seed)
    return chosen, others


class FineTuning:
    """Supervised training of one network, traced once for all arms and seeds."""

    def __init__(self, model: keras.Model):
        self.model, self.weights = model, model.trainable_variables
        self.optimizer = keras.optimizers.Adam(RATES[0])
        self.optimizer.build(self.weights)
        self.fresh = [variable.numpy() for variable in self.optimizer.variables]
        self._run = tf.function(self._steps)

    def __call__(self, start: Weights, data: Digits, rate: float, seed: int) -> None:
        """The model from these weights, trained on the data."""
        self.model.set_weights(start)
        for variable, value in zip(self.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate = rate
        random = np.random.default_rng(seed)
        order = np.concatenate([random.permutation(len(data.classes)) for _ in range(EPOCHS)]).reshape(-1, BATCH)
        self._run(tf.constant(data.images), tf.constant(data.classes), tf.constant(order))

    def _steps(self, images: tf.Tensor, classes: tf.Tensor, order: tf.Tensor) -> None:
        for batch in order:
            with tf.GradientTape() as tape:
                outputs = self.model(tf.gather(images, batch), training=True)
                losses = keras.losses.sparse_categorical_crossentropy(tf.gather(classes, batch), outputs)
                loss = tf.reduce_mean(losses)
            self.optimizer.apply(tape.gradient(loss, [weight.value for weight in self.weights]), self.weights)

    def accuracy(self, data: Digits) -> float:
        """Share of the data that the model gets right, in per cent."""
        outputs = np.array(self.model(data.images, training=False))
        return 100 * float(np.mean(outputs.argmax(axis=1) == data.classes))


class Comparison:
    """The two arms of one network."""

    def __init__(self, name: str, pool: Digits, test: Digits):
        self.spec, self.section = factory.load(HERE / f"{name}.yaml"), NETWORKS[name]
        self.pool, self.test = pool, test
        self.tune = FineTuning(factory.build(self.spec))

    def starts(self, seed: int) -> dict[str, Weights]:
        """The weights that each arm begins with."""
        model = factory.build(self.spec, seed=seed)
        random = model.get_weights()
        pretrain(model, self.pool.images, self.section, seed, say=lambda line: None)
        return dict(zip(ARMS, (random, model.get_weights()), strict=True))

    def best_rates(self, seeds: Sequence[int]) -> dict[str, float]:
        """The learning rate of each arm that does best on images of the pool without labels."""
        found = np.zeros((len(ARMS), len(RATES)))
        for seed in seeds:
            labelled, others = drawn(self.pool.classes, LABELS, seed)
            for row, start in zip(found, self.starts(seed).values(), strict=True):
                for column, rate in enumerate(RATES):
                    self.tune(start, self.pool.part(labelled), rate, seed)
                    row[column] += self.tune.accuracy(self.pool.part(others))
        return {arm: RATES[best] for arm, best in zip(ARMS, found.argmax(axis=1), strict=True)}

    def accuracies(self, seeds: Sequence[int], rates: dict[str, float]) -> dict[str, np.ndarray]:
        """Test accuracy of each arm, a value a seed."""
        found: dict[str, list[float]] = {arm: [] for arm in ARMS}
        for seed in seeds:
            labelled, _ = drawn(self.pool.classes, LABELS, seed)
            for arm, start in self.starts(seed).items():
                self.tune(start, self.pool.part(labelled), rates[arm], seed)
                found[arm].append(self.tune.accuracy(self.test))
        return {arm: np.array(values) for arm, values in found.items()}


def main() -> None:
    begin = time.perf_counter()
    loaded = load_digits()
    digits = Digits((loaded.images[..., None] * (255 / 16)).astype("float32"), loaded.target.astype("int32"))
    held_out, others = drawn(digits.classes, TEST, seed=0)
    pool, test = digits.part(others), digits.part(held_out)
    what = f"{LABELS} labels of {len(others):,} digits; test accuracy in % on {TEST}"
    print(f"{what}, mean and spread of {len(SEEDS)} seeds")
    losers = []
    for name, section in NETWORKS.items():
        comparison = Comparison(name, pool, test)
        rates = comparison.best_rates(TUNING)
        found = comparison.accuracies(SEEDS, rates)
        for arm, values in found.items():
            how = f"{arm} ({section.method})" if arm == "pre-trained" else arm
            print(
                f"{name:<12} {how:<26} {values.mean():.1f} +- {values.std(ddof=1):.1f}   "
                f"({', '.join(f'{value:.1f}' for value in values)})   learning rate {rates[arm]:g}",
                flush=True,
            )
        gain = found["pre-trained"] - found["random"]
        wins = f"better with {(gain > 0).sum()} of {len(SEEDS)} seeds"
        print(
            f"{name:<12} {'pre-trained - random':<26} {gain.mean():+.1f} +- {gain.std(ddof=1):.1f}   {wins}   above 0"
        )
        losers += [name] if gain.mean() <= 0 else []
    print(f"{time.perf_counter() - begin:.0f} s")
    if losers:
        raise SystemExit(f"pre-training did not help {', '.join(losers)}")


if __name__ == "__main__":
    main()
