"""What a network costs: parameters, multiply-accumulates, activations, by node, by stage and in total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from factory.graph.graph import Graph, Node
from factory.graph.memory import inference_peak, training_peak
from factory.graph.ops import Op, Shape, elements, known
from factory.graph.receptive import Field, receptive_fields


class Totals(NamedTuple):
    """Additive costs. `macs` and `activations` are None where a size is known only at run time.

    params: all weights; trainable: without batch-norm statistics and input normalisation; macs: multiply-accumulates of
    convolution, transposed convolution and fully connected layers at batch 1; activations: their output elements.
    """

    params: int = 0
    trainable: int = 0
    macs: int | None = 0
    activations: int | None = 0

    def plus(self, other: Totals) -> Totals:
        return Totals(
            self.params + other.params,
            self.trainable + other.trainable,
            None if self.macs is None or other.macs is None else self.macs + other.macs,
            None if self.activations is None or other.activations is None else self.activations + other.activations,
        )


NOTHING = Totals()


def op_totals(op: Op, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> Totals:
    """The costs of one operation on these shapes."""
    if type(op).weights is Op.weights:  # no weights: most operations
        return NOTHING
    return _weighted_totals(op, inputs, outputs)


@lru_cache(maxsize=65_536)
def _weighted_totals(op: Op, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> Totals:
    # remembered, since networks repeat their layers
    params = trainable = 0
    for weight in op.weights(*inputs):
        params += weight.size
        if weight.trainable:
            trainable += weight.size
    if not op.counted:
        return Totals(params, trainable)
    if not (known(outputs[0]) and all(map(known, inputs))):
        return Totals(params, trainable, None, None)
    return Totals(params, trainable, op.macs(inputs, outputs), elements(outputs[0]))


@dataclass(frozen=True)
class StageCost:
    """One stage: what it adds, the shape it ends with, and how far it sees."""

    name: str
    nodes: int
    totals: Totals
    output: Shape
    field: Field | None


class Cost:
    """The costs of a graph, without auxiliary heads; `auxiliary` has what those add in training."""

    def __init__(self, graph: Graph):
        self.graph = graph.for_inference()
        self.full = graph

    @cached_property
    def nodes(self) -> list[Totals]:
        """Totals of every node of `graph`, in its order; shared weights count where they are first used."""
        return list(_node_totals(self.graph))

    @cached_property
    def totals(self) -> Totals:
        return add_up(self.nodes)

    @property
    def params(self) -> int:
        return self.totals.params

    @property
    def trainable(self) -> int:
        return self.totals.trainable

    @property
    def macs(self) -> int | None:
        return self.totals.macs

    @property
    def activations(self) -> int | None:
        return self.totals.activations

    @cached_property
    def auxiliary(self) -> Totals:
        """What the auxiliary heads add while training."""
        if not self.full.auxiliary:
            return Totals()
        whole = add_up(_node_totals(self.full))
        mine = self.totals
        return Totals(
            whole.params - mine.params,
            whole.trainable - mine.trainable,
            None if whole.macs is None or mine.macs is None else whole.macs - mine.macs,
            None if whole.activations is None or mine.activations is None else whole.activations - mine.activations,
        )

    @cached_property
    def stages(self) -> list[StageCost]:
        """Costs by stage, in the order of the network; a stage's shape and field are those of its last node."""
        grouped: dict[str, list[int]] = {}
        for index, node in enumerate(self.graph.nodes):
            grouped.setdefault(node.stage, []).append(index)
        return [
            StageCost(
                stage,
                len(indices),
                add_up(self.nodes[i] for i in indices),
                self.graph.nodes[indices[-1]].outputs[0],
                self.fields[indices[-1]],
            )
            for stage, indices in grouped.items()
        ]

    @cached_property
    def fields(self) -> list[Field | None]:
        """Receptive field and stride of every node, None where a node sees the whole image."""
        return receptive_fields(self.graph)

    def peak_memory(self, batch: int = 1, *, training: bool = False, bytes_per_value: int = 4) -> int | None:
        """Bytes needed at once: weights and live tensors, in execution order. None for an unknown resolution.

        Inference: the largest sum of tensors alive together, plus weights. Training (an estimate, Adam): every tensor
        that the backward pass reads, weights, their gradients and two optimiser slots. Work space of the convolution
        algorithms is not included.
        """
        if training:
            live, weights = training_peak(self.full), self.params + self.auxiliary.params
            slots = 3 * (self.trainable + self.auxiliary.trainable)
        else:
            live, weights, slots = inference_peak(self.graph), self.params, 0
        return None if live is None else (live * batch + weights + slots) * bytes_per_value

    def weight_bytes(self, kind: str = "fp32") -> int:
        """Bytes of the weights as fp32, fp16 or int8 (int8: one byte a value, scales not counted)."""
        return self.params * {"fp32": 4, "fp16": 2, "int8": 1}[kind]


def _node_totals(graph: Graph) -> Iterator[Totals]:
    for node in graph.nodes:
        yield node_totals(graph, node)


def node_totals(graph: Graph, node: Node) -> Totals:
    """The costs of one node; one that uses another's weights has none of its own."""
    totals = op_totals(node.op, graph.input_shapes(node), node.outputs)
    return totals if node.shared is None else totals._replace(params=0, trainable=0)


def add_up(parts) -> Totals:
    """The sum of totals; None as soon as one is unknown."""
    params = trainable = 0
    macs: int | None = 0
    activations: int | None = 0
    for part in parts:
        if part is NOTHING:
            continue
        params += part.params
        trainable += part.trainable
        macs = None if macs is None or part.macs is None else macs + part.macs
        activations = None if activations is None or part.activations is None else activations + part.activations
    return Totals(params, trainable, macs, activations)
