"""Small networks that grow, and whether a child that has inherited computes what its parent does."""

from __future__ import annotations

import numpy as np

from factory.graph import Graph
from factory.models.build import build_graph
from factory.models.compare import compare_outputs, perturb
from factory.spec import Spec, load, plan
from tuner.morphism import Morphism
from tuner.morphism.models import inherit

IMAGES = np.random.default_rng(0).uniform(0, 255, (24, 8, 8, 1)).astype("float32")
FIRST = {"block": "conv", "filters": 6, "kernel": 3}
HEAD = {"head": {"block": "classifier"}}


def network(stages, **conventions) -> Spec:
    """A network on digits; norms whose statistics follow quickly."""
    return load(
        {
            "name": "growing",
            "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
            "classes": 10,
            "conventions": {"norm": {"kind": "batch", "momentum": 0.9}, **conventions},
            "stages": {**stages, **HEAD},
        }
    )


PLAIN = network(
    {
        "first": FIRST,
        "s1": {"block": "conv", "filters": 6, "kernel": 3, "repeats": 1},
        "s2": {"block": "conv", "filters": 8, "kernel": 3, "stride": 2},
    }
)
RESIDUAL = network(
    {
        "first": FIRST,
        "s1": {"block": "basic", "filters": 6, "se": 0.25, "repeats": 1},
        "s2": {"block": "bottleneck", "filters": 4, "expand": 2, "stride": 2, "repeats": 1},
    }
)
INVERTED = network(
    {
        "first": FIRST,
        "s1": {"block": "mbconv", "filters": 8, "kernel": 3, "expand": 2, "se": 0.25, "repeats": 1},
        "s2": {"block": "fused_mbconv", "filters": 10, "kernel": 3, "stride": 2, "repeats": 1},
    },
    activation="swish",
)
BRANCHED = network(
    {
        "first": FIRST,
        "s1": {
            "block": "branches",
            "branches": [
                [{"block": "conv", "filters": 4, "kernel": 1}],
                [{"block": "conv", "filters": 3, "kernel": 1}, {"block": "conv", "filters": 5, "kernel": 3}],
            ],
        },
        "s2": {"block": "conv", "filters": 8, "kernel": 3, "stride": 2},
    }
)


def inherited(parent: Spec | Graph, child: Spec | Graph, *, images: np.ndarray = IMAGES, seed: int = 0):
    """(morphism, difference of the logits): of a child with the weights of a parent whose weights all matter."""
    graphs = [one if isinstance(one, Graph) else plan(one) for one in (parent, child)]
    models = [build_graph(graph, seed=number) for number, graph in enumerate(graphs)]
    perturb(models[0], images=images)
    morphism = inherit(models[0], graphs[0], models[1], graphs[1], seed)
    return morphism, compare_outputs(*models, images, tolerance=1e-5)


def check_same(parent: Spec | Graph, child: Spec | Graph, **options) -> Morphism:
    """The child says that it computes what its parent does, and it does: within 1e-5 of the spread."""
    morphism, difference = inherited(parent, child, **options)
    assert morphism.preserving, list(map(str, morphism.problems))
    assert difference.ok, str(difference)
    return morphism


def check_another(parent: Spec | Graph, child: Spec | Graph, **options) -> Morphism:
    """The child says that it computes something else, and it does."""
    morphism, difference = inherited(parent, child, **options)
    assert not morphism.preserving and not difference.ok
    return morphism
