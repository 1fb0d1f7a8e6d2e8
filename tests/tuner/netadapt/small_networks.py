"""Small networks of every wiring, and their weights in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

import factory
from factory.graph import Graph
from factory.spec import Spec

_HEAD = {"block": "classifier"}
STAGES: dict[str, dict[str, Any]] = {
    "plain": {
        "c1": {"block": "conv", "filters": 6, "activation": {"kind": "prelu"}},
        "c2": {"block": "conv", "filters": 8, "stride": 2, "norm": "none"},
        "flat": {"block": "flatten"},
        "hidden": {"block": "dense", "units": 5, "activation": "relu"},
        "head": {"block": "dense", "units": 4},
    },
    "residual": {
        "stem": {"block": "conv", "filters": 6},
        "s1": {"block": "basic", "filters": 6, "repeats": 2},
        "s2": {"block": "bottleneck", "filters": 4, "stride": 2, "expand": 2},
        "head": _HEAD,
    },
    "zero_pad": {  # He et al. 2016, option A
        "stem": {"block": "conv", "filters": 6},
        "s1": {"block": "preact_basic", "filters": 6},
        "s2": {"block": "basic", "filters": 10, "stride": 2, "shortcut": "zero_pad"},
        "head": _HEAD,
    },
    "depthwise": {
        "stem": {"block": "conv", "filters": 6},
        "d1": {"block": "depthwise_conv", "multiplier": 2},
        "p1": {"block": "conv", "filters": 8, "kernel": 1},
        "d2": {"block": "conv", "filters": 8, "groups": 8, "stride": 2},  # depthwise, written as a grouped one
        "p2": {"block": "conv", "filters": 10, "kernel": 1},
        "head": _HEAD,
    },
    "inverted": {
        "stem": {"block": "conv", "filters": 6},
        "s1": {"block": "mbconv", "filters": 6, "expand": 3, "se": 0.5, "repeats": 2},
        "s2": {"block": "mbconv", "filters": 8, "expand": 2, "stride": 2, "activation": "hard_swish"},
        "head": _HEAD,
    },
    "grouped": {
        "stem": {"block": "conv", "filters": 8},
        "g1": {"block": "bottleneck", "filters": 8, "groups": 4, "expand": 2},
        "shuffle": {"block": "channel_shuffle", "groups": 4},
        "p": {"block": "conv", "filters": 8, "groups": 2, "kernel": 1},
        "head": _HEAD,
    },
    "concat": {
        "stem": {"block": "conv", "filters": 6},
        "both": {
            "block": "branches",
            "branches": [{"block": "conv", "filters": 4}, {"block": "conv", "filters": 6}, []],
        },
        "mix": {"block": "residual", "body": {"block": "conv", "filters": 16}},
        "parts": {"block": "split", "parts": [3, 5]},
        "left": {"block": "conv", "filters": 6, "from": "parts.p1"},
        "right": {"block": "conv", "filters": 6, "from": "parts.p2"},
        "join": {"block": "max", "from": ["left", "right"]},
        "up": {"block": "conv_transpose", "filters": 8, "kernel": 4, "stride": 2},
        "out": {"block": "maxout", "pieces": 2},
        "head": _HEAD,
    },
}  # fmt: skip


def small(name: str) -> Spec:
    """A network of one kind on images of 8 x 8 pixels, 2 channels."""
    conventions = {"norm": {"kind": "batch", "momentum": 0.9}}
    about = {"name": name, "input": {"resolution": 8, "channels": 2}, "classes": 4, "conventions": conventions}
    return factory.load({**about, "stages": STAGES[name]})


def random_weights(graph: Graph, seed: int) -> dict[str, tuple[np.ndarray, ...]]:
    """Weights far from where training begins: no scale is 1, no bias and no mean 0, variances around 1."""
    draws = np.random.default_rng(seed)
    weights = {}
    for node in graph.nodes:
        arrays = []
        for weight in node.op.weights(*graph.input_shapes(node)):
            low, high = (0.5, 1.5) if weight.name in ("gamma", "moving_variance") else (-0.5, 0.5)
            arrays.append(draws.uniform(low, high, weight.shape).astype("float32"))
        if arrays:
            weights[node.name] = tuple(arrays)
    return weights
