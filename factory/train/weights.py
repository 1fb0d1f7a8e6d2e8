"""Which weights of a model are which: those of norms, biases, and of stages by pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

import keras

from factory.errors import FactoryError, did_you_mean

_NORMS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    keras.layers.UnitNormalization,
    keras.layers.Normalization,
)


def is_norm(layer: keras.Layer) -> bool:
    return isinstance(layer, _NORMS)


def is_bias(weight: keras.Variable) -> bool:
    return "bias" in weight.name or weight.name == "beta"


def freeze(model: keras.Model, patterns: Sequence[str]) -> None:
    """Freezes the layers of stages that match, thaws all others.

    `s1` is a stage with all that is in it, `s1.0` its first repeat, `s*` every stage that begins with s. A frozen norm
    keeps its statistics. Raises FactoryError for a pattern that matches nothing.
    """
    for pattern in patterns:
        if not any(_matches(layer.name, pattern) for layer in model.layers):
            stages = {layer.name.partition(".")[0] for layer in model.layers}
            hint = did_you_mean(pattern, stages)
            raise FactoryError(f"freeze: no stage of {model.name} is called '{pattern}'; {hint}")
    for layer in model.layers:
        layer.trainable = not any(_matches(layer.name, pattern) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def path_of(variable: keras.Variable) -> str:
    return variable.path


def carry(
    source: Iterable[keras.Variable],
    target: Iterable[keras.Variable],
    name: Callable[[keras.Variable], str] = path_of,
) -> list[str]:
    """Gives variables the values of those of the same name and shape; returns the names of those without a partner."""
    values = {name(variable): variable for variable in source}
    left = []
    for variable in target:
        partner = values.get(name(variable))
        if partner is None or partner.shape != variable.shape:
            left.append(name(variable))
        else:
            variable.assign(partner)
    return left


def finalize(model: keras.Model) -> None:
    """Lets layers that compute with copies of their weights take new ones in."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
