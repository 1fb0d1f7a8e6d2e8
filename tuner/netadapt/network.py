"""A network with its weights, as it goes from step to step: a spec written layer by layer, and arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from factory.graph import Graph
from factory.spec import Spec, plan
from factory.spec.document import compile_spec
from factory.spec.plain import plain
from factory.spec.reading import read_text
from factory.spec.writing import write
from tuner.netadapt.pruning import Weights
from tuner.netadapt.unrolling import unroll


@dataclass(frozen=True)
class Network:
    """A spec and the weights of its layers, without auxiliary heads."""

    spec: Spec
    weights: Weights

    @cached_property
    def graph(self) -> Graph:
        return plan(self.spec).for_inference()

    @property
    def text(self) -> str:
        """The spec as YAML."""
        return write(plain(self.spec.document))

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights as named arrays: `s1_0_expand/kernel`."""
        return {
            f"{node.name}/{weight.name}": array
            for node in self.graph.nodes
            if node.name in self.weights
            for weight, array in zip(
                node.op.weights(*self.graph.input_shapes(node)), self.weights[node.name], strict=True
            )
        }

    def fingerprint(self) -> str:
        """A short hash of spec and weights: 16 hexadecimal digits."""
        digest = hashlib.blake2b(self.text.encode(), digest_size=8)
        for name, array in sorted(self.arrays().items()):
            digest.update(f"{name}{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def from_arrays(text: str, arrays: Mapping[str, np.ndarray]) -> Network:
    """The network that `Network.text` and `Network.arrays` gave."""
    spec = compile_spec(read_text(text, "spec of a step"), "spec of a step")
    weights: dict[str, tuple[np.ndarray, ...]] = {}
    for name, array in arrays.items():
        node = name.rpartition("/")[0]
        weights[node] = (*weights.get(node, ()), array)
    return Network(spec, weights)


def written_out(graph: Graph, weights: Weights, like: Spec) -> Network:
    """The network of a graph as a spec of its own, every layer a call; weights go along with their layers."""
    made = unroll(graph, like)
    return Network(made.spec, {made.names[name]: arrays for name, arrays in weights.items() if name in made.names})
