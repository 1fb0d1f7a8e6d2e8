"""The network that decides what grows, in Keras. Imports TensorFlow: to be imported late."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from tuner.algorithms.trainer import Network, Trainer


@keras.saving.register_keras_serializable("tuner")
class GrowthNetwork(Network):
    """Tokens of a network -> embedding -> bidirectional LSTM -> a sigmoid for each, as in Cai et al. (2018), section 3.

    The paper's actor for width is one sigmoid shared by all layers, that for depth an RNN of its own; here every
    dimension, be it of width, depth or kernel, has its own.
    """

    def __init__(self, tokens: int, dimensions: int, hidden: int, **options):
        super().__init__(**options)
        self.tokens, self.dimensions, self.hidden = tokens, dimensions, hidden
        self.embedding = keras.layers.Embedding(1 + tokens, hidden)
        self.encoder = keras.layers.Bidirectional(keras.layers.LSTM(hidden, return_sequences=True))
        self.head = self.add_weight(shape=(dimensions, 2 * hidden), name="head")
        self.head_bias = self.add_weight(shape=(dimensions,), name="head_bias")

    def get_config(self):
        own = {"tokens": self.tokens, "dimensions": self.dimensions, "hidden": self.hidden}
        return {**super().get_config(), **own}

    def call(self, tokens, present):
        """tokens: (batch, dimensions) int32; present: (batch, dimensions) bool, the others leave the states as they
        are. Logits, (batch, dimensions).
        """
        states = self.encoder(self.embedding(tokens), mask=present)
        return tf.einsum("bdh,dh->bd", states, self.head) + self.head_bias

    @property
    def named(self) -> dict[str, keras.Variable]:
        ways = {"forward": self.encoder.forward_layer.cell, "backward": self.encoder.backward_layer.cell}
        named = {"embedding": self.embedding.embeddings, "head": self.head, "head_bias": self.head_bias}
        for way, cell in ways.items():
            parts = {"kernel": cell.kernel, "recurrent": cell.recurrent_kernel, "bias": cell.bias}
            named |= {f"{way}_{part}": variable for part, variable in parts.items()}
        return named


@dataclass(frozen=True)
class GrowthBatch:
    """Finished children: (batch, dimensions) each the tokens of the parent, whether they take part, whether they could
    grow and did; (batch,) float32 by how much the children were better than expected.
    """

    tokens: np.ndarray
    present: np.ndarray
    able: np.ndarray
    grew: np.ndarray
    advantages: np.ndarray


class GrowthTrainer(Trainer):
    """Trains it by REINFORCE. entropy: the factor of the mean entropy of a decision, which is maximised too."""

    def __init__(self, tokens: int, dimensions: int, hidden: int, *, rate: float, entropy: float):
        self.entropy = entropy
        shape = [None, dimensions]
        yes = tf.TensorSpec(shape, "bool")
        with tf.device("CPU:0"):
            network = GrowthNetwork(tokens, dimensions, hidden)
            network(np.zeros((1, dimensions), "int32"), np.ones((1, dimensions), "bool"))
        super().__init__(
            network, rate, [tf.TensorSpec(shape, "int32"), yes, yes, yes, tf.TensorSpec([None], "float32")]
        )

    def loss(self, tokens, present, able, grew, advantages):
        logits = self.network(tokens, present)
        there = tf.cast(able, "float32")
        surprise = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(grew, "float32"), logits)
        share = tf.sigmoid(logits)
        spread = tf.nn.sigmoid_cross_entropy_with_logits(share, logits)
        spread = tf.reduce_sum(spread * there, axis=1) / tf.maximum(tf.reduce_sum(there, axis=1), 1)
        gain = -advantages * tf.reduce_sum(surprise * there, axis=1)
        return -tf.reduce_mean(gain + self.entropy * spread)


@lru_cache(maxsize=16)
def growth_trainer(tokens: int, dimensions: int, hidden: int, rate: float, entropy: float) -> GrowthTrainer:
    """The trainer for networks of this shape."""
    return GrowthTrainer(tokens, dimensions, hidden, rate=rate, entropy=entropy)
