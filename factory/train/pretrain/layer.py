"""What both ways of pre-training have in common: a layer's linear map and its transpose, variables, the update."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from factory.train.pretrain.stack import StackLayer
from factory.train.recipe.sections import Pretrain


@dataclass(frozen=True)
class Inputs:
    """The values that a layer reads over all samples.

    lowest, span: a value x stands for the share (x - lowest) / span, in 0 to 1.
    mean: the mean share of every channel, (channels,).
    """

    lowest: float
    span: float
    mean: np.ndarray

    @classmethod
    def of(cls, lowest: float, highest: float, mean: np.ndarray) -> Inputs:
        """From the range of values and the mean value of every channel. Values within 0 to 1 are shares already."""
        if lowest >= 0 and highest <= 1:
            return cls(0.0, 1.0, mean)
        return cls(lowest, highest - lowest, (mean - lowest) / (highest - lowest))

    @property
    def shares(self) -> bool:
        """Whether the values are within 0 to 1 themselves."""
        return (self.lowest, self.span) == (0.0, 1.0)

    def log_odds(self) -> np.ndarray:
        """log(p / (1 - p)) of every channel's mean p, kept between 1 % and 99 %: where visible biases begin."""
        share = np.clip(self.mean, 0.01, 0.99)
        return np.log(share / (1 - share))


class LayerTrainer(ABC):
    """Trains the kernel and the bias of one layer, each a float32 copy until `finish`; visible biases are its own.

    Inside, values are divided by `inputs.span`, and the kernel is multiplied by it: then one learning rate fits images
    of 0 to 255 and of -1 to 1. It begins with the layer's own kernel, taken as one for such values. One visible bias a
    channel; a layer that has no bias has hidden biases of 0, which stay.
    """

    def __init__(self, member: StackLayer, inputs: Inputs, section: Pretrain, visible_bias: np.ndarray):
        self.check(member)
        self.member, self.layer, self.inputs, self.section = member, member.layer, inputs, section
        self.kernel = _copy(self.layer.kernel, "kernel")
        start = self.layer.bias if self.layer.use_bias else np.zeros(self.kernel.shape[-1])
        self.hidden_bias = _copy(start, "hidden_bias")
        self.visible_bias = _copy(visible_bias, "visible_bias")
        self.variables = [self.kernel, self.visible_bias, *([self.hidden_bias] if self.layer.use_bias else [])]
        self.optimizer = keras.optimizers.SGD(section.learning_rate, momentum=section.momentum)
        self.optimizer.build(self.variables)

    @classmethod  # noqa: B027 - any layer will do where a method does not mind
    def check(cls, member: StackLayer) -> None:
        """Raises FactoryError for a layer that cannot be trained in this way."""

    @abstractmethod
    def step(self, values: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """One update from what the layer reads, (batch, ..., channels); `seed` (2,) gives all that is random.

        Returns the mean squared error of each sample's reconstruction, in units of `inputs.span`, (batch,).
        """

    def finish(self) -> None:
        """Gives the layer what was learnt."""
        self.layer.kernel.assign(self.kernel.value / self.inputs.span)
        if self.layer.use_bias:
            self.layer.bias.assign(self.hidden_bias)

    def up(self, visible: tf.Tensor) -> tf.Tensor:
        """What the layer makes of visible values, before its bias and activation."""
        if isinstance(self.layer, keras.layers.Dense):
            return keras.ops.matmul(visible, self.kernel.value)
        return keras.ops.conv(
            visible,
            self.kernel.value,
            strides=self.layer.strides,
            padding=self.layer.padding,
            data_format=self.layer.data_format,
            dilation_rate=self.layer.dilation_rate,
        )

    def down(self, hidden: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
        """The transpose of `up`, in the shape of the visible values `like`.

        The transpose of a linear map is its vector-Jacobian product: for a convolution the transposed one, whatever
        its stride, padding and groups are.
        """
        with tf.GradientTape() as tape:
            tape.watch(like)
            sums = self.up(like)
        return tape.gradient(sums, like, output_gradients=hidden)

    def update(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """One step of gradient descent with momentum."""
        gradients = tape.gradient(loss, [variable.value for variable in self.variables])
        self.optimizer.apply(gradients, self.variables)


def _copy(values: keras.Variable | np.ndarray, name: str) -> keras.Variable:
    return keras.Variable(keras.ops.convert_to_numpy(values), dtype="float32", name=name)


def positions(values: tf.Tensor) -> tf.Tensor:
    """At how many places there are values, height times width; 1 for vectors. A float32 scalar."""
    return tf.cast(tf.reduce_prod(tf.shape(values)[1:-1]), "float32")


def total(values: tf.Tensor) -> tf.Tensor:
    """The sum over all but the samples, (batch,)."""
    return tf.reduce_sum(values, axis=list(range(1, len(values.shape))))


def mean(values: tf.Tensor) -> tf.Tensor:
    """The mean over all but the samples, (batch,)."""
    return tf.reduce_mean(values, axis=list(range(1, len(values.shape))))


def uniform(like: tf.Tensor, seed: tf.Tensor, draw: int) -> tf.Tensor:
    """Random numbers of [0, 1) in the shape of `like`: a function of the seed and the number of the draw."""
    return tf.random.stateless_uniform(tf.shape(like), tf.random.fold_in(seed, draw), alg="philox")


def normal(like: tf.Tensor, seed: tf.Tensor, draw: int) -> tf.Tensor:
    """Random numbers of the standard normal distribution, as `uniform`."""
    return tf.random.stateless_normal(tf.shape(like), tf.random.fold_in(seed, draw), alg="philox")
