"""Between which bounds the values of a tensor lie, as far as its operations tell."""

from __future__ import annotations

import math

from factory.graph import Graph, Ref
from factory.graph.ops import Activation, AvgPool, Concat, Flatten, GlobalPool, MaxPool, Merge

_BOUNDED = {"relu": (0.0, math.inf), "relu6": (0.0, 6.0), "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0)}
_KEPT_BY = {"relu": (0.0, math.inf), "relu6": (0.0, 6.0)}
_PASSING = (MaxPool, AvgPool, GlobalPool, Flatten)


def bounds(graph: Graph, ref: Ref) -> tuple[float, float]:
    """(lowest, highest) value that an output can have; infinite where nothing is known."""
    if ref[0] < 0:
        return -math.inf, math.inf
    node = graph.nodes[ref[0]]
    if isinstance(node.op, Activation):
        return _BOUNDED.get(node.op.kind, (-math.inf, math.inf))
    if isinstance(node.op, _PASSING) or node.op.training_only:
        return bounds(graph, node.inputs[0])
    if isinstance(node.op, Concat):
        inner = [bounds(graph, one) for one in node.inputs]
        return min(low for low, _ in inner), max(high for _, high in inner)
    if isinstance(node.op, Merge) and all(bounds(graph, one)[0] >= 0 for one in node.inputs):
        return 0.0, math.inf
    return -math.inf, math.inf


def changes_nothing(activation: Activation, given: tuple[float, float]) -> bool:
    """Whether an activation is the identity on values between these bounds."""
    low, high = _KEPT_BY.get(activation.kind, (math.inf, -math.inf))
    return low <= given[0] and given[1] <= high
