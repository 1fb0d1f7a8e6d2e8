"""Random graphs as lists of edges, the same for a seed on every machine and for ever. Pure data.

Only `random.Random(seed).random()` is used: Python promises that its sequence never changes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from factory.blocks.values import Invalid, show
from factory.errors import did_you_mean

Edges = tuple[tuple[int, int], ...]
"""(from, to), from lower to higher numbers, sorted; nodes count from 0."""

MAX_NODES = 1_000
_TRIES = 1_000
_PARAMETERS: dict[str, dict[str, type]] = {"er": {"p": float}, "ba": {"m": int}, "ws": {"k": int, "p": float}}


class Generator(NamedTuple):
    """A random graph model and its parameters: er (p), ba (m) or ws (k, p)."""

    kind: str
    parameters: tuple[tuple[str, float], ...]


def parse_generator(value: Any) -> Generator:
    """From `{kind: ws, k: 4, p: 0.75}`."""
    if isinstance(value, Generator):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise Invalid(f"expected a generator, received {show(value)}", "{kind: ws, k: 4, p: 0.75}")
    kind = value["kind"]
    if kind not in _PARAMETERS:
        raise Invalid(f"unknown generator '{kind}'", did_you_mean(kind, _PARAMETERS), ("kind",))
    known = _PARAMETERS[kind]
    for name, given in value.items():
        if name == "kind":
            continue
        if name not in known:
            raise Invalid(f"unknown parameter of generator '{kind}'", did_you_mean(name, known), (name,))
        whole = isinstance(given, int) and not isinstance(given, bool)
        if known[name] is int and not (whole and given >= 1):
            raise Invalid(f"expected a whole number, at least 1, received {show(given)}", loc=(name,))
        if known[name] is float and not ((whole or isinstance(given, float)) and 0 <= given <= 1):
            raise Invalid(f"expected a probability, received {show(given)}", loc=(name,))
    if missing := [name for name in known if name not in value]:
        raise Invalid(f"generator '{kind}' needs '{missing[0]}'")
    return Generator(kind, tuple((name, value[name]) for name in known))


def generator_schema() -> dict[str, Any]:
    """The JSON schema of what `parse_generator` takes."""
    numbers = {int: {"type": "integer", "minimum": 1}, float: {"type": "number", "minimum": 0, "maximum": 1}}
    kinds = []
    for kind, known in _PARAMETERS.items():
        properties = {"kind": {"const": kind}, **{name: numbers[number] for name, number in known.items()}}
        kinds.append({"type": "object", "properties": properties, "additionalProperties": False})
    return {"anyOf": kinds}


def parse_edges(value: Any) -> Edges:
    """From `[[0, 1], [0, 2], ...]`; nodes count from 0, and each has an edge."""
    if not isinstance(value, (list, tuple)) or not value:
        raise Invalid(f"expected a list of [from, to] edges, received {show(value)}", "[[0, 1], [0, 2], [1, 2]]")
    edges: set[tuple[int, int]] = set()
    for index, edge in enumerate(value):
        good = isinstance(edge, (list, tuple)) and len(edge) == 2
        if not good or not all(isinstance(end, int) and not isinstance(end, bool) and end >= 0 for end in edge):
            raise Invalid(f"expected a [from, to] edge, received {show(edge)}", "[0, 1]", (index,))
        source, target = edge
        if source >= target:
            raise Invalid("an edge leads from a lower to a higher number", f"received {show(edge)}", (index,))
        if target >= MAX_NODES:
            raise Invalid(f"a graph has at most {MAX_NODES:,} nodes", f"received {show(edge)}", (index,))
        if (source, target) in edges:
            raise Invalid(f"the edge {show(edge)} is given twice", loc=(index,))
        edges.add((source, target))
    found = {end for edge in edges for end in edge}
    if lonely := set(range(max(found))) - found:
        raise Invalid(f"node {min(lonely)} has no edge", "number the nodes from 0 without gaps")
    return tuple(sorted(edges))


@lru_cache(maxsize=4096)
def random_edges(generator: Generator, nodes: int, seed: int) -> Edges:
    """The edges of the first connected graph that the generator draws from this seed.

    The undirected graph becomes a directed one without circles as in Xie et al. 2019: edges lead from lower to higher
    numbers. Raises Invalid where parameters and nodes do not fit, or no graph in 1,000 is connected.
    """
    if not 2 <= nodes <= MAX_NODES:
        raise Invalid(f"expected 2 to {MAX_NODES:,} nodes, received {nodes}", loc=("nodes",))
    parameters = dict(generator.parameters)
    if generator.kind == "ba" and parameters["m"] >= nodes:
        raise Invalid(f"m must be less than the {nodes} nodes, received {parameters['m']}", loc=("generator", "m"))
    if generator.kind == "ws" and (parameters["k"] % 2 or parameters["k"] >= nodes):
        raise Invalid(
            f"k must be even and less than the {nodes} nodes, received {parameters['k']}", loc=("generator", "k")
        )
    models: dict[str, Callable[..., list[tuple[int, int]]]] = {"er": _er, "ba": _ba, "ws": _ws}
    draw = models[generator.kind]
    source = random.Random(seed).random
    for _ in range(_TRIES):
        edges = tuple(sorted((min(edge), max(edge)) for edge in draw(nodes, source, **parameters)))
        if _connected(nodes, edges):
            return edges
    raise Invalid(f"no graph in {_TRIES:,} is connected", "raise p", ("generator", "p"))


def _er(nodes: int, source: Callable[[], float], p: float) -> list[tuple[int, int]]:
    """Every pair with probability p (Erdos & Renyi 1960)."""
    return [(i, j) for i in range(nodes) for j in range(i + 1, nodes) if source() < p]


def _ba(nodes: int, source: Callable[[], float], m: int) -> list[tuple[int, int]]:
    """m nodes without edges, then one by one nodes with m edges each, to nodes by degree (Albert & Barabasi 2002)."""
    edges = [(i, m) for i in range(m)]  # while no degree is known, to all there are
    ends = [end for edge in edges for end in edge]  # each node as often as it has edges
    for new in range(m + 1, nodes):
        targets: set[int] = set()
        while len(targets) < m:
            targets.add(ends[int(source() * len(ends))])
        edges += [(target, new) for target in sorted(targets)]
        ends += [*sorted(targets), *[new] * m]
    return edges


def _ws(nodes: int, source: Callable[[], float], k: int, p: float) -> list[tuple[int, int]]:
    """A ring of k neighbours each, whose edges are rewired with probability p (Watts & Strogatz 1998)."""
    joined = [{(v + step) % nodes for step in range(-(k // 2), k // 2 + 1) if step} for v in range(nodes)]
    for step in range(1, k // 2 + 1):
        for v in range(nodes):
            old = (v + step) % nodes
            if source() >= p or len(joined[v]) == nodes - 1:
                continue
            while (new := int(source() * nodes)) == v or new in joined[v]:
                pass
            joined[v] ^= {old, new}
            joined[old].remove(v)
            joined[new].add(v)
    return [(v, w) for v in range(nodes) for w in joined[v] if v < w]


def _connected(nodes: int, edges: Edges) -> bool:
    joined: list[list[int]] = [[] for _ in range(nodes)]
    for a, b in edges:
        joined[a].append(b)
        joined[b].append(a)
    seen, waiting = {0}, [0]
    while waiting:
        for other in joined[waiting.pop()]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return len(seen) == nodes
