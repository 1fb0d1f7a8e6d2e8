"""What a training step minimises: the loss of the output, of the heads in training, of the teacher's opinion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from factory.train.losses import logits_of
from factory.train.recipe.sections import Distill

Loss = Callable[[Any, Any], tf.Tensor]


@dataclass(frozen=True)
class Objective:
    """The loss of every sample, (batch,), from images, targets and the outputs of the network, its own first."""

    loss: Loss
    auxiliary: float = 0.3
    teacher: keras.Model | None = None
    distill: Distill | None = None

    def __call__(self, images: tf.Tensor, targets: tf.Tensor, outputs: Sequence[tf.Tensor]) -> tf.Tensor:
        total = self.loss(targets, outputs[0])
        if self.teacher is not None and self.distill is not None:
            softened = soft_cross_entropy(self._taught(images), logits_of(outputs[0]), self.distill.temperature)
            total = self.distill.weight * softened + (1 - self.distill.weight) * total
        for head in outputs[1:]:
            total += self.auxiliary * self.loss(targets, head)
        return total

    def _taught(self, images: tf.Tensor) -> tf.Tensor:
        assert self.teacher is not None
        return tf.stop_gradient(logits_of(all_outputs(self.teacher, images, training=False)[0]))


def soft_cross_entropy(taught: tf.Tensor, learned: tf.Tensor, temperature: float) -> tf.Tensor:
    """From logits, the divergence of the learner's softened probabilities from the teacher's, times temperature^2.

    Shape: (batch, ..., classes) -> (batch,). Hinton et al. 2015, section 2: so scaled, its gradient stays of one size
    whatever the temperature.
    """
    teacher = tf.nn.log_softmax(taught / temperature)
    learner = tf.nn.log_softmax(learned / temperature)
    divergence = tf.reduce_sum(tf.exp(teacher) * (teacher - learner), axis=-1)
    return temperature**2 * tf.reduce_mean(tf.reshape(divergence, (tf.shape(divergence)[0], -1)), axis=1)


def all_outputs(model: keras.Model, images: tf.Tensor, *, training: bool) -> list[tf.Tensor]:
    """The outputs of a model as a list, whether it has one or several."""
    outputs = model(images, training=training)
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
