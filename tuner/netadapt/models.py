"""Networks as keras.Models and back: their weights go over layer by layer, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from factory.errors import FactoryError
from factory.graph import Graph
from factory.models.build import build_graph
from factory.models.embedded import read_spec
from factory.models.load import load
from factory.models.save import save
from factory.spec import plan
from factory.train.weights import finalize
from tuner.netadapt.network import Network, written_out
from tuner.netadapt.pruning import Weights

_SUFFIX = "_adapted"


def read_network(file: Path) -> Network:
    """The network in a .keras file that the factory saved, written out layer by layer. Raises FactoryError.

    Drop-path, which acts in training only, is left out: no call says it.
    """
    spec, model = read_spec(file), load(file).model
    if model is None:
        raise FactoryError(f"{file}: expected a .keras file, this is a SavedModel")
    changes: dict[str, Any] = {"name": f"{spec.name.removesuffix(_SUFFIX)}{_SUFFIX}"}
    spec = spec.override(changes | ({"drop_path": None} if "drop_path" in spec.document else {}))
    graph = plan(spec).for_inference()
    return written_out(graph, weights_of(model, graph), spec)


def weights_of(model: keras.Model, graph: Graph) -> dict[str, tuple[np.ndarray, ...]]:
    """The weights of a model that was built from this graph."""
    layers = {layer.name: layer for layer in model.layers}
    weights = {}
    for node in graph.nodes:
        shapes = [weight.shape for weight in node.op.weights(*graph.input_shapes(node))]
        if not shapes or node.shared is not None:
            continue
        arrays = tuple(np.array(weight) for weight in layers[node.name].weights) if node.name in layers else ()
        if [array.shape for array in arrays] != shapes:
            raise FactoryError(f"{model.name} is not the network of its spec: its layer {node.name} is another one")
        weights[node.name] = arrays
    return weights


def give(model: keras.Model, weights: Weights) -> None:
    """Gives the layers of a model the weights of the nodes of their names."""
    for name, arrays in weights.items():
        model.get_layer(name).set_weights(arrays)
    finalize(model)


def built(network: Network) -> keras.Model:
    """The network as a model."""
    model = build_graph(network.graph)
    give(model, network.weights)
    return model


def save_network(network: Network, file: Path, labels: list[str] | None) -> None:
    """Writes a .keras file with spec and labels inside, whole or not at all."""
    save(built(network), file.parent, file.stem, ["keras"], network.text, labels)
