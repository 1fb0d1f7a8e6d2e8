"""Loading saved models, of either format, behind one callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import factory.models.layers  # noqa: F401  (registers the layers that saved models may contain)
from factory.errors import FactoryError
from factory.models.archive import check_model_path, read_labels, read_spec_text


@dataclass(frozen=True)
class Loaded:
    """A saved model ready to predict: call it with images (batch, h, w, c).

    `input_shape` is (h, w, c), None for sizes that are free. `model` is the keras.Model of a .keras file, None for a
    SavedModel. `spec_text` and `labels` are what was saved with it.
    """

    path: Path
    input_shape: tuple[int | None, ...]
    model: keras.Model | None
    spec_text: str | None
    labels: list[str] | None
    run: Callable[[Any], Any]

    def __call__(self, images: Any) -> np.ndarray | list[np.ndarray]:
        """The outputs as arrays; a list where the model has several."""
        result = self.run(tf.convert_to_tensor(images, "float32"))
        return [np.asarray(part) for part in result] if isinstance(result, (list, tuple)) else np.asarray(result)


def load(path: str | Path) -> Loaded:
    """The model in a .keras file or a SavedModel directory. Raises FactoryError where it is missing or damaged."""
    path = Path(path)
    check_model_path(path)
    try:
        shape, model, run = _load_saved_model(path) if path.is_dir() else _load_keras(path)
    except Exception as error:  # loaders raise whatever the damage made them stumble over
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise FactoryError(f"{path}: cannot be loaded as a model: {reason}") from error
    return Loaded(path, tuple(shape)[1:], model, read_spec_text(path), read_labels(path), run)


def _load_keras(path: Path) -> tuple[Any, keras.Model, Callable[[Any], Any]]:
    model = keras.saving.load_model(path, compile=False)
    return model.input_shape, model, model.predict_on_batch


def _load_saved_model(path: Path) -> tuple[Any, None, Callable[[Any], Any]]:
    loaded = tf.saved_model.load(str(path))
    [image] = loaded.signatures["serving_default"].structured_input_signature[1].values()
    return image.shape, None, lambda images: loaded.serve(images)  # a function alone would not keep its variables alive
