"""Networks without some of their channels: what stays is what was there, and all of it fits together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import STAGES, random_weights, small

import factory
from factory.graph import canonical_hash
from tuner.netadapt.channels import Channels, trace_channels
from tuner.netadapt.network import from_arrays, written_out
from tuner.netadapt.pruning import pruned_graph, pruned_weights
from tuner.netadapt.widths import find_widths


def drawn(channels: Channels, graph: factory.Graph, draws: np.random.Generator) -> np.ndarray:
    """What to keep: of every width one filter at least, drawn."""
    kept = np.ones(len(channels.fixed), bool)
    for width in find_widths(graph, channels):
        kept[width.numbers] = draws.random(width.filters) < 0.6
        kept[draws.choice(width.numbers)] = True
    return kept


@pytest.mark.parametrize("name", STAGES)
@settings(max_examples=5)
@given(seed=st.integers(0, 1_000_000))
def test_whatever_is_removed_the_rest_is_a_network_whose_spec_says_the_same(name: str, seed: int) -> None:
    spec, draws = small(name), np.random.default_rng(seed)
    graph = factory.plan(spec)
    channels = trace_channels(graph)
    kept = drawn(channels, graph, draws)
    smaller = pruned_graph(graph, channels, kept)
    weights = pruned_weights(graph, channels, kept, random_weights(graph, seed))
    for node in smaller.nodes:
        shapes = [weight.shape for weight in node.op.weights(*smaller.input_shapes(node))]
        assert [array.shape for array in weights.get(node.name, ())] == shapes
    network = written_out(smaller, weights, spec)
    assert canonical_hash(network.graph) == canonical_hash(smaller)
    again = from_arrays(network.text, network.arrays())
    assert again.fingerprint() == network.fingerprint()


def test_kept_weights_are_carried_over_exactly() -> None:
    graph = factory.plan(small("plain"))
    channels, weights = trace_channels(graph), random_weights(graph, 0)
    first, second = (
        channels.made[index][[1, 3]] for index, node in enumerate(graph.nodes) if node.name in ("c1", "c2")
    )
    kept = np.ones(len(channels.fixed), bool)
    kept[[*first, *second]] = False
    left = pruned_weights(graph, channels, kept, weights)
    of_first, of_second = [0, 2, 4, 5], [0, 2, 4, 5, 6, 7]
    np.testing.assert_array_equal(left["c1"][0], weights["c1"][0][:, :, :, of_first])
    np.testing.assert_array_equal(left["c2"][0], weights["c2"][0][:, :, of_first][:, :, :, of_second])
    np.testing.assert_array_equal(left["c2"][1], weights["c2"][1][of_second])
    for ours, theirs in zip(left["c1.norm"], weights["c1.norm"], strict=True):
        np.testing.assert_array_equal(ours, theirs[of_first])
    rows = [position * 8 + channel for position in range(16) for channel in of_second]  # flattened: 4 x 4 positions
    np.testing.assert_array_equal(left["hidden"][0], weights["hidden"][0][rows])
    assert left["head"] is not weights["head"] and all(map(np.array_equal, left["head"], weights["head"]))


def test_a_depthwise_convolution_loses_the_channels_of_the_layer_before_it() -> None:
    graph = factory.plan(small("depthwise"))
    channels, weights = trace_channels(graph), random_weights(graph, 0)
    kept = np.ones(len(channels.fixed), bool)
    kept[channels.made[next(i for i, node in enumerate(graph.nodes) if node.name == "p1")][5]] = False
    smaller, left = pruned_graph(graph, channels, kept), pruned_weights(graph, channels, kept, weights)
    [d2] = [node for node in smaller.nodes if node.name == "d2"]
    assert (d2.op.filters, d2.op.groups) == (7, 7)
    np.testing.assert_array_equal(left["d2"][0], np.delete(weights["d2"][0], 5, axis=3))
    np.testing.assert_array_equal(left["p2"][0], np.delete(weights["p2"][0], 5, axis=2))
    np.testing.assert_array_equal(left["d1"][0], weights["d1"][0])
