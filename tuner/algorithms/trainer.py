"""What trains the network of a controller, whatever it computes. Imports TensorFlow: to be imported late."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tuner.algorithms.policy import Weights


class Network(keras.Model, ABC):
    """A model whose weights have names."""

    @property
    @abstractmethod
    def named(self) -> dict[str, keras.Variable]:
        """All weights by name."""

    def read(self) -> Weights:
        return {name: variable.numpy() for name, variable in self.named.items()}

    def write(self, weights: Weights) -> None:
        for name, variable in self.named.items():
            variable.assign(weights[name])


@dataclass(frozen=True)
class Learned:
    """What training changes: the weights, and the variables of the optimiser, none before the first step."""

    weights: Weights
    optimizer: tuple[np.ndarray, ...] = ()


class Trainer(ABC):
    """A network, Adam and their compiled step, all on the CPU, where small things are faster.

    It keeps nothing from call to call, so that all searches of spaces of one shape share it: compiling takes seconds.

    signature: of what `loss` takes, the fields of a batch.
    """

    def __init__(self, network: Network, rate: float, signature: Sequence[tf.TensorSpec]):
        self.network = network
        with tf.device("CPU:0"):
            self.optimizer = keras.optimizers.Adam(rate)
            self.optimizer.build(self.network.trainable_variables)
        self._unused = tuple(variable.numpy() for variable in self.optimizer.variables)
        self._lock = Lock()
        self._compiled = tf.function(self._step, input_signature=list(signature))

    @abstractmethod
    def loss(self, *batch: Any) -> Any:
        """A scalar to minimise, of the fields of a batch."""

    @property
    def optimizer_shapes(self) -> list[tuple[int, ...]]:
        return [array.shape for array in self._unused]

    def train(self, learned: Learned, batch: Any, steps: int) -> Learned:
        """What so many steps on a batch, a dataclass of arrays, make of weights and optimiser."""
        arrays = [getattr(batch, field.name) for field in fields(batch)]
        with self._lock, tf.device("CPU:0"):
            self.network.write(learned.weights)
            for variable, array in zip(self.optimizer.variables, learned.optimizer or self._unused, strict=True):
                variable.assign(array.astype(variable.dtype))
            for _ in range(steps):
                self._compiled(*arrays)
            optimizer = tuple(variable.numpy() for variable in self.optimizer.variables)
            return Learned(self.network.read(), optimizer)

    def _step(self, *batch: Any) -> None:
        with tf.GradientTape() as tape:
            loss = self.loss(*batch)
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
