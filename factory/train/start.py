"""Fine-tuning: a model takes what fits from weights of another head, other classes, another size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from factory.errors import FactoryError
from factory.models.build import build
from factory.models.load import load
from factory.models.official import IMAGENET
from factory.models.weights import load_weights
from factory.spec import Spec
from factory.train.weights import carry, finalize


def start_from(model: keras.Model, spec: Spec, weights: str, classes: Sequence[str]) -> list[str]:
    """Gives a model of this spec the weights of `imagenet`, a .keras file or a .h5 file of keras.applications.

    Returns the stages that begin afresh, since nothing there fits them. From a .keras file weights are taken that have
    the same name and shape, the output stage's only where it was made for the same classes; from the others, those of
    everything before the output stage. Raises FactoryError where nothing fits.
    """
    known: Sequence[keras.Variable]
    if weights == IMAGENET or Path(weights).suffix == ".h5":
        source = build(spec, top=False)
        load_weights(source, weights, top=False)
        known = source.weights
    else:
        loaded = load(weights)
        if loaded.model is None:
            raise FactoryError(f"{weights}: expected a .keras file to start from, this is a SavedModel")
        same = loaded.labels is None or tuple(loaded.labels) == tuple(classes)
        ends = {name for name, _ in spec.outputs.values()} or {spec.stages.result}
        known = [w for w in loaded.model.weights if same or _stage(w.path) not in ends]
    left = carry(known, model.weights)
    if len(left) == len(model.weights):
        raise FactoryError(f"{weights}: no weight has the name and shape of one of {spec.name}")
    finalize(model)
    return list(dict.fromkeys(map(_stage, left)))


def _stage(path: str) -> str:
    """s1.0.conv/kernel -> s1."""
    return path.partition("/")[0].partition(".")[0]
