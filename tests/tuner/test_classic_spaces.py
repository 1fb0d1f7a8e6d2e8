"""The classic spaces in specs/sweeps: their published sizes, their networks, a trial of each, winners rebuilt large."""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import cache
from itertools import product
from pathlib import Path

import keras
import networkx as nx
import numpy as np
import pytest
from keras.src.applications import nasnet as keras_nasnet

import factory
import tuner
from factory.cli.main import main
from factory.errors import FactoryError
from factory.spec.render import render
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.render import render_recipe
from tuner.algorithms import algorithm
from tuner.runner import run, training
from tuner.runner.tasks import RECIPE, SPEC, Task

ROOT = Path(__file__).parents[2]
SPACES = ["nas2017", "nasnet", "nasbench101", "randwire", "randwire_ws"]
SMALLER = {
    "nasbench101": dict.fromkeys(("stages.down1", "stages.stack2", "stages.down2", "stages.stack3")),
    "nasnet": {f"stages.{stage}": None for stage in ("normal2", "reduce2", "normal3")},
    "randwire": {"defaults.random_graph.nodes": 4},
    "randwire_ws": {"defaults.random_graph.nodes": 3, "input": {"resolution": 8, "channels": 1, "preprocess": "unit"}},
}
LIGHT = dict.fromkeys(product(("normal", "reduction"), range(1, 6), (0, 1)), "skip") | {
    ("normal", 1, 0): "dilated3",
    ("normal", 2, 1): "sep3",
    ("reduction", 1, 0): "conv1x3_3x1",
    ("reduction", 2, 0): "dilated3",
    ("reduction", 3, 1): "max5",
    ("reduction", 4, 0): "avg",
}
FEW = {
    "nasnet": {f"blocks.{cell}.body.nodes.b{block}.{n}.1": op for (cell, block, n), op in LIGHT.items()},
    "randwire": {"defaults.random_graph.generator": "BA(1)"},
    "randwire_ws": {"defaults.random_graph.generator.k": 2},
}
"""What makes networks of the spaces small enough for a test."""
SHORT = {"recipe": "short", "epochs": 1, "batch_size": 32, "data": {"samples": 64}}


@cache
def sweep_of(space: str) -> tuner.Sweep:
    return tuner.load(space)


every_space = pytest.mark.parametrize("space", SPACES)


# ---- sizes


def test_sizes_are_those_that_the_papers_give_or_their_choices_multiply_to():
    layer = 4 * 4 * 3 * 3 * 4  # height, width, two strides, filters
    cell = math.prod((2 + block) ** 2 * 13**2 * 2 for block in range(5))
    sizes = {name: sweep_of(name).space.size for name in SPACES}
    assert sizes == {
        "nas2017": layer**6 * 2**15,
        "nasnet": cell**2,
        "nasbench101": 2**21 * 3**5,  # 509,607,936: "510 M"
        "randwire": 12 * 5,
        "randwire_ws": 4 * 5 * 5,
    }


def cells(vertices: int) -> list[tuple[list[list[int]], list[str]]]:
    """Every matrix and labelling of so many vertices."""
    above = [(i, j) for i in range(vertices) for j in range(i + 1, vertices)]
    found = []
    for bits in product((0, 1), repeat=len(above)):
        matrix = [[0] * vertices for _ in range(vertices)]
        for (i, j), bit in zip(above, bits, strict=True):
            matrix[i][j] = bit
        for labels in product(("conv3x3", "conv1x1", "maxpool3x3"), repeat=vertices - 2):
            found.append((matrix, ["input", *labels, "output"]))
    return found


def pruned_by_networkx(matrix: list[list[int]], ops: list[str]) -> nx.DiGraph | None:
    graph = nx.DiGraph([(i, j) for i, row in enumerate(matrix) for j, edge in enumerate(row) if edge])
    graph.add_nodes_from((i, {"op": op}) for i, op in enumerate(ops))
    last = len(ops) - 1
    if not nx.has_path(graph, 0, last):
        return None
    return graph.subgraph((nx.descendants(graph, 0) | {0}) & (nx.ancestors(graph, last) | {last}))


def classes_by_networkx(graphs: list[nx.DiGraph]) -> list[nx.DiGraph]:
    """One graph of each class of isomorphic ones."""
    kinds: dict[str, list[nx.DiGraph]] = {}
    for graph in graphs:
        degrees = sorted((op, graph.in_degree(v), graph.out_degree(v)) for v, op in graph.nodes(data="op"))
        alike = kinds.setdefault(repr(degrees), [])
        if not any(nx.is_isomorphic(graph, other, node_match=lambda a, b: a == b) for other in alike):
            alike.append(graph)
    return [graph for alike in kinds.values() for graph in alike]


