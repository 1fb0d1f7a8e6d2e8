"""Blocks that bring one image to the size of another."""

from __future__ import annotations

import pytest

import factory
from factory.graph.ops import Crop, ResizeTo


def spec_of(block: str, like: dict, resolution: object = 32, **more: object) -> factory.Spec:
    stages = {
        "a": {"block": "conv", "filters": 8, "kernel": 3},
        "b": {"block": "conv", "filters": 4, "kernel": 3, "from": "a", **like},
        "c": {"block": block, "from": ["a", "b"], **more},
        "head": {"block": "classifier"},
    }
    return factory.load({"input": {"resolution": resolution}, "classes": 5, "stages": stages})


SHRINKING = {"stride": 2}


@pytest.mark.parametrize("block", ["crop_like", "resize_like"])
def test_what_is_read_for_its_size_alone_is_neither_counted_nor_built(block):
    spec = spec_of(block, SHRINKING)
    names = [node.name for node in factory.plan(spec).nodes]
    assert "b" not in names and "a" in names
    # a: 3 * 3 * 3 * 8 and batch norm 4 * 8; head: 8 * 5 + 5
    assert factory.cost(spec).params == 216 + 32 + 45
    assert factory.totals(spec) == factory.cost(spec).totals
    assert factory.totals(spec.override({"classes": 6})).params == 216 + 32 + 54
    assert factory.build(spec).count_params() == 216 + 32 + 45


def test_a_known_crop_is_centred_with_the_odd_rest_behind():
    graph = factory.plan(spec_of("crop_like", {"padding": "valid", "kernel": 6}))  # 32 -> 27
    [op] = [node.op for node in graph.nodes if isinstance(node.op, Crop)]
    assert op.cropping == ((2, 3), (2, 3))


def test_images_of_one_size_are_left_alone():
    for block in ("crop_like", "resize_like"):
        assert "c" not in [node.name for node in factory.plan(spec_of(block, {})).nodes]


def test_a_known_size_is_written_down_and_an_unknown_one_read_at_run_time():
    known = factory.plan(spec_of("resize_like", SHRINKING, method="nearest"))
    assert [node.op for node in known.nodes if node.name == "c"] == [ResizeTo((16, 16), "nearest")]
    unknown = factory.plan(spec_of("resize_like", SHRINKING, "any"))
    assert "b" in [node.name for node in unknown.nodes]
