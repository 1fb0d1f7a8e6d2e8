"""What the static commands print."""

import json
from pathlib import Path

import pytest

import factory
from factory.models.archive import embed
from factory.spec.render import render


def test_list_shows_the_zoo(run) -> None:
    lines = run("list").out.splitlines()
    assert lines[0].split() == ["name", "paper", "size", "params", "MACs", "acts", "checked", "against"]
    [b0] = [line.split() for line in lines if line.startswith("efficientnet_b0 ")]
    assert b0[:7] == ["efficientnet_b0", "Tan", "&", "Le", "2019", "224", "5.331M"]
    assert b0[9:] == ["keras.applications", "3.15"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("efficientnet_b7", ["efficientnet_b7"]), ("eff*net_b[01]", ["efficientnet_b0", "efficientnet_b1"])],
)
def test_list_filters(pattern: str, names: list[str], run) -> None:
    assert [entry["name"] for entry in json.loads(run("list", pattern, "--json").out)] == names


def test_check_says_ok_for_every_file(run, tiny: Path) -> None:
    result = run("check", "efficientnet_b0", tiny)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "efficientnet_b0: ok, 5,330,571 parameters, 385.8M MACs",
        f"{tiny}: ok, 3,516 parameters, 167.5k MACs",
    ]


def test_check_goes_on_after_a_bad_file(run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: bad\nstages: {head: {block: clasifier}}\n")
    result = run("check", bad, "resnet50", "nothing")
    assert result.code == 2
    assert result.out == "resnet50: ok, 25,636,712 parameters, 3.858G MACs\n"
    assert f"{bad}:2:24: stages.head.block: unknown block 'clasifier'" in result.err
    assert "'nothing' is neither a file nor a spec of the zoo" in result.err


def test_check_compares_with_what_is_expected(run, tiny: Path) -> None:
    tiny.write_text(tiny.read_text() + "expect: {params: 3517, macs: 167456, source: a book}\n")
    result = run("check", tiny)
    assert result.code == 2 and result.out == ""
    assert result.err == (
        f"{tiny}:8:18: expect.params: expected 3,517, the network has 3,516\n"
        "    expect: {params: 3517, macs: 167456, source: a book}\n"
        "                     ^^^^ -1, counted by a book\n"
    )
    assert run("check", tiny, "--set", "classes=4").code == 0  # what is overridden is not what was counted


def test_check_plans(run, tiny: Path) -> None:
    tiny.write_text(tiny.read_text().replace("repeats: 2", "repeats: 2, stride: 5").replace("16", "any"))
    assert run("check", tiny).code == 0
    result = run("check", tiny, "--max-nodes", "5")
    assert result.code == 2 and "more than 5 operations" in result.err


def test_info_as_json_has_the_promised_keys(run) -> None:
    found = json.loads(run("info", "efficientnet_b0", "--json", "--batch", "2").out)
    assert {"name", "input", "params", "trainable", "macs", "activations", "stages"} <= found.keys()
    assert (found["name"], found["input"]) == ("efficientnet_b0", [224, 224, 3])
    assert (found["params"], found["trainable"], found["macs"]) == (5330571, 5288548, 385814752)
    assert found["memory"]["batch"] == 2
    s2 = found["stages"][3]
    assert (s2["name"], s2["block"], s2["repeats"], s2["output"]) == ("s2", "mbconv", 2, [56, 56, 24])
    assert sum(stage["params"] for stage in found["stages"]) == found["params"]


def test_info_prints_totals(run) -> None:
    out = run("info", "efficientnet_b0").out
    assert "parameters   5,330,571 (trainable 5,288,548)" in out
    assert "MACs         385.8M (771.6M FLOPs as 2 x MACs)" in out
    assert "weights      21.32 MB fp32, 10.66 MB fp16, 5.331 MB int8" in out


def test_info_applies_overrides(run) -> None:
    arguments = ["--width", "1.2", "--depth", "1.4", "--resolution", "1.5", "--set", "classes=10"]
    found = json.loads(run("info", "efficientnet_b0", *arguments, "--json").out)
    assert found["input"] == [336, 336, 3]
    assert found["outputs"] == {"head": [10]}
    assert found["stages"][3]["repeats"] == 3


def test_info_by_layers(run, tiny: Path) -> None:
    out = run("info", tiny, "--layers").out
    assert out.splitlines()[0].split()[:3] == ["layer", "operation", "output"]
    assert "stem.norm" in out
    layers = json.loads(run("info", tiny, "--layers", "--json").out)["layers"]
    assert sum(layer["params"] for layer in layers) == 3516


def test_info_shows_auxiliary_heads_apart(run, tiny: Path) -> None:
    tiny.write_text(tiny.read_text().replace("  head:", "  aux: {block: classifier}\n  head:") + "auxiliary: [aux]\n")
    out = run("info", tiny).out
    assert "auxiliary heads, in training only" in out
    assert "parameters   3,516 (trainable" in out
    assert "auxiliary    aux: 36 more parameters and 32 more MACs in training" in out


def test_info_without_resolution_says_what_is_missing(run, tiny: Path) -> None:
    result = run("info", tiny, "--set", "input.resolution=any")
    assert result.code == 0
    assert "input        ?x?x3" in result.out and "MACs         -" in result.out
    assert "--set input.resolution=224" in result.out


def test_info_of_a_backbone(run) -> None:
    assert json.loads(run("info", "resnet50", "--no-top", "--json").out)["outputs"] == {"features": [7, 7, 2048]}


def test_info_reads_the_spec_inside_a_model(run, tmp_path: Path) -> None:
    model = tmp_path / "saved"
    model.mkdir()
    (model / "saved_model.pb").touch()
    result = run("info", model)
    assert result.code == 2
    assert result.err == f"{model}: this model carries no spec, as those that 'factory build' writes do\n"
    embed(model, render(factory.load("vgg16")), None)
    assert "138,357,544" in run("info", model).out


def test_render_prints_what_the_library_renders(run, tmp_path: Path) -> None:
    text = run("render", "efficientnet_b1").out
    assert text == render(factory.load("efficientnet_b1"))
    (tmp_path / "again.yaml").write_text(text)
    assert run("render", tmp_path / "again.yaml").out == text
    assert "filters: 48," in run("render", "efficientnet_b0", "--width", "1.2", "--flat").out


def test_diff_prints_paths_and_costs(run) -> None:
    out = run("diff", "efficientnet_b0", "efficientnet_b1").out
    lines = [line.split() for line in out.splitlines()]
    assert ["input.resolution", "224", "240"] in lines
    assert ["params", "5,330,571", "7,856,239", "+2,525,668", "1.474"] in lines
    assert "different networks" in out
    assert "the same network" in run("diff", "resnet50", "resnet50").out


def test_diff_overrides_the_second(run) -> None:
    found = json.loads(run("diff", "resnet50", "resnet50", "--set", "stages.conv2.repeats=4", "--json").out)
    assert found["changes"] == [{"path": "stages.conv2.repeats", "a": 3, "b": 4}]


def test_new_writes_a_spec_that_is_right(run, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert run("new", tmp_path / "mine").out == f"wrote {path}; next: factory info {path}\n"
    assert run("check", path).code == 0
    path.write_text("mine")
    result = run("new", path)
    assert (result.code, result.err) == (2, f"{path}: exists already, and is left as it is\n")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["two words", "3d", "no_folder/net"])
def test_new_refuses_what_cannot_be_a_name_or_place(name: str, run, tmp_path: Path) -> None:
    result = run("new", tmp_path / name)
    assert result.code == 2 and result.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_blocks_explains_a_block(run) -> None:
    assert "mbconv" in run("blocks").out
    lines = [line.split() for line in run("blocks", "mbconv").out.splitlines()]
    assert ["filters", "width", "required", "a", "number", "of", "channels,", "at", "least", "1"] in lines
    assert ["inputs:", "x"] in lines


def test_schema_is_json(run) -> None:
    assert "properties" in json.loads(run("schema").out)
