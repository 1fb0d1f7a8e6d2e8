"""The network of a controller in Keras, and what it is trained to maximise. Imports TensorFlow: to be imported late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from tuner.algorithms.trainer import Network, Trainer

NEVER = -1e9
"""The logit of a token that a dimension does not have."""


@keras.saving.register_keras_serializable("tuner")
class ControllerNetwork(Network):
    """Token before -> embedding -> LSTM -> a softmax layer for each dimension, as in Zoph & Le (2017), section 3.1."""

    def __init__(self, counts: Sequence[int], hidden: int, **options):
        super().__init__(**options)
        self.counts, self.hidden = list(counts), hidden
        self.embedding = keras.layers.Embedding(1 + sum(counts), hidden)
        self.lstm = keras.layers.LSTM(hidden, return_sequences=True)
        most = max(self.counts)
        self.head = self.add_weight(shape=(len(self.counts), hidden, most), name="head")
        self.head_bias = self.add_weight(shape=(len(self.counts), most), initializer="zeros", name="head_bias")
        absent = np.arange(most)[None] >= np.array(self.counts)[:, None]
        self._absent = tf.constant(np.where(absent, NEVER, 0.0), "float32")

    def get_config(self):
        return {**super().get_config(), "counts": self.counts, "hidden": self.hidden}

    def call(self, tokens, present):
        """tokens: (batch, dimensions) int32, the token before each; present: (batch, dimensions) bool, which of them
        take part; the others leave the state of the LSTM as it is. Log-probabilities, (batch, dimensions, most tokens).
        """
        states = self.lstm(self.embedding(tokens), mask=present)
        logits = tf.einsum("bdh,dht->bdt", states, self.head) + self.head_bias + self._absent
        return tf.nn.log_softmax(logits)

    @property
    def named(self) -> dict[str, keras.Variable]:
        cell = self.lstm.cell
        return {
            "embedding": self.embedding.embeddings,
            "kernel": cell.kernel,
            "recurrent": cell.recurrent_kernel,
            "bias": cell.bias,
            "head": self.head,
            "head_bias": self.head_bias,
        }


@dataclass(frozen=True)
class Batch:
    """Finished trials: their sequences, (batch, dimensions) each, and, (batch,) float32 each, by how much they were
    better than expected and the logarithms of the probabilities with which they were proposed.
    """

    inputs: np.ndarray
    targets: np.ndarray
    present: np.ndarray
    advantages: np.ndarray
    proposed: np.ndarray


class ControllerTrainer(Trainer):
    """Trains a controller's network.

    clip: None for REINFORCE, which maximises advantage * log p; otherwise PPO's clipped surrogate with this epsilon.
    entropy: the factor of the mean entropy of a decision, which is maximised too.
    """

    def __init__(self, counts: Sequence[int], hidden: int, *, rate: float, entropy: float, clip: float | None):
        self.counts, self.entropy, self.clip = tuple(counts), entropy, clip
        sequence, present = tf.TensorSpec([None, len(counts)], "int32"), tf.TensorSpec([None, len(counts)], "bool")
        number = tf.TensorSpec([None], "float32")
        with tf.device("CPU:0"):
            network = ControllerNetwork(counts, hidden)
            network(np.zeros((1, len(counts)), "int32"), np.ones((1, len(counts)), "bool"))
        super().__init__(network, rate, [sequence, sequence, present, number, number])

    def loss(self, inputs, targets, present, advantages, proposed):
        log_probabilities = self.network(inputs, present)
        taken = tf.gather(log_probabilities, targets, axis=2, batch_dims=2)
        there = tf.cast(present, "float32")
        total = tf.reduce_sum(taken * there, axis=1)
        if self.clip is None:
            gain = advantages * total
        else:
            ratio = tf.exp(total - proposed)
            clipped = tf.clip_by_value(ratio, 1 - self.clip, 1 + self.clip)
            gain = tf.minimum(ratio * advantages, clipped * advantages)
        spread = -tf.reduce_sum(tf.exp(log_probabilities) * log_probabilities, axis=2)
        spread = tf.reduce_sum(spread * there, axis=1) / tf.maximum(tf.reduce_sum(there, axis=1), 1)
        return -tf.reduce_mean(gain + self.entropy * spread)


@lru_cache(maxsize=16)
def trainer(counts: tuple[int, ...], hidden: int, rate: float, entropy: float, clip: float | None) -> ControllerTrainer:
    """The trainer for networks of this shape."""
    return ControllerTrainer(counts, hidden, rate=rate, entropy=entropy, clip=clip)
