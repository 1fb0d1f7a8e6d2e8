"""Networks of keras.applications that shipped specs are equal to, and the weights that they come with."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.errors import FactoryError, did_you_mean, first_line
from factory.models.copy import copy_weights

IMAGENET = "imagenet"

_VARIANTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (r"mobilenet_v1", "MobileNet", {}),
    (r"mobilenet_v1_(?P<alpha>\d+)", "MobileNet", {}),
    (r"mobilenet_v2_(?P<alpha>\d+)", "MobileNetV2", {}),
    (r"mobilenet_v3_large_minimalistic", "MobileNetV3Large", {"minimalistic": True}),
    (r"mobilenet_v3_small_minimalistic", "MobileNetV3Small", {"minimalistic": True}),
)
"""Specs that are not called as their constructors: pattern, constructor, arguments; alpha in percent."""


def load_imagenet(model: keras.Model, name: str, top: bool = True) -> None:
    """Gives a model of the spec of this name the weights that keras.applications has for it.

    Keras downloads and caches them. `top=False` for a backbone. Raises FactoryError where keras.applications has no
    such network, where the weights cannot be had, and where they do not fit.
    """
    constructor, options = _constructor(name)
    try:
        source = constructor(weights=IMAGENET, include_top=top, **options)
    except Exception as error:  # downloading and reading raise whatever went wrong
        raise FactoryError(f"keras.applications has no weights for {name} to give: {first_line(error)}") from error
    copy_weights(source, model)
    _take_in_rescaling(source, model)


def load_official_file(model: keras.Model, path: Path, name: str, top: bool = True) -> None:
    """Gives a model of the spec of this name the weights that its network in keras.applications wrote to a .h5 file."""
    constructor, options = _constructor(name)
    if top:
        options |= {"classes": model.output_shape[-1]}
    try:
        source = constructor(weights=None, include_top=top, input_shape=model.input_shape[1:], **options)
        source.load_weights(path)
    except Exception as error:  # Keras and h5py raise whatever a foreign file made them stumble over
        raise FactoryError(
            f"{path}: these weights do not fit keras.applications' {name}: {first_line(error)}"
        ) from error
    copy_weights(source, model)


def is_official(name: str) -> bool:
    """Whether keras.applications has the network of this spec."""
    return twin(name) is not None


def _constructor(name: str) -> tuple[Any, dict[str, Any]]:
    """What builds the network of keras.applications of this spec, and the arguments for it."""
    if found := twin(name):
        return found
    hint = did_you_mean(name.replace("_", ""), [known.lower() for known in _constructors()], many=0)
    raise FactoryError(f"keras.applications has no network '{name}'" + (f"; {hint}" if hint else ""))


def twin(name: str) -> tuple[Any, dict[str, Any]] | None:
    """The constructor of keras.applications that builds the network of this spec, and its arguments, or None."""
    known = _constructors()
    for pattern, constructor, options in _VARIANTS:
        if found := re.fullmatch(pattern, name):
            alpha = {key: int(value) / 100 for key, value in found.groupdict().items()}
            return known[constructor], {**options, **alpha}
    return next(((make, {}) for key, make in known.items() if key.lower() == name.replace("_", "")), None)


def _constructors() -> dict[str, Any]:
    return {key: value for key, value in vars(keras.applications).items() if inspect.isfunction(value)}


def _take_in_rescaling(source: keras.Model, model: keras.Model) -> None:
    """Takes a rescaling of every channel into the input normalisation before it.

    keras.applications' EfficientNet has it where its published weights are loaded, and only there; copying weights
    does not see it.
    """
    scales = [np.asarray(layer.scale) for layer in source.layers if isinstance(layer, keras.layers.Rescaling)]
    per_channel = [scale for scale in scales if scale.ndim]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.Normalization)]
    if per_channel and norms:
        [scale], [norm] = per_channel, norms
        mean, variance, count = norm.get_weights()
        norm.set_weights([mean, variance / np.square(scale), count])
        norm.finalize_state()
