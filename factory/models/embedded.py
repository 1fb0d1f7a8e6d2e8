"""Specs out of models: what `factory build` put into a .keras file or a SavedModel directory. Knows no TensorFlow."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError
from factory.models.archive import SPEC, read_spec_text
from factory.spec.document import compile_spec
from factory.spec.reading import read_text
from factory.spec.spec import Spec
from factory.spec.zoo import zoo_names


def is_model(name: str) -> bool:
    """Whether a name means a saved model, not a spec. A bare name of the zoo never does: write ./NAME for a folder."""
    return name.endswith((".keras", ".h5")) or (Path(name).is_dir() and name not in zoo_names())


def read_spec(path: str | Path) -> Spec:
    """The spec that a model was built from. Raises FactoryError for a model that carries none."""
    text = read_spec_text(path)
    if text is None:
        raise FactoryError(f"{path}: this model carries no spec, as those that 'factory build' writes do")
    name = f"{path}/{SPEC}"
    return compile_spec(read_text(text, name), name)
