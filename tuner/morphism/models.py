"""Morphisms of keras models. Imports TensorFlow: to be imported late."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from factory.errors import FactoryError
from factory.graph import Graph
from factory.models.embedded import read_spec
from factory.models.load import load
from factory.spec import Spec, plan
from factory.train.weights import finalize
from tuner.morphism.morphism import Morphism, plan_morphism


def inherit(
    parent: keras.Model, parents_graph: Graph, child: keras.Model, childs_graph: Graph, seed: int = 0
) -> Morphism:
    """Gives a child the weights of its parent; the graphs are those that the two were built from.

    Returns what was done: whether the child now computes the parent's function, and if not, why. Heads that exist in
    training only begin afresh.
    """
    morphism = plan_morphism(parents_graph.for_inference(), childs_graph.for_inference(), seed)
    weights = morphism.weights(_arrays(parent), _arrays(child))
    for variable in child.weights:
        variable.assign(weights[variable.path])
    finalize(child)
    return morphism


def inherit_file(file: Path, child: keras.Model, spec: Spec, seed: int = 0) -> Morphism:
    """`inherit` from a .keras file, which carries the spec of its network, for a child of this spec.

    Raises FactoryError for a file that is none, or carries no spec.
    """
    parent = load(file).model
    if parent is None:
        raise FactoryError(f"{file}: expected a .keras file to inherit from, this is a SavedModel")
    return inherit(parent, plan(read_spec(file)), child, plan(spec), seed)


def _arrays(model: keras.Model) -> dict[str, np.ndarray]:
    return {variable.path: keras.ops.convert_to_numpy(variable) for variable in model.weights}
