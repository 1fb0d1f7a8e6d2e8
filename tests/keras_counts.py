"""Costs counted on built Keras layers, from their configurations and shapes: knows nothing of the package's graphs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import keras


def keras_macs(model: keras.Model) -> int:
    """Multiply-accumulates of convolutions, transposed convolutions and fully connected layers for one image."""
    return sum(macs for _, macs in layer_macs(model))


def layer_macs(model: keras.Model) -> Iterator[tuple[str, int]]:
    """(layer, multiply-accumulates) of every call of a layer, in nested models too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layer_macs(layer)
            continue
        config = layer.get_config()
        for call in layer._inbound_nodes:
            if not call.input_tensors:
                continue
            taken, made = call.input_tensors[0].shape[1:], call.output_tensors[0].shape[1:]
            match layer:
                case keras.layers.DepthwiseConv2D():
                    yield layer.name, math.prod(made) * math.prod(config["kernel_size"])
                case keras.layers.SeparableConv2D():
                    spread = taken[-1] * config["depth_multiplier"]  # channels between the two convolutions
                    yield layer.name, math.prod(made[:2]) * spread * (math.prod(config["kernel_size"]) + made[-1])
                case keras.layers.Conv2DTranspose():
                    each = math.prod(config["kernel_size"]) * config["filters"]  # of every value that is spread out
                    yield layer.name, math.prod(taken) * each
                case keras.layers.Conv2D():
                    each = math.prod(config["kernel_size"]) * taken[-1] // config["groups"]
                    yield layer.name, math.prod(made) * each
                case keras.layers.Dense():
                    yield layer.name, math.prod(made) * taken[-1]


def keras_activations(model: keras.Model) -> int:
    """Output elements of the same layers; of a transposed convolution after what is cropped off it."""
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Conv2DTranspose, keras.layers.Dense)
    total = 0
    for layer in model.layers:
        if isinstance(layer, kinds):
            users = [node.operation for node in layer._outbound_nodes]
            cropped = isinstance(layer, keras.layers.Conv2DTranspose) and isinstance(users[0], keras.layers.Cropping2D)
            calls = (users[0] if cropped else layer)._inbound_nodes
            total += sum(math.prod(call.output_tensors[0].shape[1:]) for call in calls)
    return total


def trainable_count(model: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)
