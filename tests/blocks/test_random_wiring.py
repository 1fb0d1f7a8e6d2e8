"""Random graphs: the same for a seed for ever, and those that their models describe."""

from __future__ import annotations

from statistics import mean
from typing import Any

import networkx as nx
import pytest

from factory.blocks.random_wiring import MAX_NODES, parse_edges, parse_generator, random_edges
from factory.blocks.values import Invalid


def edges(kind: str, nodes: int, seed: int, **parameters: float) -> tuple:
    return random_edges(parse_generator({"kind": kind, **parameters}), nodes, seed)


def graph(kind: str, nodes: int, seed: int, **parameters: float) -> nx.Graph:
    return nx.Graph(edges(kind, nodes, seed, **parameters))


def test_a_seed_is_one_graph_for_ever():
    """Written down once: whoever changes these changes every network that was ever published with a seed."""
    assert written("ws", 8, 1, k=4, p=0.75) == "0-1 0-3 0-4 0-5 1-2 1-3 1-5 1-6 2-3 2-6 3-6 3-7 4-6 5-6 5-7 6-7"
    assert written("ba", 8, 1, m=2) == "0-2 0-3 0-6 0-7 1-2 1-4 1-7 2-3 2-5 2-6 3-4 3-5"
    assert written("er", 8, 1, p=0.3) == "0-1 0-4 1-3 1-4 2-3 2-6 3-5 3-6 4-7 5-7 6-7"


def written(*graph: Any, **parameters: float) -> str:
    return " ".join(f"{a}-{b}" for a, b in edges(*graph, **parameters))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "model", [("ws", {"k": 4, "p": 0.75}), ("ba", {"m": 5}), ("er", {"p": 0.2}), ("ws", {"k": 6, "p": 1.0})]
)
def test_graphs_are_connected_and_lead_from_lower_to_higher_numbers(model, seed):
    kind, parameters = model
    found = edges(kind, 32, seed, **parameters)
    assert all(a < b for a, b in found) and list(found) == sorted(set(found))
    assert nx.is_connected(nx.Graph(found)) and sorted(nx.Graph(found)) == list(range(32))


@pytest.mark.parametrize("seed", range(3))
def test_watts_strogatz_keeps_its_number_of_edges_and_begins_as_a_ring(seed):
    assert graph("ws", 32, seed, k=4, p=0.75).number_of_edges() == 32 * 4 // 2
    ring = nx.watts_strogatz_graph(20, 6, 0)
    assert nx.utils.edges_equal(graph("ws", 20, seed, k=6, p=0).edges, ring.edges)
    full = graph("ws", 5, seed, k=4, p=1)  # nowhere to rewire to
    assert full.number_of_edges() == 10


def test_watts_strogatz_rewires_the_share_of_edges_that_it_should():
    ring = set(edges("ws", 100, 0, k=4, p=0))
    for p in (0.1, 0.5):
        kept = mean(len(ring & set(edges("ws", 100, seed, k=4, p=p))) / len(ring) for seed in range(20))
        theirs = mean(
            len(ring & {tuple(sorted(e)) for e in nx.connected_watts_strogatz_graph(100, 4, p, seed=s).edges})
            / len(ring)
            for s in range(20)
        )
        assert kept == pytest.approx(theirs, abs=0.03)
    clustering = mean(nx.average_clustering(graph("ws", 100, seed, k=4, p=0.3)) for seed in range(20))
    theirs = mean(nx.average_clustering(nx.connected_watts_strogatz_graph(100, 4, 0.3, seed=s)) for s in range(20))
    assert clustering == pytest.approx(theirs, abs=0.03)


@pytest.mark.parametrize("m", [1, 2, 5])
def test_barabasi_albert_adds_m_edges_a_node(m):
    found = graph("ba", 32, 3, m=m)
    assert found.number_of_edges() == m * (32 - m)
    assert sum(all(b > node for b in found[node]) for node in found) == m  # the first ones read no other


def test_barabasi_albert_prefers_nodes_with_many_edges():
    ours = mean(max(d for _, d in graph("ba", 200, seed, m=2).degree) for seed in range(20))
    theirs = mean(max(d for _, d in nx.barabasi_albert_graph(200, 2, seed=s).degree) for s in range(20))
    assert ours == pytest.approx(theirs, rel=0.25)


def test_erdos_renyi_has_its_expected_number_of_edges():
    pairs = 40 * 39 / 2
    found = [graph("er", 40, seed, p=0.3).number_of_edges() for seed in range(40)]
    assert mean(found) == pytest.approx(0.3 * pairs, rel=0.03)
    assert len(edges("er", 10, 0, p=1)) == 45


@pytest.mark.parametrize(
    ("kind", "nodes", "parameters", "message"),
    [
        ("ws", 8, {"k": 3, "p": 0.5}, "k must be even and less than the 8 nodes, received 3"),
        ("ws", 4, {"k": 4, "p": 0.5}, "k must be even and less than the 4 nodes, received 4"),
        ("ba", 5, {"m": 5}, "m must be less than the 5 nodes, received 5"),
        ("er", 50, {"p": 0.0}, "no graph in 1,000 is connected"),
        ("er", 1, {"p": 0.5}, "expected 2 to 1,000 nodes, received 1"),
        ("er", MAX_NODES + 1, {"p": 0.5}, "expected 2 to 1,000 nodes, received 1001"),
        ("ew", 8, {"p": 0.5}, "unknown generator 'ew'"),
        ("er", 8, {"q": 0.5}, "unknown parameter of generator 'er'"),
        ("er", 8, {"p": 1.5}, "expected a probability, received 1.5"),
        ("ba", 8, {"m": 0}, "expected a whole number, at least 1, received 0"),
        ("ws", 8, {"k": 4}, "generator 'ws' needs 'p'"),
    ],
)
def test_parameters_that_make_no_graph_are_refused(kind, nodes, parameters, message):
    with pytest.raises(Invalid) as raised:
        edges(kind, nodes, 0, **parameters)
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "expected a list of [from, to] edges, received []"),
        ([[0, 1], [1]], "expected a [from, to] edge, received [1]"),
        ([[0, 1], [1, -2]], "expected a [from, to] edge, received [1, -2]"),
        ([[1, 0]], "an edge leads from a lower to a higher number"),
        ([[0, 1], [0, 1]], "the edge [0, 1] is given twice"),
        ([[0, 1], [0, 3]], "node 2 has no edge"),
        ([[0, MAX_NODES]], "a graph has at most 1,000 nodes"),
    ],
)
def test_edges_that_make_no_graph_are_refused(value, message):
    with pytest.raises(Invalid) as raised:
        parse_edges(value)
    assert raised.value.message == message