def test_cells_of_nasbench101_are_as_many_networks_as_were_published():
    """1, 6 and 84 of 2, 3 and 4 vertices; with 2,441, 62,010 and 359,082 of more they are the 423,624."""
    base = sweep_of("nasbench101").spec.override(SMALLER["nasbench101"])
    graphs, hashes = [], {}
    for matrix, ops in cells(4):
        graph = pruned_by_networkx(matrix, ops)
        given = {"defaults.cell.matrix": matrix, "defaults.cell.ops": ops}
        if graph is None:
            with pytest.raises(FactoryError, match="no path leads from the input to the output"):
                factory.totals(base.override(given))
            continue
        graphs.append(graph)
        hashes.setdefault(factory.canonical_hash(factory.plan(base.override(given))), len(graph))
    assert Counter(map(len, classes_by_networkx(graphs))) == Counter(hashes.values()) == {2: 1, 3: 6, 4: 84}


def test_the_limit_of_nine_edges_keeps_out_what_networkx_counts_more_of():
    sweep = sweep_of("nasbench101")
    random = np.random.default_rng(0)
    seen = Counter()
    for _ in range(150):
        point = sweep.space.sample(random)
        matrix = [[point.get(f"defaults.cell.matrix.{i}.{j}", 0) for j in range(7)] for i in range(7)]
        ops = ["input", *(point[f"defaults.cell.ops.{i}"] for i in range(1, 6)), "output"]
        graph = pruned_by_networkx(matrix, ops)
        expected = graph is not None and graph.number_of_edges() <= 9
        assert sweep.feasible(point) == expected
        seen[expected] += 1
    assert min(seen[True], seen[False]) > 20


# ---- every space


@every_space
def test_its_algorithm_proposes_networks_of_the_space(space):
    sweep = sweep_of(space)
    search = algorithm(sweep.algorithm)(sweep.space, sweep.parameters, feasible=sweep.feasible)
    points = [search.ask().point for _ in range(4)]
    assert len(set(map(repr, points))) == 4
    assert all(sweep.space.contains(point) and sweep.feasible(point) for point in points)


class Told:
    """A line to nobody."""

    def epoch(self, run, row):
        return False


@every_space
def test_a_network_of_it_trains(space, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "use_threads", lambda threads: None)  # TensorFlow has begun, in this process
    sweep = sweep_of(space)
    random = np.random.default_rng(1)
    point = next(filter(sweep.feasible, (sweep.space.complete(FEW.get(space, {}), random) for _ in range(99))))
    spec = sweep.candidates.network(point).override(SMALLER.get(space, {}))
    (tmp_path / SPEC).write_text(render(spec))
    (tmp_path / RECIPE).write_text(render_recipe(load_recipe(SHORT)))
    [result] = training.KerasTrainer(1).run(Task(0, str(tmp_path), "digits"), Told())
    row = json.loads((tmp_path / "run-0" / "metrics.jsonl").read_text())
    assert result["epochs"] == row["epoch"] == 1 and math.isfinite(row["loss"]) and 0 <= row["val_accuracy"] <= 1


def test_a_whole_sweep_tells_mean_and_spread_of_every_generator(tmp_path, monkeypatch, capsys):
    """With KerasTuner, driver, store and command line; trials only pretend to train."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("PRETENDED_EPOCH_SECONDS", "0")
    with run(sweep_of("randwire"), tmp_path / "s", workers=1, trainer="benchmarks.pretending:Pretender") as store:
        scores = {record.point["defaults.random_graph.generator"]: [] for record in store.trials()}
        for record in store.trials():
            scores[record.point["defaults.random_graph.generator"]].append(record.values["val_accuracy"])
    assert main(["sweep", "groups", str(tmp_path / "s"), "--by", "defaults.random_graph.generator.kind"]) == 0
    head, *lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert head == ["kind", "networks", "mean", "val_accuracy", "std", "lowest", "highest"]
    for line, kind in zip(lines, ("ba", "er", "ws"), strict=True):
        values = np.concatenate([scores[label] for label in scores if label.startswith(kind.upper())])
        found = values.mean(), values.std(ddof=1), values.min(), values.max()
        assert line == [kind, "20", *(f"{number:.4f}" for number in found)]


# ---- what the networks are


NASNET_A = {
    "normal": {
        "b1": [["x", "sep5"], ["previous", "sep3"]],
        "b2": [["previous", "sep5"], ["previous", "sep3"]],
        "b3": [["x", "avg"], ["previous", "skip"]],
        "b4": [["previous", "avg"], ["previous", "avg"]],
        "b5": [["x", "sep3"], ["x", "skip"]],
    },
    "reduction": {
        "b1": [["x", "sep5"], ["previous", "sep7"]],
        "b2": [["x", "max"], ["previous", "sep7"]],
        "b3": [["x", "avg"], ["previous", "sep5"]],
        "b4": [["b1", "avg"], ["b2", "skip"]],
        "b5": [["b1", "sep3"], ["x", "max"]],
    },
}


def nasnet_a() -> tuple[tuner.Sweep, dict[str, str]]:
    """The sweep of NASNet, and in it the point of NASNet-A."""
    sweep = sweep_of("nasnet")
    point = {}
    for dimension in sweep.space:
        _, kind, _, part, *rest = dimension.name.split(".")
        if part == "combine":
            point[dimension.name] = "add"
        else:
            block, pair, place = rest
            point[dimension.name] = NASNET_A[kind][block][int(pair)][int(place)]
    return sweep, point


AS_RELEASED = {
    "blocks.normal.body.concat": ["previous", *NASNET_A["normal"]],
    "blocks.reduction.body.concat": ["b2", "b3", "b4", "b5"],
}
"""What its authors' code and keras.applications concatenate: hidden states that blocks read, too, among them."""
LARGE = {"input": {"resolution": 32, "channels": 3}, "scale": {"width": 4, "depth": 6}}
"""6 @ 768: six cells a stack, 128 filters in the last, six hidden states side by side there."""


