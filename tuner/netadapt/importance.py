"""How much a filter counts: the L2 norm of its weights (Yang et al. 2018, section 3.2.2)."""

from __future__ import annotations

import numpy as np

from factory.graph import Graph
from factory.graph.ops import ConvTranspose
from tuner.netadapt.channels import Channels
from tuner.netadapt.pruning import Weights
from tuner.netadapt.widths import Width


def filter_norms(graph: Graph, channels: Channels, weights: Weights) -> np.ndarray:
    """For each number of `channels` the L2 norm of all weights that make such channels, biases left out: (numbers,).

    Filters that can only be removed together, as those of a residual stage, count as one long filter.
    """
    squares = np.zeros(len(channels.fixed))
    for index, numbers in channels.made.items():
        node = graph.nodes[index]
        owner = node if node.shared is None else graph.nodes[node.shared]
        kernel = weights[owner.name][0].astype(float)
        axis = 2 if isinstance(node.op, ConvTranspose) else kernel.ndim - 1
        others = tuple(other for other in range(kernel.ndim) if other != axis)
        np.add.at(squares, numbers, np.square(kernel).sum(axis=others))
    return np.sqrt(squares)


def keeping(width: Width, count: int, norms: np.ndarray) -> np.ndarray:
    """(numbers,) bool: everything but the filters of a width that are not among the `count` of the greatest norm.

    Of equal ones the first stay.
    """
    kept = np.ones(len(norms), bool)
    order = np.argsort(-norms[width.numbers], kind="stable")
    kept[width.numbers[order[count:]]] = False
    return kept
