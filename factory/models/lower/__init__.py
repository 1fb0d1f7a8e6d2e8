"""Lowering: a graph of primitive operations becomes a functional keras.Model, of stock layers where they do the job."""

from __future__ import annotations

from typing import Any

import keras

from factory.graph import INPUT, Graph, Ref
from factory.models.lower import activation, channels, conv, dropout, merge, norm, pool, spatial  # noqa: F401
from factory.models.lower.site import Building, Site, lower

__all__ = ["lower_graph"]


def lower_graph(graph: Graph, *, seed: int | None = None, dtype: str | keras.DTypePolicy = "float32") -> keras.Model:
    """The functional model of the nodes that the outputs and auxiliary heads of `graph` need.

    Layers are named as their nodes; what else a node needs has a suffix (`stem.pad`). An activation right behind a
    convolution or dense layer is a part of that layer. Nodes with shared weights are calls of one layer. Outputs are in
    the order of `graph.outputs`, then of `graph.auxiliary`: one tensor, or a list.
    Layers that make outputs compute in float32, whatever `dtype` says.
    """
    building = Building(graph, seed, dtype)
    image = keras.Input(graph.input, name=building.free_name("input"))
    tensors: dict[Ref, Any] = {INPUT: image}
    for index, node in enumerate(graph.nodes):
        if index in building.activations:  # the layer before has it
            tensors[index, 0] = tensors[node.inputs[0]]
            continue
        made = lower(node.op, Site(building, index), *(tensors[ref] for ref in node.inputs))
        for port, tensor in enumerate(made if isinstance(made, (tuple, list)) else (made,)):
            tensors[index, port] = tensor
    outputs = [tensors[ref] for ref in building.results]
    return keras.Model(image, outputs[0] if len(outputs) == 1 else outputs, name=graph.name)
