"""Inheritance: what a child keeps, changes, removes and places."""

from __future__ import annotations

import pytest
from texts import write

from factory import Spec, SpecError, load, plan

BASE = """
name: base
input: {resolution: 32}
conventions: {norm: none, activation: linear}
stages:
  a: {block: conv, filters: 8, kernel: 5, stride: 2, dilation: 1, repeats: 2, norm: batch}
  b: {block: sequence, body: {x: {block: conv, filters: 8}, y: {block: conv, filters: 9}}}
  c: {block: sequence, body: [{block: conv, filters: 10}, {block: conv, filters: 11}]}
  head: {block: classifier}
expect: {params: 3}
"""


def child(folder, text: str) -> Spec:
    return load(write(folder, base=BASE, child="extends: base\n" + text) / "child.yaml")


def failure(folder, text: str) -> str:
    with pytest.raises(SpecError) as raised:
        plan(child(folder, text))
    return str(raised.value).replace(f"{folder}/", "")


def stages(spec: Spec) -> dict:
    return {name: dict(call) for name, call in spec.document["stages"].items()}


def test_mappings_merge_key_by_key(tmp_path):
    spec = child(tmp_path, "name: child\nstages: {a: {filters: 16}}\ninput: {channels: 1}")
    assert (spec.name, spec.input.resolution, spec.input.channels) == ("child", 32, 1)
    assert stages(spec)["a"] == {**stages(load(tmp_path / "base.yaml"))["a"], "filters": 16}


def test_expect_is_not_inherited(tmp_path):
    assert load(write(tmp_path, base=BASE) / "base.yaml").expect.params == 3
    assert child(tmp_path, "name: child").expect.params is None


def test_null_removes_a_parameter_a_stage_or_a_section(tmp_path):
    spec = child(tmp_path, "stages: {a: {kernel: null}, b: null}\nconventions: null")
    assert "kernel" not in stages(spec)["a"] and list(stages(spec)) == ["a", "c", "head"]
    assert spec.conventions.activation.kind == "relu"


def test_after_places_a_new_stage_or_moves_an_old_one(tmp_path):
    spec = child(
        tmp_path,
        "stages: {n: {block: conv, filters: 3, after: a}, m: {block: conv, filters: 3, after: n}, b: {after: c}}",
    )
    assert list(stages(spec)) == ["a", "n", "m", "c", "b", "head"]
    spec = child(tmp_path, "stages: {n: {block: conv, filters: 3, after: input}}")
    assert list(stages(spec)) == ["n", "a", "b", "c", "head"]


def test_a_new_stage_without_after_comes_last(tmp_path):
    assert list(stages(child(tmp_path, "stages: {n: {block: dense, units: 2}}"))) == ["a", "b", "c", "head", "n"]


def test_mapping_bodies_merge_and_list_bodies_are_replaced(tmp_path):
    spec = child(
        tmp_path,
        (
            "stages: {b: {body: {y: null, z: {block: conv, filters: 3, after: x}}}, c: {body: [{block: "
            "conv, filters: 4}]}}"
        ),
    )
    assert [node.outputs[0][-1] for node in plan(spec).nodes if node.stage in ("b", "c")] == [8, 3, 4]


def test_another_block_keeps_parameters_of_the_same_name_and_type(tmp_path):
    assert stages(child(tmp_path, "stages: {a: {block: depthwise_conv}}"))["a"] == {
        "block": "depthwise_conv", "kernel": 5, "stride": 2, "dilation": 1, "repeats": 2, "norm": "batch",
    }  # fmt: skip
    assert stages(child(tmp_path, "stages: {a: {block: max_pool}}"))["a"] == {
        "block": "max_pool", "kernel": 5, "stride": 2, "repeats": 2,
    }  # fmt: skip


