"""Where a node becomes layers: the site that a lowering function works on, and the function's dispatch."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import singledispatch
from typing import Any

import keras

from factory.graph import Graph, Node, Ref
from factory.graph.initializers import Initializer
from factory.graph.ops import Activation, Conv, Dense, DepthwiseConv, Op, Shape

KERAS_NAMES = {"swish": "silu", "hard_swish": "hard_silu"}
"""Activations that Keras calls otherwise than we do."""

_WITH_ACTIVATION = (Conv, DepthwiseConv, Dense)
_NEEDS_A_LAYER = ("leaky_relu", "elu", "scaled_tanh")  # they have parameters


class Building:
    """What the sites of one model have in common: the graph, who shares weights with whom, the layers made so far."""

    def __init__(self, graph: Graph, seed: int | None, dtype: str | keras.DTypePolicy):
        self.graph, self.seed = graph, seed
        self.reads = graph.reads()
        self.results: list[Ref] = [*graph.outputs.values(), *graph.auxiliary.values()]
        self.owners = [index if node.shared is None else node.shared for index, node in enumerate(graph.nodes)]
        self.users: dict[int, list[int]] = {}
        for index, owner in enumerate(self.owners):
            self.users.setdefault(owner, []).append(index)
        self._dtype = dtype
        self._ends = {self.owners[index] for index, _ in self.results if index >= 0}
        self._names = {node.name for node in graph.nodes}
        self._layers: dict[tuple[int, str], keras.Layer] = {}
        self.activations = self._inside_layers()
        self._inside = {node: activation for activation, node in self.activations.items()}
        self._ends |= {self.activations[index] for index in self._ends if index in self.activations}

    def _inside_layers(self) -> dict[int, int]:
        """Activations that become a part of the layer before them, as in keras.applications: activation -> that node.

        Only where nothing else reads what comes before the activation, and not at the end of a model in mixed
        precision, where the activation alone is float32.
        """
        readers = Counter(ref for node in self.graph.nodes for ref in node.inputs)
        readers.update(self.results)
        policy = keras.DTypePolicy(self._dtype) if isinstance(self._dtype, str) else self._dtype
        mixed = policy.compute_dtype != "float32"
        found = {}
        for index, node in enumerate(self.graph.nodes):
            if not isinstance(node.op, Activation) or node.op.kind in _NEEDS_A_LAYER:
                continue
            source = node.inputs[0][0]
            if source < 0 or readers[node.inputs[0]] > 1 or len(self.users[self.owners[source]]) > 1:
                continue
            if isinstance(self.graph.nodes[source].op, _WITH_ACTIVATION) and not (mixed and index in self._ends):
                found[index] = source
        return found

    def activation_inside(self, index: int) -> str | None:
        """Keras' name of the activation that is a part of this node's layer."""
        if index not in self._inside:
            return None
        op = self.graph.nodes[self._inside[index]].op
        assert isinstance(op, Activation)
        return KERAS_NAMES.get(op.kind, op.kind)

    def layer(self, owner: int, suffix: str, kind: type[keras.Layer], config: dict[str, Any]) -> keras.Layer:
        made = self._layers.get((owner, suffix))
        if made is None:
            node = self.graph.nodes[owner].name
            name = self.free_name(node + suffix) if suffix else node
            dtype = "float32" if owner in self._ends else self._dtype  # losses need the range
            made = self._layers[owner, suffix] = kind(name=name, dtype=dtype, **config)
        return made

    def free_name(self, name: str) -> str:
        """The name, or one like it that no node and no other helper has."""
        while name in self._names:
            name += "_"
        self._names.add(name)
        return name


class Site:
    """One node while it is lowered.

    `users` are all nodes that have its weights in common, itself among them: they become calls of the same layers, so
    what is decided about a layer must hold for all of them.
    """

    def __init__(self, building: Building, index: int):
        graph = building.graph
        self._building, self._index = building, index
        self._owner = building.owners[index]
        self.node = graph.nodes[index]
        self.users: list[Node] = [graph.nodes[user] for user in building.users[self._owner]]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of this node's inputs."""
        return self._building.graph.input_shapes(self.node)

    @property
    def user_shapes(self) -> list[Shape]:
        """The shapes of the first inputs of all users."""
        return [self._building.graph.shape(user.inputs[0]) for user in self.users]

    @property
    def sources(self) -> list[Op | None]:
        """The operations that the first inputs of all users come from, None for the network's input."""
        nodes = self._building.graph.nodes
        return [nodes[index].op if index >= 0 else None for index, _ in (user.inputs[0] for user in self.users)]

    @property
    def activation(self) -> str | None:
        """The activation that this node's layer ends with, None where there is none or it has a layer of its own."""
        return self._building.activation_inside(self._index)

    def reads(self, port: int) -> bool:
        """Whether anything uses this output, of this node or of one that shares its layers."""
        return any((user, port) in self._building.reads for user in self._building.users[self._owner])

    def layer(self, kind: type[keras.Layer], suffix: str = "", /, **config: Any) -> keras.Layer:
        """The layer of this node, called as the node is; helpers have a suffix. Made once for all users of it."""
        return self._building.layer(self._owner, suffix, kind, config)

    def seed(self) -> int | None:
        """The seed of this node: the same for the same network seed and node name, in every process."""
        if self._building.seed is None:
            return None
        text = f"{self._building.seed}:{self._building.graph.nodes[self._owner].name}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") >> 1

    def initializer(self, how: Initializer) -> keras.initializers.Initializer:
        return keras.initializers.VarianceScaling(how.scale, how.mode, how.distribution, seed=self.seed())


@singledispatch
def lower(op: Op, site: Site, *inputs: keras.KerasTensor) -> Any:
    """The output tensor of an operation on these inputs, or a tuple where the operation has several outputs."""
    raise TypeError(f"no lowering for {type(op).__name__}")
