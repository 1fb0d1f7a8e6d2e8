"""Means and variances of a parent's channels, from its batch norms alone: no image is needed."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from factory.graph import Graph, Ref
from factory.graph.ops import Activation, BatchNorm

_erf = np.vectorize(math.erf, otypes=[float])


def statistics(graph: Graph, ref: Ref, weights: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(mean, variance) of every channel of an output, (channels,) float64 each.

    Behind a batch norm they are beta and gamma ** 2, behind its relu those of a rectified normal distribution;
    elsewhere 0 and 1. A new batch norm with these statistics, undone by its scale and offset, changes nothing at
    inference, and little in training, where it takes the statistics of the batch.
    """
    node = graph.nodes[ref[0]] if ref[0] >= 0 else None
    rectified = node is not None and isinstance(node.op, Activation) and node.op.kind in ("relu", "relu6")
    if node is not None and rectified:
        node = graph.nodes[node.inputs[0][0]] if node.inputs[0][0] >= 0 else None
    width = graph.shape(ref)[-1] or 0
    if node is None or not isinstance(node.op, BatchNorm):
        return np.zeros(width), np.ones(width)
    mean = weights[f"{node.name}/beta"].astype(float) if node.op.center else np.zeros(width)
    scale = np.abs(weights[f"{node.name}/gamma"].astype(float)) if node.op.scale else np.ones(width)
    return _rectified(mean, scale) if rectified else (mean, scale**2)


def _rectified(mean: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of max(x, 0) for normal x."""
    scale = np.maximum(scale, 1e-12)
    ratio = mean / scale
    density = np.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
    share = 0.5 * (1 + _erf(ratio / math.sqrt(2)))
    first = mean * share + scale * density
    second = (mean**2 + scale**2) * share + mean * scale * density
    return first, np.maximum(second - first**2, 0.0)
