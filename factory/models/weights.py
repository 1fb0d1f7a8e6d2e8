"""Weights from a file into a model, all or nothing."""

from __future__ import annotations

from pathlib import Path

import keras

from factory.errors import FactoryError
from factory.models.copy import copy_weights
from factory.models.load import load


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Gives a model the weights in a .keras file of the same structure, or in a .weights.h5 file of its own layers.

    Raises FactoryError for any other file, and for weights that do not fit.
    """
    path = Path(path)
    if not path.is_file():
        raise FactoryError(f"{path}: there is no such file")
    if path.name.endswith(".weights.h5"):
        try:
            model.load_weights(path)
        except Exception as error:  # Keras and h5py raise whatever a foreign file made them stumble over
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise FactoryError(f"{path}: these weights do not fit {model.name}: {reason}") from error
        return
    if path.suffix != ".keras":
        raise FactoryError(f"{path}: expected a .keras or .weights.h5 file")
    source = load(path).model
    assert source is not None
    copy_weights(source, model)