def test_another_kind_drops_the_parameters_of_the_old(tmp_path):
    base = BASE.replace("activation: linear", "activation: {kind: leaky_relu, slope: 0.2}")
    write(tmp_path, base=base, child="extends: base.yaml\nconventions: {activation: {kind: elu}}")
    assert load(tmp_path / "child.yaml").conventions.activation == ("elu", ())


def test_a_grandchild_and_a_relative_path(tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path, base=BASE)
    write(
        tmp_path / "sub",
        child="extends: ../base.yaml\nscale: {width: 2.0, depth: 2.0}",
        last="extends: child\nscale: {width: 3.0}",
    )
    spec = load(tmp_path / "sub" / "last.yaml")
    assert (spec.scale.width, spec.scale.depth) == (3.0, 2.0)


def test_a_zoo_name_is_found_from_anywhere(tmp_path):
    assert load(write(tmp_path, net="extends: vgg16\nname: net") / "net.yaml").classes == 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "stages: {aa: null}",
            (
                "child.yaml:2:10: stages.aa: null removes nothing: there is no such key\n    stages: "
                "{aa: null}\n             ^^ did you mean 'a'?"
            ),
        ),
        (
            "stages: {n: {block: add, after: hed}}",
            (
                "child.yaml:2:33: stages.n.after: there is no 'hed' to come after\n    stages: {n: "
                "{block: add, after: hed}}\n                                    ^^^ did you mean 'head'?"
            ),
        ),
        ("stages: {n: {block: add, after: n}}", "there is no 'n' to come after"),
        ("stages: {a: {block: dense}}", "child.yaml:2:21: stages.a: block 'dense' needs 'units'"),
        ("stages: {a: 3}", "child.yaml:2:10: stages.a: expected a block call, received 3"),
        ("stages: null", "base.yaml:2:1: stages: a spec needs 'stages'"),
        (
            "conventions: {padding: valid}\ninput: {resolution: 4}",
            "base.yaml:6:3: stages.a: convolution shrinks the height below 1: kernel 5 on 4",
        ),
        ("stages: {a: {groups: 3}}", "base.yaml:6:3: stages.a: 3 input channels are not divisible by groups 3"),
        ("extends: base", "child.yaml:2:1: key 'extends' is given twice"),
    ],
)
def test_mistakes(tmp_path, text, message):
    if "groups: 3" in text:
        message = message.replace("3 input channels are", "8 filters are")
    assert message in failure(tmp_path, text)


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("net", "extends: specs extend each other in a circle: net -> net"),
        ("other", "extends: specs extend each other in a circle: net -> other -> net"),
        ("vgg116", "extends: 'vgg116' is neither a file nor a spec of the zoo; did you mean 'vgg16'?"),
        ("othr.yaml", "othr.yaml: no such file; did you mean"),
        ("3", "extends: expected a zoo name or a path, received 3"),
        ("null", "extends: expected a zoo name or a path, received nothing"),
        ("[a]", "extends: expected a zoo name or a path, received ['a']"),
    ],
)
def test_mistakes_of_extends(tmp_path, extends, message):
    write(tmp_path, net=f"extends: {extends}\nname: net", other="extends: net")
    with pytest.raises(SpecError) as raised:
        load(tmp_path / "net.yaml")
    assert message in str(raised.value)
    assert "net.yaml:1:10" in str(raised.value) or "other.yaml:1:10" in str(raised.value)


def test_a_long_line_of_parents_ends(tmp_path):
    write(tmp_path, **{f"n{index}": f"extends: n{index + 1}" for index in range(40)}, n40=BASE)
    assert load(tmp_path / "n10.yaml").classes == 1000
    with pytest.raises(SpecError, match="more than 32 parents"):
        load(tmp_path / "n0.yaml")


def test_a_mapping_extends_a_zoo_spec_too():
    spec = load({"extends": "resnet50", "name": "tiny", "stages": {"conv4": {"repeats": 2}, "conv5": None}})
    assert list(spec.document["stages"]) == ["conv1", "pad1", "pool1", "conv2", "conv3", "conv4", "head"]
