"""The proposals of a step: for each width, how many of its filters the network may keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from factory.graph import Graph
from tuner.netadapt.channels import trace_channels
from tuner.netadapt.importance import filter_norms, keeping
from tuner.netadapt.pruning import Weights, pruned_graph, pruned_weights
from tuner.netadapt.widths import Width, find_widths


@dataclass(frozen=True)
class Proposal:
    """A network with fewer filters of one width: `keep` of them, and what it costs."""

    width: Width
    keep: int
    cost: float
    graph: Graph
    weights: Weights


def propose(
    graph: Graph, weights: Weights, cost: Callable[[Graph], float], limit: float, multiple: int = 1
) -> list[Proposal]:
    """For every width the network that keeps as many of its filters as `limit` allows, those of the greatest norm.

    The number of filters is a multiple of `multiple`. Widths that cannot meet the limit alone make no proposal. The
    number is found by bisection, as if a filter less never cost more.
    """
    channels = trace_channels(graph)
    norms = filter_norms(graph, channels, weights)

    def shrunk(width: Width, count: int) -> tuple[np.ndarray, Graph]:
        kept = keeping(width, count, norms)
        return kept, pruned_graph(graph, channels, kept)

    proposals = []
    for width in find_widths(graph, channels):
        least, most = 0, -(-width.filters // multiple)  # in multiples: so many are known to fit; so many are too many
        found = None
        while most - least > 1:
            middle = (least + most) // 2
            kept, smaller = shrunk(width, middle * multiple)
            price = cost(smaller)
            if price <= limit:
                least, found = middle, (kept, smaller, price)
            else:
                most = middle
        if found:
            kept, smaller, price = found
            left = pruned_weights(graph, channels, kept, weights)
            proposals.append(Proposal(width, least * multiple, price, smaller, left))
    return proposals
