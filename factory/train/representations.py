"""What networks make of images, layer by layer: inner products of the activations at the end of every stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.errors import FactoryError

MEMORY = 1 << 30
"""Bytes that the activations of a network may take at a time."""
_BATCH = 32
_ROUNDING = 1e-7  # of single precision: activations that vary less are all the same
_COLUMNS = 1 << 16  # values of each activation that are multiplied at a time, in double precision

Activations = dict[str, np.ndarray]


@dataclass(frozen=True)
class Patterns:
    """All that representational similarity needs of n activations of a layer, each flattened to so many `features`.

    `products` (n, n) are their inner products after each has lost its mean, `means` (n,).
    """

    products: np.ndarray
    means: np.ndarray
    features: int

    @classmethod
    def of(cls, activations: np.ndarray) -> Patterns:
        """Of activations (n, ...), of one layer for n images."""
        [patterns] = _patterns(lambda part: {"": activations[part]}, len(activations), len(activations)).values()
        return patterns

    def dissimilarities(self) -> np.ndarray:
        """The representational dissimilarity matrix above its diagonal, row by row, (n (n - 1) / 2,), from 0 to 2.

        One minus the Pearson correlation of two activations (Kriegeskorte et al. 2008). An activation that is the same
        everywhere is correlated with none: 1.
        """
        lengths = np.sqrt(self.products.diagonal())
        varied = lengths > _ROUNDING * (lengths + self.features**0.5 * np.abs(self.means))
        scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=varied)
        correlations = np.clip(self.products * np.outer(scale, scale), -1, 1)
        return 1 - correlations[np.triu_indices(len(correlations), 1)]

    def centred(self) -> np.ndarray:
        """The inner products (n, n) after every feature has lost its mean over the images: the linear kernel of CKA."""
        kernel = self.products + self.features * np.outer(self.means, self.means)
        kernel = kernel - kernel.mean(0)
        return kernel - kernel.mean(1, keepdims=True)


def stage_outputs(model: keras.Model) -> dict[str, Any]:
    """The tensors in which the stages of a model end, by the name of the stage, in the order of the network.

    A stage is the layers whose names begin alike, up to the first dot, as those of `factory` do; a model of another
    origin has a stage a layer. A stage that others read in several places gives each of them, by the layer's name.
    Preprocessing is left out, and whole numbers, such as the places of maxima. Raises FactoryError for a subclassed
    model, whose layers are not known.
    """
    if not isinstance(model, (keras.Sequential, keras.Model)) or not getattr(model, "inputs", None):
        raise FactoryError(f"{model.name} is neither functional nor sequential: its layers are not known")
    ends: dict[str, dict[str, Any]] = {}
    for name, tensor in _read_elsewhere(model):
        ends.setdefault(_stage(name), {})[name] = tensor
    named: dict[str, Any] = {}
    for stage, tensors in ends.items():
        if stage != "input":
            named |= {stage: next(iter(tensors.values()))} if len(tensors) == 1 else tensors
    return named


def _read_elsewhere(model: keras.Model) -> Iterator[tuple[str, Any]]:
    """Tensors in order, each with the name of its layer, that another stage reads or the model gives."""
    functional = model._functional if isinstance(model, keras.Sequential) else model
    within = {id(node) for nodes in functional._nodes_by_depth.values() for node in nodes}
    results = {id(tensor) for tensor in functional.outputs}
    for operation in functional.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        for call, node in enumerate(node for node in operation._inbound_nodes if id(node) in within):
            for port, tensor in enumerate(node.output_tensors):
                elsewhere = any(
                    _stage(reader.operation.name) != _stage(operation.name)
                    for reader in operation._outbound_nodes
                    if id(reader) in within and any(tensor is read for read in reader.input_tensors)
                )
                if (elsewhere or id(tensor) in results) and keras.backend.is_float_dtype(tensor.dtype):
                    yield operation.name + (f"#{call + 1}" if call else "") + (f":{port + 1}" if port else ""), tensor


def _stage(layer: str) -> str:
    return layer.partition(".")[0]


def read_patterns(model: keras.Model, images: np.ndarray, memory: int = MEMORY) -> dict[str, Patterns]:
    """The patterns of every stage of a model for images (n, h, w, c) of 0 to 255, in inference.

    No more than `memory` bytes of activations are held: where all do not fit, the images are taken in blocks, and those
    before a block run again for the products with it.
    """
    outputs = stage_outputs(model)
    network = keras.Model(model.inputs, list(outputs.values()))
    shape = tf.TensorSpec((None, *images.shape[1:]), "float32")
    run = tf.function(lambda batch: [tf.cast(part, "float32") for part in network(batch, training=False)], [shape])

    def activations(part: slice) -> Activations:
        chosen = images[part].astype("float32")
        batches = [run(chosen[start : start + _BATCH]) for start in range(0, len(chosen), _BATCH)]
        return {
            name: np.concatenate([np.asarray(batch[index]) for batch in batches]) for index, name in enumerate(outputs)
        }

    size = sum(value.nbytes for value in activations(slice(0, 1)).values())
    return _patterns(activations, len(images), max(1, memory // (2 * size)))


def _patterns(activations: Callable[[slice], Activations], count: int, block: int) -> dict[str, Patterns]:
    """Patterns of activations that are read in blocks of so many images; two blocks are in memory at a time."""
    parts = [slice(start, min(start + block, count)) for start in range(0, count, block)]
    products: dict[str, np.ndarray] = {}
    means: dict[str, np.ndarray] = {}
    features: dict[str, int] = {}
    for index, rows in enumerate(parts):
        own = activations(rows)
        for name, values in own.items():
            features[name] = math.prod(values.shape[1:])
            means.setdefault(name, np.empty(count))[rows] = values.reshape(len(values), -1).mean(1, dtype=np.float64)
        for columns in parts[: index + 1]:
            others = own if columns == rows else activations(columns)
            for name, values in own.items():
                into = products.setdefault(name, np.empty((count, count)))
                made = _products(values, others[name], means[name][rows], means[name][columns])
                into[rows, columns], into[columns, rows] = made, made.T
    return {name: Patterns(products[name], means[name], features[name]) for name in products}


def _products(a: np.ndarray, b: np.ndarray, a_means: np.ndarray, b_means: np.ndarray) -> np.ndarray:
    """Inner products (a, b) of activations less their means, in double precision, some columns at a time."""
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    total = np.zeros((len(a), len(b)))
    for start in range(0, a.shape[1], _COLUMNS):
        chosen = slice(start, start + _COLUMNS)
        total += (a[:, chosen] - a_means[:, None]) @ (b[:, chosen] - b_means[:, None]).T
    return total
