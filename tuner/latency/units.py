"""A graph as the units that run one after the other: an operation with the norm and activation right behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache

from factory.errors import FactoryError
from factory.graph import Graph, Ref
from factory.graph.ops import Activation, BatchNorm, ChoosePath, Op, Shape, known, shape_text

_FOLLOWS = (BatchNorm, Activation)
"""What works on each value alone, where it lies: it is measured with the operation whose output it changes."""
_FREE = (ChoosePath,)
"""What computes nothing at inference."""
_TIMELESS = ("initializer", "momentum", "epsilon", "rate", "start")
"""Fields of operations that no time depends on."""


@dataclass(frozen=True)
class Unit:
    """Operations that are measured as one.

    ops: the first reads tensors of the shapes `inputs`, each other one what the one before gives. ports: which outputs
    of the last one are read: max pooling without its indices is another operation than with them.
    """

    ops: tuple[Op, ...]
    inputs: tuple[Shape, ...]
    ports: tuple[int, ...] = (0,)

    @property
    def key(self) -> str:
        """Its name in the table, the same for all that take the same time."""
        ports = "" if self.ports == (0,) else f" to {', '.join(map(str, self.ports))}"
        return f"{' + '.join(map(_text, self.ops))} on {', '.join(map(shape_text, self.inputs))}{ports}"


def units_of(graph: Graph) -> Iterator[tuple[str, Unit]]:
    """The units of a network at inference, in order, each with its stage.

    Raises FactoryError where a size is known at run time only.
    """
    graph = graph.restricted(graph.outputs)
    nodes = graph.nodes
    same: dict[Ref, Ref] = {}  # what training alone changes is handed on
    for index, node in enumerate(nodes):
        if node.op.training_only:
            same[index, 0] = same.get(node.inputs[0], node.inputs[0])
    inputs = [tuple(same.get(ref, ref) for ref in node.inputs) for node in nodes]
    running = [index for index, node in enumerate(nodes) if not (node.op.training_only or isinstance(node.op, _FREE))]
    readers = Counter(ref for index in running for ref in inputs[index])
    readers.update(same.get(ref, ref) for ref in graph.outputs.values())
    ports = [
        tuple(port for port in range(len(node.outputs)) if readers[index, port]) for index, node in enumerate(nodes)
    ]
    behind = {inputs[index][0]: index for index in running if isinstance(nodes[index].op, _FOLLOWS)}
    inside: set[int] = set()
    for index in running:
        if index in inside:
            continue
        chain = [index]
        while ports[chain[-1]] == (0,) and readers[chain[-1], 0] == 1 and (chain[-1], 0) in behind:
            chain.append(behind[chain[-1], 0])
            inside.add(chain[-1])
        node, shapes = nodes[index], tuple(graph.shape(ref) for ref in inputs[index])
        if not all(map(known, (*shapes, *node.outputs))):
            raise FactoryError(
                f"{graph.name}: the latency of {node.name} depends on a size that is known at run time only: "
                "give the network a resolution, as with --set input.resolution=224"
            )
        yield node.stage, Unit(tuple(nodes[i].op for i in chain), shapes, ports[chain[-1]])


@lru_cache(maxsize=65_536)
def _text(op: Op) -> str:
    """Conv(filters=16, kernel=(3, 3), bias=False): what time depends on, defaults left out."""
    parts = []
    for field in fields(op):
        value = getattr(op, field.name)
        if field.name not in _TIMELESS and (field.default is MISSING or value != field.default):
            parts.append(f"{field.name}={value!r}")
    return f"{type(op).__name__}({', '.join(parts)})"
