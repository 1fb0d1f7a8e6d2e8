"""A graph written out as a spec, layer by layer: what a network becomes whose layers have widths of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from factory.blocks.values import Conventions
from factory.errors import FactoryError
from factory.graph import INPUT, Graph, Ref
from factory.graph.ops import Dense
from factory.spec import Spec, load
from factory.spec.plain import plain
from factory.spec.plan import input_shape
from tuner.netadapt.calls import ACTIVATIONS, CONVOLUTIONS, NORMS, call_of, norm_of


@dataclass(frozen=True)
class Unrolled:
    """A spec of one call a layer, and the name that each node of the graph has in it."""

    spec: Spec
    names: dict[str, str]


def unroll(graph: Graph, like: Spec) -> Unrolled:
    """The spec that plans to `graph`; what it says beside its layers is that of the spec that the graph came from.

    A convolution takes the norm and the activation behind it into its call, if nothing else reads what is between.
    Auxiliary heads are left out. Raises FactoryError for what no call can say, as weights shared between layers.
    """
    return _Unroller(graph.for_inference(), like).unrolled()


class _Unroller:
    def __init__(self, graph: Graph, like: Spec):
        self.graph, self.like = graph, like
        self.conventions = like.conventions._replace(bias="auto")
        self.readers: Counter[Ref] = Counter(ref for node in graph.nodes for ref in node.inputs)
        self.readers.update([*graph.outputs.values(), *graph.features.values()])
        self.next = {ref: index for index, node in enumerate(graph.nodes) for ref in node.inputs}
        self.sources: dict[Ref, str] = {INPUT: "input"}
        self.names: dict[str, str] = {}
        self.stages: dict[str, dict[str, Any]] = {}

    def unrolled(self) -> Unrolled:
        inside: set[int] = set()
        for index, node in enumerate(self.graph.nodes):
            if node.shared is not None:
                raise FactoryError(
                    f"{node.name} shares the weights of {self.graph.nodes[node.shared].name}: such layers cannot be "
                    "written out one by one; train the network without 'share'"
                )
            if node.stage == "input":  # the spec's preprocessing
                self.sources[index, 0] = "input"
                self.names[node.name] = node.name
            elif index not in inside:
                inside.update(self._call(index))
        return Unrolled(load(self._document()), self.names)

    def _call(self, index: int) -> list[int]:
        """Adds the call of a node; returns the nodes behind it that the call makes, too."""
        node = self.graph.nodes[index]
        name = self._free(node.name.replace(".", "_"))
        norm, activation = self._behind(index)
        last = activation or norm or index
        ops = [None if i is None else self.graph.nodes[i].op for i in (norm, activation)]
        call = call_of(node.op, self.graph.shape(node.inputs[0]), self.conventions, *ops)
        previous = list(self.stages)[-1] if self.stages else "input"
        sources = [self.sources[ref] for ref in node.inputs]
        if sources != [previous]:
            call["from"] = sources[0] if len(sources) == 1 else sources
        self.stages[name] = call
        self.names[node.name] = name
        for part, suffix in ((norm, "norm"), (activation, "activation")):
            if part is not None:
                self.names[self.graph.nodes[part].name] = f"{name}.{suffix}"
        ports = ["", ".indices"] if call["block"] == "max_pool" else [""]
        if call["block"] == "split":
            ports = [f".p{number + 1}" for number in range(len(node.outputs))]
        for port, text in enumerate(ports):
            self.sources[last, port] = name + text
        return [part for part in (norm, activation) if part is not None]

    def _behind(self, index: int) -> tuple[int | None, int | None]:
        """The norm and the activation that a convolution's call makes, the activation that a dense layer's does."""
        op = self.graph.nodes[index].op
        norm = self._only_reader(index, NORMS) if isinstance(op, CONVOLUTIONS) else None
        end = index if norm is None else norm
        return norm, self._only_reader(end, ACTIVATIONS) if isinstance(op, (*CONVOLUTIONS, Dense)) else None

    def _only_reader(self, index: int, kinds: tuple[type, ...]) -> int | None:
        reader = self.next.get((index, 0))
        if reader is None or self.readers[index, 0] != 1 or not isinstance(self.graph.nodes[reader].op, kinds):
            return None
        return reader

    def _free(self, name: str) -> str:
        while name in self.stages or name == "input":
            name += "_"
        return name

    def _document(self) -> dict[str, Any]:
        like = self.like
        height, width, channels = input_shape(like)
        document: dict[str, Any] = {
            "factory": 1,
            "name": like.name,
            "about": plain(like.about),
            "input": {
                "resolution": height if height == width else [height, width],
                "channels": channels,
                "preprocess": plain(like.input.preprocess),
            },
            "classes": like.classes,
            "conventions": dict(self._conventions()),
            "stages": self.stages,
        }
        ends = {name: self.sources[ref] for name, ref in self.graph.outputs.items()}
        if list(ends.values()) != [list(self.stages)[-1]]:
            document["outputs"] = ends
        if self.graph.features:
            document["features"] = [self.sources[ref] for ref in self.graph.features.values()]
        return {key: value for key, value in document.items() if value != {}}

    def _conventions(self) -> Iterator[tuple[str, Any]]:
        standard = Conventions()
        for key, value in self.conventions._asdict().items():
            if value != getattr(standard, key):
                yield key, norm_of(value) if key == "norm" else plain(value)
