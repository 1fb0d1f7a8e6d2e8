"""Denoising autoencoders, dense and convolutional."""

from __future__ import annotations

import tensorflow as tf

from factory.train.pretrain.layer import Inputs, LayerTrainer, mean, positions, total, uniform
from factory.train.pretrain.stack import StackLayer
from factory.train.recipe.sections import Pretrain


class DenoisingAutoencoder(LayerTrainer):
    """Learns to restore inputs of which a share was set to zero (Vincent et al. 2008; 2010, section 3).

    The code is what the layer and its activation make of the corrupted input. The decoder is tied: the transpose of
    the layer's kernel (for a convolution the transposed one) and a bias a channel. Inputs within 0 to 1 have a sigmoid
    decoder and cross entropy, others a linear one and half the squared error. The loss is a sum over inputs divided by
    the number of hidden places, so that one learning rate fits all image sizes.
    """

    def __init__(self, member: StackLayer, inputs: Inputs, section: Pretrain):
        start = inputs.log_odds() if inputs.shares else inputs.mean + inputs.lowest / inputs.span
        super().__init__(member, inputs, section, start)

    def step(self, values: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        data = values / self.inputs.span
        corrupted = self.corrupt(data, seed)
        with tf.GradientTape() as tape:
            code = self.code(corrupted)
            decoded = self.down(code, corrupted) + self.visible_bias
            if self.inputs.shares:
                losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=data, logits=decoded)
                restored = tf.sigmoid(decoded)
            else:
                losses = 0.5 * tf.square(decoded - data)
                restored = decoded
            loss = tf.reduce_mean(total(losses)) / positions(code)
        self.update(tape, loss)
        return mean(tf.square(restored - data))

    def corrupt(self, data: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Each value is set to zero with the probability `corruption` (masking noise)."""
        return tf.where(uniform(data, seed, 0) < self.section.corruption, 0.0, data)

    def code(self, values: tf.Tensor) -> tf.Tensor:
        """What the network makes of these values up to the layers in place behind the layer."""
        code = self.layer.activation(self.up(values) + self.hidden_bias)
        for layer in self.member.tail:
            code = layer(code, training=False)
        return tf.cast(code, "float32")
