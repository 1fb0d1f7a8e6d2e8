"""The stack that is pre-trained: the dense and convolution layers that follow each other behind a network's input."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from factory.errors import FactoryError
from factory.models.layers import (
    ELU,
    ChannelAffine,
    GatherChannels,
    LeftOutAveragePooling2D,
    NegativePadding2D,
)

_ACTIVATIONS = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, ELU)
_IN_PLACE = (
    *_ACTIVATIONS,
    layers.BatchNormalization,
    layers.Dropout,
    layers.SpatialDropout2D,
    layers.Rescaling,
    layers.Identity,
)
"""Layers after which a value stands where it stood before: behind a trained layer they are a part of its code."""

_PASSED = (
    *_IN_PLACE,
    ChannelAffine,
    GatherChannels,
    LeftOutAveragePooling2D,
    NegativePadding2D,
    layers.AdaptiveAveragePooling2D,
    layers.AdaptiveMaxPooling2D,
    layers.AveragePooling2D,
    layers.Flatten,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling2D,
    layers.MaxPooling2D,
    layers.Normalization,
    layers.Reshape,
    layers.ZeroPadding2D,
)


@dataclass(frozen=True)
class StackLayer:
    """A dense or convolution layer, the tensor that it reads, and the layers in place behind it."""

    layer: keras.Layer
    before: keras.KerasTensor
    tail: tuple[keras.Layer, ...] = ()

    @property
    def function(self) -> str:
        """What makes hidden values of the layer's sums: `sigmoid`, `relu`, `linear`, or several names."""
        own = keras.activations.serialize(self.layer.activation)
        names = [str(own)] + [_function(layer) for layer in self.tail]
        return ", ".join(name for name in names if name != "linear") or "linear"


@dataclass(frozen=True)
class Stack:
    """Layers to pre-train, from the input on, and in words what comes behind the last of them."""

    layers: tuple[StackLayer, ...]
    end: str


def find_stack(model: keras.Model) -> Stack:
    """The first stack of Dense and Conv2D layers of a functional model with one input.

    It begins at the input and ends before the first tensor that has several readers, before the output layer (the last
    one that has a kernel), or before a layer of another kind. Layers without a kernel that keep the order of values
    are passed through: preprocessing, flattening, padding, pooling, dropout, activations, and batch norm, which
    computes with its moving statistics. Frozen layers are passed through as they are. A layer that is called several
    times ends the stack.

    Raises FactoryError where there is nothing to pre-train.
    """
    nodes_by_depth = getattr(model, "_nodes_by_depth", None)
    if nodes_by_depth is None or len(model.inputs) != 1:
        raise FactoryError(f"pretrain: '{model.name}' is no functional model with one input")
    nodes = [node for level in nodes_by_depth.values() for node in level]
    readers: dict[int, list[Any]] = defaultdict(list)
    for node in nodes:
        for tensor in node.input_tensors:
            readers[id(tensor)].append(node)
    calls = [node.operation for node in nodes]
    results = {id(tensor) for tensor in model.outputs}
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]

    chain: list[tuple[keras.Layer, keras.KerasTensor]] = []
    tensor, end = model.inputs[0], ""
    while not end:
        following = readers[id(tensor)]
        if len(following) != 1 or id(tensor) in results:
            end = f"the branching behind {chain[-1][0].name if chain else 'the input'}"
            break
        layer = following[0].operation
        if kernels and layer is kernels[-1]:
            end = f"the output layer {layer.name}"
        elif not isinstance(layer, (*_PASSED, layers.Dense, layers.Conv2D)):
            end = f"{layer.name} ({type(layer).__name__})"
        elif calls.count(layer) > 1:
            end = f"{layer.name}, which is called several times"
        else:
            chain.append((layer, tensor))
            tensor = following[0].output_tensors[0]
    found = tuple(
        StackLayer(layer, before, _tail(chain[index + 1 :]))
        for index, (layer, before) in enumerate(chain)
        if _has_kernel(layer) and layer.trainable
    )
    if not found:
        raise FactoryError(
            f"pretrain: {model.name} has no dense or convolution layer to pre-train between its input and {end}; "
            "expected at least one that is not frozen"
        )
    return Stack(found, end)


def _has_kernel(layer: keras.Layer) -> bool:
    return isinstance(layer, (layers.Dense, layers.Conv2D))


def _tail(chain: list[tuple[keras.Layer, keras.KerasTensor]]) -> tuple[keras.Layer, ...]:
    """The layers in place at the beginning of a chain, except those that do nothing in inference."""
    tail: list[keras.Layer] = []
    for layer, _ in chain:
        if not isinstance(layer, _IN_PLACE):
            break
        if not isinstance(layer, (layers.Dropout, layers.SpatialDropout2D, layers.Identity)):
            tail.append(layer)
    return tuple(tail)


def _function(layer: keras.Layer) -> str:
    """The activation that a layer is, `linear` for none. A fresh batch norm changes nothing that matters here."""
    if isinstance(layer, layers.BatchNormalization):
        return "linear"
    if isinstance(layer, layers.Activation):
        return str(keras.activations.serialize(layer.activation))
    plain = isinstance(layer, layers.ReLU) and layer.max_value is None and not (layer.negative_slope or layer.threshold)
    return "relu" if plain else type(layer).__name__
