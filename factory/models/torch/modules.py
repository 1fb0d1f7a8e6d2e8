"""The modules of a state dict: entries that belong together, such as a convolution's kernel and bias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Key = tuple[tuple[str, tuple[int, ...]], ...]
"""What a module or a layer holds: (entry, shape) sorted by entry, in PyTorch's names and layout."""

_ENTRIES = frozenset({"weight", "bias", "running_mean", "running_var"})
_KINDS = {
    frozenset({"weight", "bias", "running_mean", "running_var"}): "batch norm",
    frozenset({"bias", "running_mean", "running_var"}): "batch norm without scale",
    frozenset({"running_mean", "running_var"}): "batch norm without scale and offset",
}


@dataclass(frozen=True)
class Module:
    """A PyTorch module with weights: its name, and its arrays under PyTorch's names for them.

    A parameter that belongs to a block itself, such as a layer scale, is a module of its own with one `weight`.
    `position` is its place in the file.
    """

    name: str
    arrays: Mapping[str, np.ndarray]
    position: int

    @property
    def key(self) -> Key:
        return key_of({entry: array.shape for entry, array in self.arrays.items()})

    @property
    def kind(self) -> str:
        return kind_of(self.key)

    def __str__(self) -> str:
        return f"{self.name} ({describe(self.key)})"


def modules_of(entries: Mapping[str, np.ndarray]) -> list[Module]:
    """The modules of a state dict, in its order."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, array in entries.items():
        module, _, entry = name.rpartition(".")
        if entry in _ENTRIES:
            found.setdefault(module, {})[entry] = array
        else:
            found.setdefault(name, {})["weight"] = array.reshape([n for n in array.shape if n > 1] or [1])
    return [Module(name, arrays, position) for position, (name, arrays) in enumerate(found.items())]


def key_of(shapes: Mapping[str, tuple[int, ...]]) -> Key:
    """A 1x1 convolution and a fully connected layer have one key: (filters, channels)."""
    return tuple(sorted((entry, _without_ones(tuple(shape))) for entry, shape in shapes.items()))


def kind_of(key: Key) -> str:
    """What a module is, as far as its entries tell."""
    shapes = dict(key)
    if "running_mean" in shapes:
        return _KINDS.get(frozenset(shapes), "batch norm")
    axes = len(shapes.get("weight", ()))
    return {4: "convolution", 2: "linear"}.get(axes, "norm" if len(shapes) == 2 else "vector")


def describe(key: Key) -> str:
    """`convolution: weight 64x3x7x7, bias 64`, `batch norm: 64 channels`."""
    if "running_mean" in dict(key):
        return f"{kind_of(key)}: {dict(key)['running_mean'][0]} channels"
    shapes = ", ".join(f"{entry} {'x'.join(map(str, shape)) or 'scalar'}" for entry, shape in reversed(key))
    return f"{kind_of(key)}: {shapes}"


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:2] if len(shape) == 4 and shape[2:] == (1, 1) else shape
