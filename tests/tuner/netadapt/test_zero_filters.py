"""Filters that are zero can be removed, and no output changes."""

from pathlib import Path

import numpy as np
import pytest
from small_networks import STAGES, random_weights, small

import factory
from factory.graph import Graph
from factory.models.quiet import quiet_tensorflow
from factory.spec.render import render
from tuner.netadapt.channels import Channels, trace_channels
from tuner.netadapt.network import Network, written_out
from tuner.netadapt.pruning import Weights, pruned_graph, pruned_weights
from tuner.netadapt.widths import find_widths

quiet_tensorflow()


def with_zeros(graph: Graph, channels: Channels, kept: np.ndarray, weights: Weights) -> Weights:
    """The weights with everything that makes a removed channel set to zero: kernels, biases, offsets and means."""
    result = {}
    for index, node in enumerate(graph.nodes):
        removed = ~kept[channels.of[index, 0]]
        for weight, array in zip(node.op.weights(*graph.input_shapes(node)), weights.get(node.name, ()), strict=False):
            array = array.copy()
            if weight.name == "kernel" and index in channels.made:
                axis = 2 if type(node.op).__name__ == "ConvTranspose" else array.ndim - 1
                np.moveaxis(array, axis, -1)[..., removed] = 0
            elif weight.name in ("bias", "beta", "moving_mean"):
                array[removed] = 0
            result[node.name] = (*result.get(node.name, ()), array)
    return result


@pytest.mark.parametrize("name", STAGES)
def test_removing_filters_that_are_zero_changes_no_output(name: str) -> None:
    from tuner.netadapt.models import built, give

    spec = small(name)
    spec = spec if name == "plain" else spec.override({"stages.head.activation": "linear"})
    graph = factory.plan(spec)
    channels, draws = trace_channels(graph), np.random.default_rng(0)
    kept = np.ones(len(channels.fixed), bool)
    for width in find_widths(graph, channels):
        kept[draws.choice(width.numbers, width.filters // 2, replace=False)] = False
    weights = random_weights(graph, 1)
    zeroed = with_zeros(graph, channels, kept, weights)
    smaller = pruned_graph(graph, channels, kept)
    images = draws.uniform(0, 4, (8, *graph.input)).astype("float32")

    whole = built(Network(spec, zeroed))
    less = built(written_out(smaller, pruned_weights(graph, channels, kept, zeroed), spec))

    before, after = np.asarray(whole(images)), np.asarray(less(images))
    spread = np.ptp(before, axis=0).max()
    assert spread > 0.01 * np.abs(before).max()  # the images differ in what comes out
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-5 * spread)

    give(whole, weights)
    give(less, written_out(smaller, pruned_weights(graph, channels, kept, weights), spec).weights)
    before, after = np.asarray(whole(images)), np.asarray(less(images))
    assert np.abs(after - before).max() > 0.01 * np.ptp(before, axis=0).max()  # those that are not zero are missed


def test_a_saved_network_is_read_as_one_that_gives_the_same_without_its_drop_path(tmp_path: Path) -> None:
    from factory.models.save import save
    from tuner.netadapt.models import built, read_network

    body = {"block": "conv", "filters": 4}
    stages = {"a": body, "f": {"block": "fractal", "columns": 2, "body": body}, "head": {"block": "classifier"}}
    about = {"name": "dropping", "input": {"resolution": 8}, "classes": 4, "drop_path": {"global": 0.5}}
    spec = factory.load({**about, "stages": stages})
    model = factory.build(spec, seed=0)
    save(model, tmp_path, "net", ["keras"], render(spec))
    network = read_network(tmp_path / "net.keras")
    assert network.spec.name == "dropping_adapted"
    images = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype("float32")
    np.testing.assert_allclose(np.asarray(built(network)(images)), np.asarray(model(images)), rtol=0, atol=1e-6)
