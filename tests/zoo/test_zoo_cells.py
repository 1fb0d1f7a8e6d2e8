"""Cells of NAS-Bench-101 with their published parameters; random wiring counted over networkx graphs."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, pstdev

import networkx as nx
import pytest
from published import PUBLISHED

import factory

CELLS = json.loads((Path(__file__).parent / "nasbench101_cells.json").read_text(encoding="utf-8"))
RANDWIRE = [name for name in PUBLISHED if name.startswith("randwire")]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell["ops"]))
def test_cells_of_nasbench101_have_their_published_parameters(cell):
    ops = [op.removesuffix("-bn-relu") for op in cell["ops"]]
    spec = factory.load("nasbench101_inception_like", **{"defaults.cell": {"matrix": cell["matrix"], "ops": ops}})
    assert factory.cost(spec).trainable == factory.totals(spec).trainable == cell["trainable"]


def graphs(spec: factory.Spec) -> dict[str, nx.DiGraph]:
    """The wiring of each random stage, read off the planned graph: which node's sum, or call, reads which node."""
    plan, found = factory.plan(spec), {}
    for node in plan.nodes:
        stage, _, rest = node.name.partition(".")
        if not rest.startswith("n") or not rest[1:].split(".")[0].isdigit():
            continue
        graph = found.setdefault(stage, nx.DiGraph())
        graph.add_node(rest.split(".")[0])
        for index, _ in node.inputs:
            other = plan.nodes[index].name.split(".")
            if other[0] == stage and other[1] != rest.split(".")[0]:
                graph.add_edge(other[1], rest.split(".")[0])
    return found


@pytest.mark.parametrize("name", RANDWIRE)
def test_random_wiring_costs_what_its_networkx_graphs_say(name):
    """Independent of blocks and operations: degrees of the graphs times sizes of the layers, worked out by hand."""
    spec = factory.load(name)
    regular = name.endswith("regular")
    width = 109 if regular else 78
    wiring = graphs(spec)
    assert list(wiring) == ["conv2", "conv3", "conv4", "conv5"][not regular :]
    trainable, statistics, macs = 27 * (width // 2) + 2 * (width // 2), width // 2 * 2, 27 * (width // 2) * 112**2
    channels, size = width // 2, 56
    if not regular:
        trainable, statistics = trainable + 9 * channels * width + 2 * width, statistics + 2 * width
        macs, channels, size = macs + 9 * channels * width * 56**2, width, 28
    for number, graph in enumerate(wiring.values()):
        assert nx.is_directed_acyclic_graph(graph) and nx.is_weakly_connected(graph)
        filters = width * 2**number
        nodes, inputs = len(graph), sum(degree == 0 for _, degree in graph.in_degree())
        kernels = (nodes - inputs) * (9 + filters) * filters + inputs * (9 + filters) * channels
        trainable += graph.number_of_edges() + kernels + 2 * filters * nodes
        statistics += 2 * filters * nodes
        macs += kernels * size**2
        channels, size = filters, size // 2
    trainable += channels * 1280 + 2 * 1280 + 1281 * 1000
    macs += channels * 1280 * 7**2 + 1280 * 1000
    cost = factory.cost(spec)
    assert (cost.params, cost.trainable, cost.macs) == (trainable + statistics + 2 * 1280, trainable, macs)


@pytest.mark.parametrize(
    ("name", "params", "macs"),
    [
        ("randwire_ws_small", 5.6e6, 583e6),
        ("randwire_er_small", 5.6e6, 583e6),
        ("randwire_ba_small", 5.6e6, 583e6),
        ("randwire_ws_regular", 31.9e6, 4.0e9),
    ],
)
def test_random_wiring_is_as_large_as_in_the_paper(name, params, macs):
    spec = factory.load(name)
    stages = [f"stages.{stage}.seed" for stage, call in spec.document["stages"].items() if "seed" in call]
    found = [factory.totals(spec.override({path: 10 * run + i for i, path in enumerate(stages)})) for run in range(6)]
    for value, published in (("trainable", params), ("macs", macs)):
        values = [getattr(totals, value) for totals in found]
        assert abs(mean(values) - published) <= 2 * pstdev(values) + 0.02 * published
