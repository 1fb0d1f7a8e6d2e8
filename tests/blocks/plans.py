"""Small specs around one call, for tests that look at the nodes that a block makes."""

from __future__ import annotations

from typing import Any

import factory
from factory.graph import Graph, Node
from factory.graph import ops as o

SHAPE = (16, 16, 8)


def planned(call: dict[str, Any], shape: tuple[Any, Any, int] = SHAPE, **spec: Any) -> Graph:
    """The graph of a spec whose only stage is this call."""
    *size, channels = shape
    image = {"resolution": "any" if None in size else size, "channels": channels}
    return factory.plan(factory.load({"name": "net", "input": image, "stages": {"x": call}, **spec}))


def trainable(call: dict[str, Any], shape: tuple[Any, Any, int] = SHAPE, **spec: Any) -> int:
    return planned(call, shape, **spec).cost.trainable


def kinds(graph: Graph) -> list[type[o.Op]]:
    return [type(node.op) for node in graph.nodes]


def named(graph: Graph, name: str) -> Node:
    [node] = [node for node in graph.nodes if node.name == name]
    return node
