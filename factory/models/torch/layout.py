"""The layout of weights: PyTorch's names and shapes for those of a Keras layer, and its arrays in our layout."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from factory.models.structure import Shape, Unit

_ENTRY = {
    "kernel": "weight",
    "gamma": "weight",
    "alpha": "weight",
    "beta": "bias",
    "bias": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclass(frozen=True)
class Slot:
    """One weight of a layer: its name in Keras, PyTorch's name for it, and its shapes here and there."""

    name: str
    entry: str
    shape: Shape
    theirs: Shape


def slots(unit: Unit) -> tuple[Slot, ...]:
    """The weights of a unit. Raises KeyError for one that PyTorch's layers have no name for."""
    if len(unit.weights) == 1 and "kernel" not in unit.weights:  # a scale, a PReLU: their names vary
        [(name, (_, shape))] = unit.weights.items()
        return (Slot(name, "weight", shape, tuple(n for n in shape if n > 1) or (1,)),)
    return tuple(
        Slot(name, _ENTRY[name], shape, _their_shape(unit.kind, shape) if name == "kernel" else shape)
        for name, (_, shape) in unit.weights.items()
    )


def as_convolution(made: tuple[Slot, ...], flattened: Shape) -> tuple[Slot, ...]:
    """The weights of a fully connected layer as those of a convolution as large as the image that it reads."""
    height, width, channels = flattened
    return tuple(
        replace(slot, theirs=(slot.shape[1], channels, height, width)) if slot.name == "kernel" else slot
        for slot in made
    )


def as_ours(array: np.ndarray, slot: Slot, kind: str, flattened: Shape | None) -> np.ndarray:
    """PyTorch's array, whose shape fits, in the layout of this weight of a unit of this kind."""
    if slot.name != "kernel":
        return array.reshape(slot.shape)
    if flattened and array.ndim == 2:  # PyTorch flattens (c, h, w), Keras (h, w, c)
        height, width, channels = flattened
        array = array.reshape(-1, channels, height, width)
    if kind.startswith("DepthwiseConv2D"):
        rows, columns, channels, multiplier = slot.shape
        return array.reshape(channels, multiplier, rows, columns).transpose(2, 3, 0, 1)
    if array.ndim == 2:
        return array.T.reshape(slot.shape)
    return array.transpose(2, 3, 1, 0).reshape(slot.shape)


def _their_shape(kind: str, shape: Shape) -> Shape:
    if kind.startswith("Linear"):
        return shape[::-1]
    rows, columns, first, second = shape
    if kind.startswith("DepthwiseConv2D"):
        return first * second, 1, rows, columns
    return second, first, rows, columns  # of a transposed convolution, too: (h, w, out, in) -> (in, out, h, w)