def test_nasnet_a_is_in_the_space_and_rebuilt_large_is_as_large_as_published(tmp_path):
    """Table 1: 3.3 M parameters of NASNet-A (6 @ 768) on CIFAR-10."""
    sweep, point = nasnet_a()
    assert sweep.space.contains(point) and sweep.feasible(point)
    (tmp_path / "best.yaml").write_text(render(sweep.candidate(point).spec))
    large = factory.load(tmp_path / "best.yaml", **LARGE, **AS_RELEASED)
    assert round(factory.totals(large).trainable / 1e6, 1) == 3.3


def test_a_winner_rebuilt_large_has_the_same_cells(tmp_path):
    """By overrides, and by `factory scale`."""
    sweep, _ = nasnet_a()
    best = tmp_path / "best.yaml"
    best.write_text(render(sweep.candidate(sweep.space.sample(np.random.default_rng(5))).spec))
    assert main(["scale", str(best), "--phi", "4", "--strategy", "dw", "-o", str(tmp_path / "large")]) == 0
    [scaled] = (tmp_path / "large").glob("*.yaml")
    specs = factory.load(best), factory.load(best, **LARGE), factory.load(scaled)
    small, *large = map(factory.plan, specs)
    cell = cell_of(small, "normal2")
    assert len(cell) > 20
    for graph in large:
        assert graph.cost.params > 5 * small.cost.params
        assert nx.is_isomorphic(cell, cell_of(graph, "normal2"), node_match=lambda a, b: a == b)


def cell_of(graph: factory.Graph, stage: str) -> nx.MultiDiGraph:
    """The operations of the first cell of a stage, by kind, kernel and stride, and which reads which."""
    found = nx.MultiDiGraph()
    for index, node in enumerate(graph.nodes):
        if node.name.startswith((f"{stage}.0.", f"{stage}.cell.")):
            sizes = getattr(node.op, "kernel", None), getattr(node.op, "stride", None)
            found.add_node(index, kind=(type(node.op).__name__, *sizes))
            found.add_edges_from((source, index) for source, _ in node.inputs if source in found)
    return found


def test_cells_of_the_space_cost_what_the_layers_of_keras_applications_do():
    """NASNet-A in the sweep's small network, against cells of keras.applications put together in the same way."""
    sweep, point = nasnet_a()
    spec = sweep.candidate(point).spec.override({**AS_RELEASED, "input": {"resolution": 16, "channels": 3}})
    image = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(24, 3, padding="same", use_bias=False)(image)
    x = p = keras.layers.BatchNormalization()(x)
    for number, (cell, filters) in enumerate(
        [("normal", 8), ("reduction", 16), ("normal", 16), ("reduction", 32), ("normal", 32)]
    ):
        x, p = getattr(keras_nasnet, f"_{cell}_a_cell")(x, p, filters, block_id=str(number))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Activation("relu")(x))
    model = keras.Model(image, keras.layers.Dense(10)(x))
    assert factory.totals(spec).params == model.count_params()


def test_a_seed_draws_both_graphs_of_a_network_anew():
    sweep = sweep_of("randwire")
    setting = {"defaults.random_graph.generator": "WS(4,0.75)"}
    drawn = {
        wiring
        for seed in range(5)
        for wiring in wirings(factory.plan(sweep.candidate({**setting, "stages.wired.seed": seed}).spec))
    }
    assert len(drawn) == 10


def wirings(graph: factory.Graph) -> tuple[frozenset[tuple[str, str]], ...]:
    """Which node reads which, of either random graph."""
    names = [node.name.split(".") for node in graph.nodes]
    edges = [(name[1], name[2], names[i][2]) for name, node in zip(names, graph.nodes, strict=True)
             if name[0] == "wired" and name[-1] == "sum" for i, _ in node.inputs]  # fmt: skip
    return tuple(frozenset(edge[1:] for edge in edges if edge[0] == which) for which in ("graph1", "graph2"))


def test_a_ring_without_rewiring_is_one_network_and_others_are_not():
    sweep = sweep_of("randwire_ws")
    seed, k, p = (dimension.name for dimension in sweep.space)
    for chance, networks in ((0.0, 1), (0.25, 3)):
        keys = {sweep.candidate({k: 4, p: chance, seed: number}).key for number in range(3)}
        assert len(keys) == networks
