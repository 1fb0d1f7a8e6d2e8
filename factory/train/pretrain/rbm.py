"""Restricted Boltzmann machines, dense and convolutional, trained with contrastive divergence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from factory.errors import FactoryError
from factory.train.pretrain.layer import Inputs, LayerTrainer, mean, normal, positions, total, uniform
from factory.train.pretrain.stack import StackLayer
from factory.train.recipe.sections import Pretrain


class Units(NamedTuple):
    """Hidden units: their mean and a sample of them, given the sum that each receives."""

    mean: Callable[[tf.Tensor], tf.Tensor]
    sample: Callable[[tf.Tensor, tf.Tensor, int], tf.Tensor]


def rectified_mean(sums: tf.Tensor) -> tf.Tensor:
    """The mean of max(0, x + N(0, sigmoid(x))): of a rectified Gaussian, x Phi(x / s) + s phi(x / s)."""
    spread = tf.sqrt(tf.sigmoid(sums))
    ratio = sums / tf.maximum(spread, 1e-18)
    density = tf.exp(-0.5 * tf.minimum(tf.square(ratio), 200.0)) / math.sqrt(2 * math.pi)
    return tf.maximum(0.5 * sums * tf.math.erfc(-ratio / math.sqrt(2)) + spread * density, 0.0)


UNITS = {
    "sigmoid": Units(
        mean=tf.sigmoid,
        sample=lambda sums, seed, draw: tf.cast(uniform(sums, seed, draw) < tf.sigmoid(sums), "float32"),
    ),
    "relu": Units(
        mean=rectified_mean,
        sample=lambda sums, seed, draw: tf.nn.relu(sums + tf.sqrt(tf.sigmoid(sums)) * normal(sums, seed, draw)),
    ),
}
"""Binary units for a sigmoid; noisy rectified linear units (Nair and Hinton 2010, section 2) for a ReLU."""


class RestrictedBoltzmannMachine(LayerTrainer):
    """CD-k (Hinton 2002) with the choices of Hinton 2010, "A practical guide to training RBMs", sections 3, 8, 9.

    * Visible units are probabilities, sigmoid(W h + a), and are not sampled. Data beside 0 to 1 are brought there.
    * Hidden units are sampled whenever they drive visible ones; the statistics take their means, also the last ones,
      so that the chain ends in a mean-field step.
    * Visible biases begin at the log odds of the data's means.
    * A convolution is a convolutional machine (Lee et al. 2009, section 3.2): one kernel for all places, a hidden bias
      a filter, a visible bias a channel, reconstruction by the transposed convolution. There is no probabilistic
      max-pooling: the units of a place are independent, and the network's pooling is a layer of its own. Statistics
      are means over places, so that one learning rate fits all image sizes.
    """

    def __init__(self, member: StackLayer, inputs: Inputs, section: Pretrain):
        super().__init__(member, inputs, section, inputs.log_odds())
        self.units = UNITS[member.function]

    @classmethod
    def check(cls, member: StackLayer) -> None:
        if member.function not in UNITS:
            raise FactoryError(
                f"pretrain: rbm: layer {member.layer.name} has the activation {member.function}; expected sigmoid "
                "(binary hidden units) or relu (noisy rectified ones); `method: autoencoder` takes any"
            )

    def step(self, values: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        data = values / self.inputs.span
        sums = self.sums(data)
        data_hidden = self.units.mean(sums)
        first = data
        for step in range(self.section.steps):
            visible = self.visible(self.units.sample(sums, seed, step), data)
            sums = self.sums(visible)
            first = visible if step == 0 else first
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.energy(data, data_hidden) - self.energy(visible, self.units.mean(sums)))
        self.update(tape, loss)
        return mean(tf.square(first - data))

    def sums(self, visible: tf.Tensor) -> tf.Tensor:
        """What every hidden unit receives."""
        return self.up(visible) + self.hidden_bias

    def visible(self, hidden: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
        """The means of the visible units given the hidden ones, in the units of the data."""
        lowest = self.inputs.lowest / self.inputs.span
        return lowest + tf.sigmoid(self.down(hidden, like) + self.visible_bias)

    def energy(self, visible: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        """-(h W v + b h) a hidden place, -a v a visible place; (batch,). Its gradients are the statistics of CD."""
        inner = total(hidden * self.sums(visible)) / positions(hidden)
        return -inner - total(visible * self.visible_bias) / positions(visible)
