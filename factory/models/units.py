"""What layers of Keras are, seen by their weights: which kinds are the same, how their weights correspond."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import keras

Shape = tuple[int, ...]
Weights = dict[str, tuple[keras.Variable, Shape]]

COMMUTATIVE = frozenset({"Add", "Multiply", "Average", "Maximum", "Minimum"})
SCALED_SUMS = frozenset({"CustomScaleLayer"})  # a + scale * b; of keras.applications' Inception-ResNet
PASSES_FIRST = frozenset({"CropToMatch", "ResizeToMatch"})  # the second input gives nothing but a size

# what does not tell one branch from another, and differs between implementations of the same network
_SILENT = frozenset(
    {
        "Cropping2D",
        "Dropout",
        "Flatten",
        "Identity",
        "NegativePadding2D",
        "Permute",
        "Reshape",
        "SpatialDropout2D",
        "ZeroPadding2D",
    }
)


@dataclass(frozen=True)
class Part:
    """One linear map or normalisation: its kind, and its weights by name with the shapes that are compared."""

    kind: str
    weights: Weights


def parts(kind: str, config: dict[str, Any], layer: keras.Layer) -> list[Part]:
    """The parts of a layer with weights, in the order in which they act.

    A separable convolution is a depthwise and a 1x1 one. A 1x1 convolution and a fully connected layer are both
    `Linear`, with kernels (inputs, outputs): the axes of length 1 are all that tells them apart. One group a channel
    makes a convolution a depthwise one.
    """
    weights = _by_name(layer)
    if kind == "SeparableConv2D":
        pointwise = {"kernel": weights.pop("pointwise_kernel")}
        if "bias" in weights:
            pointwise["bias"] = weights.pop("bias")
        depthwise = {"kernel": weights.pop("depthwise_kernel")}
        return [Part("DepthwiseConv2D" + _geometry(config), depthwise), _convolution("", 1, pointwise)]
    if kind == "DepthwiseConv2D":
        return [Part(kind + _geometry(config), weights)]
    if kind == "Conv2D":
        return [_convolution(_geometry(config), config["groups"], weights)]
    if kind == "Dense":
        return [Part("Linear", weights)]
    if kind == "LayerScale":  # of keras.applications' ConvNeXt; it does not name its weight
        [gamma] = weights.values()
        return [Part("ChannelScale", {"gamma": gamma})]
    return [Part(kind + _geometry(config), weights)]


def _convolution(geometry: str, groups: int, weights: Weights) -> Part:
    kernel, shape = weights["kernel"]
    if shape[:2] == (1, 1) and groups == 1:
        return Part("Linear" + geometry, {**weights, "kernel": (kernel, shape[2:])})
    if groups > 1 and shape[2] == 1:
        depthwise = (*shape[:2], groups, shape[3] // groups)
        return Part("DepthwiseConv2D" + geometry, {**weights, "kernel": (kernel, depthwise)})
    return Part("Conv2D" + geometry + (f" groups {groups}" if groups > 1 else ""), weights)


def _geometry(config: dict[str, Any]) -> str:
    """Stride and dilation, where there are any."""
    text = ""
    for key, sign in (("strides", "/"), ("dilation_rate", "*")):
        values = _tuple(config.get(key, 1))
        if max(values) > 1:
            text += f" {sign}{'x'.join(map(str, sorted(set(values))))}"
    return text


def _by_name(layer: keras.Layer) -> Weights:
    names = Counter(weight.name for weight in layer.weights)
    # the weights of composite layers bear the same names many times over: their order tells them apart
    return {
        weight.name if names[weight.name] == 1 else f"{weight.name} {index}": (weight, tuple(weight.shape))
        for index, weight in enumerate(layer.weights)
    }


def activation_label(config: dict[str, Any]) -> str:
    """The activation that a layer with weights ends with, empty for none."""
    activation = config.get("activation", "linear")
    return activation if isinstance(activation, str) and activation != "linear" else ""


def weightless_label(kind: str, config: dict[str, Any]) -> str:
    """What an operation without weights does, empty where it does nothing that matters here."""
    if kind == "Activation":
        return activation_label(config)
    if kind == "ReLU":
        limit = config.get("max_value")
        return "relu" if limit is None else f"relu{limit:g}"
    if kind in _SILENT:
        return ""
    if "pool_size" in config:
        window, strides = _tuple(config["pool_size"]), _tuple(config["strides"])
        return f"{kind} {'x'.join(map(str, window))}/{'x'.join(map(str, strides))}"
    return kind


def _tuple(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)
