"""Proposals keep as many filters as the limit allows, and those that weigh most."""

import numpy as np
import pytest
from small_networks import STAGES, random_weights, small

import factory
from tuner.netadapt.channels import trace_channels
from tuner.netadapt.importance import filter_norms, keeping
from tuner.netadapt.proposing import propose
from tuner.netadapt.pruning import pruned_graph
from tuner.netadapt.resources import cost_of
from tuner.netadapt.widths import find_widths


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("share", [0.95, 0.8])
def test_each_width_keeps_the_most_filters_that_meet_the_limit(name: str, share: float) -> None:
    graph = factory.plan(small(name))
    weights, channels, macs = random_weights(graph, 0), trace_channels(graph), cost_of("macs")
    limit = share * macs(graph)
    norms = filter_norms(graph, channels, weights)
    expected = {}
    for width in find_widths(graph, channels):  # one after the other, not by halves
        for count in reversed(range(1, width.filters)):
            if macs(pruned_graph(graph, channels, keeping(width, count, norms))) <= limit:
                expected[width.name] = count
                break
    found = propose(graph, weights, macs, limit)
    assert {proposal.width.name: proposal.keep for proposal in found} == expected
    for proposal in found:
        assert proposal.cost == proposal.graph.cost.macs <= limit


def test_numbers_of_filters_are_multiples_where_that_is_asked_for() -> None:
    graph = factory.plan(small("inverted"))
    found = propose(graph, random_weights(graph, 0), cost_of("params"), 0.95 * graph.cost.params, multiple=4)
    assert found and all(proposal.keep % 4 == 0 for proposal in found)
    assert {proposal.width.name for proposal in found}.isdisjoint({"s1.0.se.reduce"})  # its 3 filters have no multiple


def test_the_filters_of_the_greatest_norm_stay_in_their_order() -> None:
    graph = factory.plan(small("plain"))
    weights = random_weights(graph, 0)
    kernel = np.zeros((3, 3, 2, 6), "float32")
    kernel[0, 0, 0] = [1, -6, 3, -4, 5, 2]
    weights["c1"] = (kernel,)
    [proposal] = [
        found
        for found in propose(graph, weights, cost_of("params"), graph.cost.params - 250)
        if found.width.name == "c1"
    ]
    assert proposal.keep == 3
    np.testing.assert_array_equal(proposal.weights["c1"][0][0, 0, 0], [-6, -4, 5])


def test_filters_that_go_together_weigh_together() -> None:
    graph = factory.plan(small("residual"))
    weights, channels = random_weights(graph, 0), trace_channels(graph)
    [stage] = [width for width in find_widths(graph, channels) if width.name == "stem"]
    kernels = [weights[name][0] for name in ("stem", "s1.0.conv2", "s1.1.conv2")]
    long = np.concatenate([kernel.reshape(-1, 6) for kernel in kernels])
    np.testing.assert_allclose(filter_norms(graph, channels, weights)[stage.numbers], np.linalg.norm(long, axis=0))
