"""What differs between two resolved specs, path by path, and between their costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from factory.blocks import Limits
from factory.graph import canonical_hash
from factory.spec.filling import fill
from factory.spec.plan import plan
from factory.spec.spec import Spec

COSTS = ("params", "trainable", "macs", "activations")
_NOT_COMPARED = ("factory", "about", "expect")


class Change(NamedTuple):
    """A value that differs; None where one of the two has none."""

    path: str
    a: Any
    b: Any


def changes(a: Spec, b: Spec) -> list[Change]:
    """The values that differ between two specs with every default filled in, in the order of the text."""
    return list(_changes("", *({k: v for k, v in fill(spec).items() if k not in _NOT_COMPARED} for spec in (a, b))))


def compare(a: Spec, b: Spec, *, limits: Limits | None = None) -> dict[str, Any]:
    """What `factory diff` shows: changed values, costs of both, and whether they are the same network."""
    graphs = [plan(spec, limits=limits) for spec in (a, b)]
    costs = [{name: getattr(graph.cost, name) for name in COSTS} for graph in graphs]
    hashes = [canonical_hash(graph) for graph in graphs]
    return {
        "changes": [change._asdict() for change in changes(a, b)],
        "costs": {name: [cost[name] for cost in costs] for name in COSTS},
        "hashes": hashes,
        "same_network": hashes[0] == hashes[1],
    }


def _changes(path: str, a: Any, b: Any) -> Iterator[Change]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in (*a, *(key for key in b if key not in a)):
            yield from _changes(f"{path}.{key}" if path else str(key), a.get(key), b.get(key))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, pair in enumerate(zip(a, b, strict=True)):
            yield from _changes(f"{path}.{index}", *pair)
    elif a != b or isinstance(a, bool) != isinstance(b, bool):
        yield Change(path, a, b)
