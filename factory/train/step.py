"""One traced training step: forward, backward, update, moving average, sums of measures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.train.measures import Measures
from factory.train.objective import Objective, all_outputs
from factory.train.optimizers import on_one_device
from factory.train.recipe.sections import Adversarial, Regularize
from factory.train.weights import is_bias, is_norm


@dataclass(frozen=True)
class Terms:
    """What a step does beside following the gradient of its objective."""

    regularize: Regularize = field(default_factory=Regularize)
    adversarial: Adversarial | None = None
    ema: float = 0.0


class Step:
    """A training step of one model. Call it with (images, targets, weights); nothing is returned, so nothing waits.

    `sums` are what the steps since `clear` add up to; `bad_step` is the first step whose loss was no finite number, or
    -1; `averages` is the moving average of every weight of the model, empty without one. All of them are variables, and
    part of a checkpoint.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        objective: Objective,
        measures: Measures,
        terms: Terms,
        *,
        batch_size: int,
        jit: bool = False,
        strategy: tf.distribute.Strategy | None = None,
    ):
        self.model, self.optimizer, self.objective, self.measures = model, optimizer, objective, measures
        self.terms, self.batch_size, self.strategy = terms, batch_size, strategy
        self.trained = model.trainable_variables
        self.penalised = _penalised(model, terms.regularize)
        with strategy.scope() if strategy else nullcontext():
            optimizer.build(self.trained)
            if not strategy:
                on_one_device(optimizer)
            self.averages = [tf.Variable(weight.value, trainable=False) for weight in model.weights if terms.ema]
        self.count = tf.Variable(0, dtype="int64", trainable=False)
        self.bad_step = tf.Variable(-1, dtype="int64", trainable=False)
        self.sums = {  # an epoch has more pixels than a float32 can count
            name: tf.Variable(value, dtype="float64", trainable=False) for name, value in measures.zeros().items()
        }
        self._replica = tf.function(self._on_replica, autograph=False, jit_compile=True) if jit else self._on_replica
        self._run = tf.function(self._step, autograph=False)

    def __call__(self, images: Any, targets: Any, weights: Any) -> None:
        self._run(images, targets, weights)

    def clear(self) -> None:
        """Sets the sums to zero: a new epoch."""
        for name, value in self.measures.zeros().items():
            self.sums[name].assign(value)

    def restart_averages(self) -> None:
        """The moving averages begin at the weights as they are now."""
        for average, weight in zip(self.averages, self.model.weights, strict=False):
            average.assign(weight)

    def results(self) -> dict[str, float]:
        """The measures of the samples since `clear`."""
        return self.measures.results({name: value.numpy() for name, value in self.sums.items()})

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The model has its averaged weights meanwhile, if there are any."""
        if not self.averages:
            yield
            return
        own = [np.array(weight) for weight in self.model.weights]
        for weight, average in zip(self.model.weights, self.averages, strict=True):
            weight.assign(average)
        try:
            yield
        finally:
            for weight, value in zip(self.model.weights, own, strict=True):
                weight.assign(value)

    def _step(self, images: Any, targets: Any, weights: Any) -> None:
        if self.strategy is None:
            sums = self._replica(images, targets, weights)
        else:
            parts = self.strategy.run(self._replica, args=(images, targets, weights))
            sums = {name: self.strategy.reduce("SUM", part, axis=None) for name, part in parts.items()}
        for name, total in self.sums.items():
            total.assign_add(tf.cast(sums[name], "float64"))
        first = tf.logical_and(self.bad_step < 0, tf.logical_not(tf.math.is_finite(sums["loss"])))
        self.bad_step.assign(tf.where(first, self.count, self.bad_step))
        self.count.assign_add(1)

    def _on_replica(self, images: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            outputs, losses = self._forward(images, targets)
            if self.terms.adversarial:
                share = self.terms.adversarial.weight
                changed = adversarial_images(
                    self.model, self.objective, images, targets, self.terms.adversarial.epsilon
                )
                losses = (1 - share) * losses + share * self._forward(changed, targets)[1]
            total = tf.reduce_sum(losses * weights) / self.batch_size
            replicas = self.strategy.num_replicas_in_sync if self.strategy else 1
            total += _penalty(self.penalised, self.terms.regularize) / replicas
            scaled = self.optimizer.scale_loss(total)
        self.optimizer.apply(tape.gradient(scaled, [variable.value for variable in self.trained]), self.trained)
        self._average()
        return self.measures.sums(targets, outputs[0], weights, losses)

    def _forward(self, images: tf.Tensor, targets: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        outputs = all_outputs(self.model, images, training=True)
        return outputs, self.objective(images, targets, outputs)

    def _average(self) -> None:
        """average += (1 - decay) * (weight - average); the first steps count more, so that the start is forgotten."""
        if not self.averages:
            return
        steps = tf.cast(self.count, "float32")
        decay = tf.minimum(self.terms.ema, (1 + steps) / (10 + steps))
        for average, weight in zip(self.averages, self.model.weights, strict=True):
            average.assign_add((1 - tf.cast(decay, average.dtype)) * (weight.value - average))


def adversarial_images(
    model: keras.Model, objective: Objective, images: tf.Tensor, targets: tf.Tensor, epsilon: float
) -> tf.Tensor:
    """Every pixel moved by `epsilon` in the direction in which the loss grows, within 0 to 255.

    The fast gradient sign method, Goodfellow et al. 2015, equation 1. The network is asked as in inference: what it
    does at random, and its statistics, are left alone.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        losses = objective(images, targets, all_outputs(model, images, training=False))
    uphill = tf.sign(tape.gradient(losses, images))
    return tf.stop_gradient(tf.clip_by_value(images + epsilon * uphill, 0.0, 255.0))


def _penalised(model: keras.Model, regularize: Regularize) -> list[keras.Variable]:
    if not (regularize.l1 or regularize.l2):
        return []
    return [
        weight
        for layer in model.layers
        for weight in layer.trainable_variables
        if not ("norm" in regularize.exclude and is_norm(layer))
        and not ("bias" in regularize.exclude and is_bias(weight))
    ]


def _penalty(weights: list[keras.Variable], regularize: Regularize) -> tf.Tensor:
    """l1 * sum |w| + l2 * sum w^2."""
    total = tf.constant(0.0)
    for weight in weights:
        value = tf.cast(weight.value, "float32")
        if regularize.l1:
            total += regularize.l1 * tf.reduce_sum(tf.abs(value))
        if regularize.l2:
            total += regularize.l2 * tf.reduce_sum(tf.square(value))
    return total
