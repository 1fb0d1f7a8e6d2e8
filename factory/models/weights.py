"""Weights from a file, or those of keras.applications, into a model, all or nothing."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras

from factory.errors import FactoryError, first_line
from factory.models.copy import copy_weights
from factory.models.load import load
from factory.models.official import IMAGENET, is_official, load_imagenet, load_official_file


def load_weights(model: keras.Model, source: str | Path, *, top: bool = True) -> None:
    """Gives a model weights: all or nothing.

    source: `imagenet`, what keras.applications has for the spec of the model's name; a .keras file of the same
        structure; a .weights.h5 file of the model's own layers; or a .h5 file that keras.applications' network of that
        name wrote.
    top: whether the model has its output stage.

    Raises FactoryError for anything else, and for weights that do not fit.
    """
    if str(source) == IMAGENET:
        load_imagenet(model, model.name, top)
        return
    path = Path(source)
    if not path.is_file():
        raise FactoryError(f"{path}: there is no such file")
    if path.suffix == ".keras":
        other = load(path).model
        assert other is not None
        copy_weights(other, model)
    elif path.suffix == ".h5":
        _load_h5(model, path, top)
    else:
        raise FactoryError(
            f"{path}: expected a .keras or .weights.h5 file, a .h5 file of keras.applications, or {IMAGENET}"
        )


def _load_h5(model: keras.Model, path: Path, top: bool) -> None:
    """Weights that are filed under the model's own layers, or under those of its twin in keras.applications."""
    if is_official(model.name) and not _has_layers_of(model, path):
        load_official_file(model, path, model.name, top)
        return
    before = model.get_weights()
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise whatever a foreign file made them stumble over
        model.set_weights(before)  # it may have come half-way
        raise FactoryError(f"{path}: these weights do not fit {model.name}: {first_line(error)}") from error


def _has_layers_of(model: keras.Model, path: Path) -> bool:
    """Whether the layers in a .weights.h5 file are called as the model's are.

    Keras itself finds them by kind and number: a twin of the same layers in another order would pass unseen.
    """
    found: list[str] = []

    def note(_: str, item: h5py.Group | h5py.Dataset) -> None:
        if "name" in item.attrs:
            found.append(str(item.attrs["name"]))

    try:
        with h5py.File(path) as file:
            file.visititems(note)
    except OSError:
        return False
    return bool(found) and set(found) <= {model.name, *(layer.name for layer in model.layers)}
