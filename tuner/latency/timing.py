"""Timing units and networks as they run here: `tf.function` of the Keras layers, one image, every core.

    python -m tuner.latency.timing

is the process that `tuner.latency.meter` talks to: it reads requests, pickled, from its standard input, and answers
each with a line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.errors import first_line
from factory.graph import Graph, Node
from factory.graph.ops import JoinColumns, MaxUnpool, Op, Shape, elements
from factory.models.build import build_graph
from factory.models.forgetting import forget_networks
from factory.models.lower import lower
from factory.models.lower.site import Building, Site
from tuner.latency.meter import UNITS
from tuner.latency.table import CALL
from tuner.latency.units import Unit

ROUNDS = 15
CALLS = 3
"""So many calls in a row a round, of which the shortest counts: another program may come between."""
COPIES = 4
"""A small unit is timed as a chain of so many: calling takes longer than many an operation."""
LARGE = 50e6
"""Multiply-accumulates, or values read and written, from which on one copy takes long enough."""
WARM_UP = 3

Call = Callable[[], object]


def time_units(units: Sequence[Unit]) -> dict[str, float]:
    """Milliseconds of each unit by its key, and of a call that computes nothing.

    A chain of copies of the unit runs in one `tf.function`. What the next copy reads depends on what the one before
    gave, so that no two run at once; the same chain without the unit is subtracted, round by round. The median counts.

    Raises RuntimeError for a unit that cannot be run.
    """
    chains = {unit.key: _tried(unit) for unit in units}
    bare = {(unit.inputs, _copies(unit)): _chain(unit, _copies(unit), with_unit=False) for unit in units}
    names: dict[Any, Call] = {CALL: _empty(), **chains, **bare}
    seconds = _in_turns(names)
    found = {CALL: 1e3 * statistics.median(seconds[CALL])}
    for unit in units:
        copies = _copies(unit)
        pairs = zip(seconds[unit.key], seconds[unit.inputs, copies], strict=True)
        found[unit.key] = max(0.0, 1e3 * statistics.median(chain - rest for chain, rest in pairs) / copies)
    return found


def _tried(unit: Unit) -> Call:
    """The chain of a unit, which has run once."""
    try:
        chain = _chain(unit, _copies(unit), with_unit=True)
        chain()
    except Exception as error:
        raise RuntimeError(f"{unit.key} cannot be run: {first_line(error)}") from error
    return chain


def time_networks(graphs: Sequence[Graph]) -> list[float]:
    """Milliseconds of one image for each network as a whole, timed in turns."""
    calls = {index: _network(graph) for index, graph in enumerate(graphs)}
    return [1e3 * statistics.median(seconds) for seconds in _in_turns(calls).values()]


def _in_turns(calls: Mapping[Any, Call]) -> dict[Any, list[float]]:
    """Seconds of each call, one a round, after warming up."""
    for call in calls.values():
        for _ in range(WARM_UP):
            call()
    seconds: dict[Any, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.disable()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            seconds[name].append(min(_seconds(call) for _ in range(CALLS)))
    gc.enable()
    return seconds


def _seconds(call: Call) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _copies(unit: Unit) -> int:
    work = sum(map(elements, unit.inputs))
    shapes = unit.inputs
    for op in unit.ops:
        outputs = op.outputs(*shapes)
        work += op.macs(shapes, outputs) + sum(weight.size for weight in op.weights(*shapes))
        shapes = outputs
    return 1 if work > LARGE else COPIES


# ---- what is timed


def _network(graph: Graph) -> Call:
    model = build_graph(graph, seed=0)
    run = tf.function(lambda image: model(image, training=False)).get_concrete_function(_image(graph.input))
    image = _image(graph.input)
    return lambda: run(image)


def _empty() -> Call:
    run = tf.function(lambda x: x + 1.0).get_concrete_function(tf.zeros((1, 1)))
    x = tf.zeros((1, 1))
    return lambda: run(x)


def _chain(unit: Unit, copies: int, *, with_unit: bool) -> Call:
    model = _model(unit) if with_unit else None
    given = [_image(shape, dtype) for shape, dtype in zip(unit.inputs, _dtypes(unit), strict=True)]

    def run(*tensors: tf.Tensor) -> tf.Tensor:
        last = tf.constant(0.0)
        for _ in range(copies):
            read = [tensor + tf.cast(last, tensor.dtype) for tensor in tensors]
            made = tf.nest.flatten(model(read, training=False)) if model else read
            last = sum((tf.cast(tf.reshape(one, [-1])[0], "float32") for one in made), 0.0) * 1e-6
        return last

    call = tf.function(run).get_concrete_function(*given)
    return lambda: call(*given)


def _model(unit: Unit) -> keras.Model:
    """The Keras layers of a unit, on tensors of its own."""
    building = Building(_graph(unit), None, "float32")
    tensors: list[Any] = [keras.Input(s, dtype=t) for s, t in zip(unit.inputs, _dtypes(unit), strict=True)]
    inputs = list(tensors)
    made: Any = None
    for index, node in enumerate(building.graph.nodes[len(inputs) :], len(inputs)):
        if index not in building.activations:
            made = lower(node.op, Site(building, index), *tensors)
        tensors = list(made) if isinstance(made, (tuple, list)) else [made]
    return keras.Model(inputs, [tensors[port] for port in unit.ports])


def _graph(unit: Unit) -> Graph:
    """The unit as a graph: a node for each tensor that it reads, then its operations."""
    nodes = [Node(f"x{index}", Op(), ((-1, 0),), (shape,)) for index, shape in enumerate(unit.inputs)]
    refs = tuple((index, 0) for index in range(len(nodes)))
    shapes: Sequence[Shape] = unit.inputs
    for number, op in enumerate(unit.ops):
        outputs = op.outputs(*shapes)
        nodes.append(Node(f"op{number}", op, refs, outputs))
        refs, shapes = ((len(nodes) - 1, 0),), outputs[:1]
    return Graph("unit", unit.inputs[0], nodes, {f"y{port}": (len(nodes) - 1, port) for port in unit.ports})


def _dtypes(unit: Unit) -> list[str]:
    """The places of maxima and the paths through fractals are whole numbers, behind the other inputs."""
    counted = isinstance(unit.ops[0], (MaxUnpool, JoinColumns))
    return ["int32" if counted and index == len(unit.inputs) - 1 else "float32" for index in range(len(unit.inputs))]


def _image(shape: Shape, dtype: str = "float32") -> tf.Tensor:
    """One image of this shape; zeros where whole numbers say where something lies."""
    size = [1, *map(int, shape)]  # type: ignore[arg-type]  # all are known
    if dtype == "int32":
        return tf.zeros(size, dtype)
    return tf.constant(np.random.default_rng(0).uniform(0, 1, size), dtype)


# ---- the process


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        what, things = request
        found = time_units(things) if what == UNITS else time_networks(things)
        answers.write(json.dumps(found) + "\n")
        answers.flush()
        forget_networks()


if __name__ == "__main__":
    main()
