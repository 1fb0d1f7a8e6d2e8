"""Which filters of a network can be removed together, against what its drawing shows."""

from collections import Counter

import pytest
from small_networks import STAGES, small

import factory
from tuner.netadapt.channels import trace_channels
from tuner.netadapt.widths import find_widths

WIDTHS = {
    "plain": {("c1",): 6, ("c2",): 8, ("hidden",): 5},
    "residual": {
        ("stem", "s1.0.conv2", "s1.1.conv2"): 6,
        ("s1.0.conv1",): 6,
        ("s1.1.conv1",): 6,
        ("s2.reduce",): 4,
        ("s2.spatial",): 4,
        ("s2.shortcut", "s2.expand"): 8,
    },
    "zero_pad": {
        ("stem", "s1.conv2", "s2.conv2"): 6,  # the channels that the shortcut brings
        ("s1.conv1",): 6,
        ("s2.conv1",): 10,
        ("s2.conv2",): 4,  # those to which it adds zeros
    },
    "depthwise": {("stem",): 6, ("p1",): 8, ("p2",): 10},
    "inverted": {
        ("stem", "s1.0.project", "s1.1.project"): 6,
        ("s1.0.expand", "s1.0.se.expand"): 18,
        ("s1.0.se.reduce",): 3,
        ("s1.1.expand", "s1.1.se.expand"): 18,
        ("s1.1.se.reduce",): 3,
        ("s2.expand",): 12,
        ("s2.project",): 8,
    },
    "grouped": {
        ("stem",): 8,
        ("g1.reduce",): 2,  # as many in each of the four groups
        ("g1.spatial",): 2,
        ("g1.shortcut", "g1.expand"): 2,  # the shuffle behind it has four groups
        ("p",): 4,
    },
    "concat": {
        ("stem", "mix"): 6,
        ("both.b1", "mix"): 4,
        ("both.b2", "mix"): 2 + 4,  # those before and behind the split
        ("left", "right"): 6,
        ("up",): 4,  # each is the maximum of two
    },
}


@pytest.mark.parametrize("name", STAGES)
def test_the_widths_of_small_networks_are_those_of_their_drawing(name: str) -> None:
    graph = factory.plan(small(name))
    found: Counter[tuple[str, ...]] = Counter()
    for width in find_widths(graph, trace_channels(graph)):
        found[width.layers] += width.filters
    assert found == WIDTHS[name]


def test_filters_that_are_split_have_a_width_for_each_part_and_names_of_their_own() -> None:
    graph = factory.plan(small("concat"))
    widths = [width for width in find_widths(graph, trace_channels(graph)) if width.layers == ("both.b2", "mix")]
    assert [(width.name, width.filters) for width in widths] == [("both.b2", 2), ("both.b2-2", 4)]


def test_the_stages_of_mobilenet_v2_have_a_width_each_and_so_has_every_expansion() -> None:
    graph = factory.plan(factory.load("mobilenet_v2"))
    found = {width.layers: width.filters for width in find_widths(graph, trace_channels(graph))}
    assert len(found) == 2 + 7 + 16  # stem and top; stages; blocks that expand (Sandler et al. 2018, table 2)
    assert found["s4.0.project", "s4.1.project", "s4.2.project", "s4.3.project"] == 64
    assert found["s4.1.expand",] == 6 * 64


def test_layers_of_shared_weights_keep_one_width() -> None:
    stages = {
        "stem": {"block": "conv", "filters": 6},
        "twice": {"block": "conv", "filters": 6, "repeats": 2, "share": True},
        "head": {"block": "classifier"},
    }
    graph = factory.plan(factory.load({"name": "shared", "input": {"resolution": 8}, "classes": 4, "stages": stages}))
    [width] = find_widths(graph, trace_channels(graph))
    assert width.layers == ("stem", "twice.0", "twice.1")
