"""The structure of a Keras model: which weights there are and how they are wired, whatever its layers are called."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from factory.errors import FactoryError
from factory.models.units import COMMUTATIVE, PASSES_FIRST, SCALED_SUMS, Part, activation_label, parts, weightless_label

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Edge:
    """What a unit reads: a unit, and what happens on the way that has no weights (`relu`, `max 3x3 /2`).

    `flattened` is the (h, w, c) of an image that becomes a vector on the way.
    """

    source: int
    label: tuple[str, ...] = ()
    flattened: Shape | None = None

    def through(self, *labels: str) -> Edge:
        return replace(self, label=self.label + tuple(label for label in labels if label))


@dataclass
class Unit:
    """Something with weights, a merge of several tensors, or an input of the model."""

    name: str
    kind: str
    weights: dict[str, tuple[keras.Variable, Shape]] = field(default_factory=dict)
    inputs: list[Edge] = field(default_factory=list)
    layer: keras.Layer | None = None

    @property
    def commutative(self) -> bool:
        return self.kind in COMMUTATIVE

    @property
    def identity(self) -> int | None:
        """The same for units that are calls of one layer, None for a unit without weights."""
        return next((id(variable) for variable, _ in self.weights.values()), None)

    @property
    def signature(self) -> tuple:
        """Kind and shapes: units with different signatures never match."""
        return self.kind, tuple(sorted((slot, shape) for slot, (_, shape) in self.weights.items()))

    def __str__(self) -> str:
        shapes = ", ".join(f"{slot} {shape}" for slot, (_, shape) in self.weights.items())
        return f"{self.name} ({self.kind}{': ' if shapes else ''}{shapes})"


@dataclass
class Structure:
    """Units in an order in which each comes after those it reads, and the model's outputs."""

    name: str
    units: list[Unit] = field(default_factory=list)
    outputs: list[Edge] = field(default_factory=list)

    def add(self, unit: Unit) -> Edge:
        self.units.append(unit)
        return Edge(len(self.units) - 1)


def structure_of(model: keras.Model) -> Structure:
    """The structure of a functional or sequential model; nested models are expanded, weightless layers contracted.

    Raises FactoryError for a subclassed model, whose wiring is not known.
    """
    structure = Structure(model.name)
    inputs = [structure.add(Unit(f"input {i}", f"input {i}")) for i in range(len(model.inputs))]
    structure.outputs = _expand(model, model.get_config(), inputs, structure)
    return structure


def _expand(model: keras.Model, config: dict[str, Any], inputs: list[Edge], structure: Structure) -> list[Edge]:
    """Adds the units of a model called on these inputs; returns what its outputs are."""
    layers = {layer.name: layer for layer in model.layers}
    if "input_layers" not in config:  # a Sequential: one layer after the other
        if "layers" not in config:
            raise FactoryError(f"model '{model.name}' is neither functional nor sequential: its structure is not known")
        for entry in config["layers"]:
            if entry["class_name"] != "InputLayer":
                inputs = _call(entry, layers.get(entry["config"]["name"]), inputs, structure)
        return inputs
    known: dict[tuple[str, int], list[Edge]] = {}
    for (name, call, _), edge in zip(_histories(config["input_layers"]), inputs, strict=True):
        known[name, call] = [edge]
    waiting = deque(
        (entry, call, list(_tensors(node)))
        for entry in config["layers"]
        for call, node in enumerate(entry["inbound_nodes"])
    )
    while waiting:  # layers that are called again may read what comes later in the list
        entry, call, reads = waiting.popleft()
        if any(read[:2] not in known for read in reads):
            waiting.append((entry, call, reads))
            continue
        edges = [known[name, index][port] for name, index, port in reads]
        known[entry["name"], call] = _call(entry, layers.get(entry["name"]), edges, structure)
    return [known[name, call][port] for name, call, port in _histories(config["output_layers"])]


def _call(entry: dict[str, Any], layer: keras.Layer | None, inputs: list[Edge], structure: Structure) -> list[Edge]:
    """What a layer, nested model or operation makes of its inputs: one edge for each output."""
    kind, config = entry["class_name"], entry["config"]
    if isinstance(layer, keras.Model):
        return _expand(layer, config, inputs, structure)
    name = entry.get("name", config.get("name", kind))
    if layer is not None and layer.weights:
        for part in parts(kind, config, layer):
            inputs = [structure.add(_unit(name, part, inputs, layer))]
        return [inputs[0].through(activation_label(config))]
    if kind in SCALED_SUMS:
        kind, inputs = "Add", [inputs[0], inputs[1].through("Rescaling")]
    if kind == "ColumnJoin":  # the last input says what training drops
        kind, inputs = "Average", inputs[:-1]
    sources = {edge.source for edge in inputs}
    if kind in PASSES_FIRST or len(inputs) == 1 or (kind in COMMUTATIVE and len(sources) == 1):
        label = weightless_label(kind, config)
        if kind == "Flatten" and layer is not None:
            return [replace(inputs[0], flattened=tuple(layer.input.shape[1:]))]
        return [inputs[0].through(label, str(port) if port else "") for port in range(_outputs(layer))]
    made = structure.add(Unit(name, kind, inputs=inputs))
    return [made.through(str(port) if port else "") for port in range(_outputs(layer))]


def _unit(name: str, part: Part, inputs: list[Edge], layer: keras.Layer) -> Unit:
    return Unit(name, part.kind, part.weights, inputs, layer)


def _outputs(layer: keras.Layer | None) -> int:
    """How many outputs an operation has; of one that is no layer that is not known, so more than any has."""
    if layer is None:
        return 64
    return len(layer.output) if isinstance(layer.output, (list, tuple)) else 1


def _histories(value: Any) -> Iterator[tuple[str, int, int]]:
    """All [layer name, call, output] in the nested lists of a configuration, in order."""
    if isinstance(value, (list, tuple)):
        if len(value) == 3 and isinstance(value[0], str):
            yield tuple(value)  # type: ignore[misc]
        else:
            for part in value:
                yield from _histories(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _histories(part)


def _tensors(value: Any) -> Iterator[tuple[str, int, int]]:
    """All tensors that the serialised arguments of a call hold, in order."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield tuple(value["config"]["keras_history"])
        else:
            for part in value.values():
                yield from _tensors(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)
