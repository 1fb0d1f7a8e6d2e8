"""A text that was read before is not read again; nothing that is done with it may change it."""

from __future__ import annotations

import copy

import factory
from factory.spec.flatten import flatten
from factory.spec.headless import without_top
from factory.spec.reading import read_text
from factory.spec.render import render
from factory.spec.zoo import zoo_directory


def test_what_is_kept_of_a_file_is_never_changed():
    path = zoo_directory() / "efficientnet_b0.yaml"
    kept = read_text(path.read_text(encoding="utf-8"), str(path))
    before, places = copy.deepcopy(dict(kept)), dict(kept.values_at)
    spec = factory.load("efficientnet_b0")
    factory.load("efficientnet_b1")
    factory.plan(spec.override({"stages.s3.kernel": 3, "stages.s4": {"block": "fused_mbconv"}, "stages.s5": None}))
    render(flatten(spec.override({"scale.width": 1.3})))
    factory.plan(without_top(spec))
    assert kept == before and kept.values_at == places
    assert read_text(path.read_text(encoding="utf-8"), str(path)) is kept


def test_a_changed_file_is_read_anew(tmp_path):
    path = tmp_path / "net.yaml"
    for filters in (8, 16):
        path.write_text(f"stages: {{a: {{block: conv, filters: {filters}}}}}")
        assert factory.plan(factory.load(path)).nodes[0].outputs[0][-1] == filters
