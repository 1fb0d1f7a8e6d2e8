"""Training one network of the macro space: traced once, run from several seeds, whole arrays in memory, one thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import numpy as np
import tensorflow as tf

import factory
from factory.spec import Spec
from factory.train.data.digits import open_digits
from factory.train.data.splits import cap
from factory.train.graphs import quick_start
from factory.train.losses import make_loss
from factory.train.optimizers import make_optimizer
from factory.train.recipe.sections import Recipe
from factory.train.schedules import learning_rate

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

_LEAST = 1e-7
"""A probability is taken as this at least, so that one image cannot make a log-loss infinite."""


@dataclass(frozen=True)
class Digits:
    """Images (n, 8, 8, 1) float32 of 0 to 255 with their classes (n,) int32: some to learn from, others to validate."""

    images: np.ndarray
    labels: np.ndarray
    validation_images: np.ndarray
    validation_labels: np.ndarray


@dataclass(frozen=True)
class Run:
    """What came of one run: validation log-loss (nats an image) at each look, accuracy at its end, processor time."""

    losses: list[float]
    accuracy: float
    seconds: float


@cache
def digits(labelled: int) -> Digits:
    """So many of the training part's digits to learn from, the classes in proportion; the rest of it to validate."""
    train = open_digits().train
    assert train.arrays is not None
    pixels, labels = train.arrays
    chosen = cap(labels, labelled, seed=0)
    rest = np.setdiff1d(np.arange(len(labels)), chosen)
    images = pixels.astype("float32")
    return Digits(images[chosen], labels[chosen], images[rest], labels[rest])


class Trainer:
    """A network with its optimiser; every run begins from the first weights that its seed gives."""

    def __init__(self, spec: Spec, recipe: Recipe, data: Digits):
        self.spec, self.recipe, self.data = spec, recipe, data
        self.steps = len(data.labels) // recipe.batch_size
        """Of an epoch; what is left over waits for the next one."""
        self.model = factory.build(spec, seed=0)
        rate = learning_rate(recipe.schedule, epochs=recipe.epochs, steps_per_epoch=self.steps)
        self.optimizer = make_optimizer(recipe.optimizer, rate, self.model)
        self.optimizer.build(self.model.trainable_variables)
        self.at_first = [np.array(variable) for variable in self.optimizer.variables]
        self.loss = make_loss(recipe.loss, "classes", [str(digit) for digit in range(10)])
        self.images, self.labels = tf.constant(data.images), tf.constant(data.labels)
        self._train = tf.function(
            self._in_graph, autograph=False, input_signature=[tf.TensorSpec((None, recipe.batch_size), "int32")]
        )
        self._predict = tf.function(lambda images: self.model(images, training=False), autograph=False)
        self._train.get_concrete_function()
        self._predict.get_concrete_function(tf.TensorSpec((len(data.validation_labels), 8, 8, 1), "float32"))

    def run(self, seed: int, looks: tuple[int, ...]) -> Run:
        """One run, validated after each of these numbers of epochs, in ascending order; the last is the end of it."""
        fresh = factory.build(self.spec, seed=seed)
        for variable, value in zip(self.model.variables, fresh.variables, strict=True):
            variable.assign(value)
        for variable, array in zip(self.optimizer.variables, self.at_first, strict=True):
            variable.assign(array)
        orders, validation = self._orders(seed, looks[-1]), tf.constant(self.data.validation_images)
        losses, begin = [], time.process_time()
        with quick_start():
            for last, look in zip((0, *looks), looks, strict=False):
                self._train(tf.constant(orders[last * self.steps : look * self.steps]))
                probabilities = self._predict(validation).numpy()
                losses.append(log_loss(probabilities, self.data.validation_labels))
        accuracy = float(np.mean(probabilities.argmax(axis=1) == self.data.validation_labels))
        return Run(losses, accuracy, time.process_time() - begin)

    def _orders(self, seed: int, epochs: int) -> np.ndarray:
        """The samples of every step, (epochs * steps, batch_size) int32: a shuffle for each epoch."""
        random, size = np.random.default_rng(seed), len(self.data.labels)
        used = self.steps * self.recipe.batch_size
        shuffles = [random.permutation(size)[:used] for _ in range(epochs)]
        return np.reshape(shuffles, (-1, self.recipe.batch_size)).astype("int32")

    def _in_graph(self, orders: tf.Tensor) -> None:
        """All steps of `orders` in one loop of the graph: a call a step would take longer than the step."""

        def step(index: tf.Tensor) -> tuple[tf.Tensor]:
            chosen = orders[index]
            with tf.GradientTape() as tape:
                outputs = self.model(tf.gather(self.images, chosen), training=True)
                total = tf.reduce_mean(self.loss(tf.gather(self.labels, chosen), outputs))
            variables = self.model.trainable_variables
            gradients = tape.gradient(total, [variable.value for variable in variables])
            self.optimizer.apply(gradients, variables)
            return (index + 1,)

        tf.while_loop(lambda index: index < tf.shape(orders)[0], step, [0], parallel_iterations=1)


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p(class), in nats, of probabilities (n, classes) and classes (n,)."""
    of_class = probabilities[np.arange(len(labels)), labels].astype("float64")
    return float(-np.log(np.maximum(of_class, _LEAST)).mean())
