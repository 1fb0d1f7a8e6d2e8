"""Overrides: values at paths, from the command line, from Python, from a search."""

from __future__ import annotations

import pytest
from texts import spec_of

from factory import SpecError, cost, load, plan, totals
from factory.spec.overrides import Setting

SPEC = spec_of(
    """
classes: 10
stages:
  a: {block: conv, filters: 8, kernel: 5, repeats: 2}
  b: {block: sequence, body: {x: {block: conv, filters: 8}, y: {block: conv, filters: 9}}}
  c: {block: sequence, body: [{block: conv, filters: 10}, {block: mbconv, filters: 11, se: 0.25}]}
  head: {block: classifier}
expect: {params: 3}
"""
)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("stages.a.filters", 16, ("stages", "a", "filters")),
        ("stages.a.kernel", [1, 3], ("stages", "a", "kernel")),
        ("stages.b.body.x.filters", 3, ("stages", "b", "body", "x", "filters")),
        ("stages.c.body.1.filters", 3, ("stages", "c", "body", 1, "filters")),
        ("stages.c.body.1.se.gate", "hard_sigmoid", ("stages", "c", "body", 1, "se", "gate")),
        ("stages.a.norm.kind", "batch", ("stages", "a", "norm", "kind")),
        ("stages.a.first.kernel", 1, ("stages", "a", "first", "kernel")),
        ("conventions.activation.kind", "relu", ("conventions", "activation", "kind")),
        ("defaults.conv.kernel", 1, ("defaults", "conv", "kernel")),
        ("scale.width", 1.5, ("scale", "width")),
        ("input.preprocess", "tf", ("input", "preprocess")),
        ("classes", 7, ("classes",)),
    ],
)
def test_a_value_at_a_path_is_changed_and_nothing_else(path, value, where):
    before = str(SPEC.document)
    spec = SPEC.override({path: value})
    there = spec.document
    for part in where:
        there = there[part]
    assert there == value
    assert str(SPEC.document) == before
    assert totals(spec) == cost(spec).totals


def test_a_number_stands_for_a_mapping_that_is_opened():
    spec = SPEC.override({"stages.c.body.1.se.gate": "hard_sigmoid"})
    assert dict(spec.document["stages"]["c"]["body"][1]["se"]) == {"ratio": 0.25, "gate": "hard_sigmoid"}


def test_mappings_merge_and_none_removes():
    spec = SPEC.override({"stages.a": {"filters": 3}, "stages.b": None})
    assert dict(spec.document["stages"]["a"]) == {"block": "conv", "filters": 3, "kernel": 5, "repeats": 2}
    assert list(spec.document["stages"]) == ["a", "c", "head"]


def test_a_changed_block_keeps_what_fits():
    spec = SPEC.override({"stages.a.block": "depthwise_conv"})
    assert dict(spec.document["stages"]["a"]) == {"block": "depthwise_conv", "kernel": 5, "repeats": 2}


def test_expect_is_dropped():
    assert SPEC.expect.params == 3
    assert SPEC.override({"classes": 11}).expect.params is None


def test_unchanged_parts_are_not_compiled_again():
    spec = SPEC.override({"stages.a.filters": 16})
    old, new = ({call.name: call for call in s.stages.calls} for s in (SPEC, spec))
    assert new["c"] is old["c"] and new["a"] is not old["a"]


def test_changed_blocks_reach_the_stages_that_call_them():
    spec = spec_of(
        "blocks: {b: {params: {n: width}, body: [{block: conv, filters: $n}]}}\nstages: {a: {block: b, n: 3}}"
    )
    wider = spec.override({"blocks.b.body.0.filters": "$(2 * n)"})
    assert [plan(s).nodes[0].outputs[0][-1] for s in (spec, wider)] == [3, 6]


@pytest.mark.parametrize(
    ("path", "value", "message", "hint"),
    [
        ("stages.a.kernal", 3, "unknown parameter of block 'conv'", "did you mean 'kernel'?"),
        ("stages.aa.kernel", 3, "there is no 'aa' here", "did you mean 'a'?"),
        ("stages.new", {"block": "add"}, "there is no 'new' here", None),
        ("stages.a.filters.x", 3, "stages.a.filters is a value, it has no 'x'", ""),
        ("stages.c.body.2.filters", 3, "'2' is no item of the list stages.c.body", "there are 2 items, counted from 0"),
        ("stages.c.body.x", 3, "'x' is no item of the list stages.c.body", "there are 2 items, counted from 0"),
        ("scale.wdth", 1.0, "there is no 'wdth' here", "did you mean 'width'?"),
        ("conventions.nrom", "none", "there is no 'nrom' here", "did you mean 'norm'?"),
        ("clases", 3, "there is no 'clases' here", "did you mean 'classes'?"),
        ("extends", "vgg16", "there is no 'extends' here", None),
        ("", 3, "there is no '' here", None),
        ("stages.zz", None, "there is no 'zz' here", None),
        ("stages.a.filters", "x", "expected a number of channels, at least 1, received 'x'", ""),
        ("stages.a.filters", float("nan"), "nan is not a finite number", ""),
        ("stages.a.filters", object(), "a spec holds plain data, received object", ""),
        ("stages.c.body.0", None, "expected a block call, received nothing", None),
    ],
)
def test_mistakes_name_the_override(path, value, message, hint):
    with pytest.raises(SpecError) as raised:
        SPEC.override({path: value})
    problem = raised.value.problems[0]
    assert problem.message == message
    assert str(problem.mark).startswith(f"override {path}=")
    if hint is not None:
        assert problem.hint == hint


def test_settings_of_the_command_line_are_read_as_yaml():
    assert Setting("stages.a.kernel=[1, 3]").value == [1, 3]
    assert Setting("a=1e-3").value == 0.001
    assert Setting("a=").value is None
    for text in ("stages.a", "=3"):
        with pytest.raises(SpecError, match="expected PATH=VALUE"):
            Setting(text)
    with pytest.raises(SpecError, match=r"--set a=\[1"):
        Setting("a=[1")
    setting = Setting("stages.a.filters=x")
    with pytest.raises(SpecError, match=r"^--set stages.a.filters=x"):
        SPEC.override({setting.path: setting})


def test_load_takes_overrides_and_short_names():
    spec = load("mobilenet_v2", width=0.75, resolution=0.5, classes=10, **{"stages.s2.repeats": 1})
    assert (spec.scale.width, spec.scale.resolution, spec.classes) == (0.75, 0.5, 10)
    assert load(spec, depth=2).scale.depth == 2
    assert load({"stages": {"a": {"block": "conv", "filters": 2}}}, classes=3).classes == 3


@pytest.mark.parametrize("source", ["mobilenet_v22", "nothing.yaml", "../mobilenet_v2"])
def test_what_cannot_be_found_is_told(source):
    from factory import FactoryError

    with pytest.raises(FactoryError, match=r"neither a file nor a spec of the zoo|no such file"):
        load(source)
