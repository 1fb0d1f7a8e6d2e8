"""`factory evaluate` as a command: its tables, its JSON, its refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finished_runs import finished_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    return [finished_run(folder / name, seed)[0] for seed, name in enumerate("ab")]


def found(run: Any, *arguments: Any) -> list[dict[str, Any]]:
    result = run("evaluate", *arguments, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_a_table_has_a_line_for_each_network_and_the_ensemble(runs: list[Path], run):
    result = run("evaluate", *runs, "--ensemble")
    head, *lines = result.out.splitlines()
    assert head.split() == ["network", "data", "part", "images", "loss", "accuracy"]
    assert [line.split()[:-2] for line in lines] == [
        ["a", "digits", "test", "359"],
        ["b", "digits", "test", "359"],
        ["ensemble", "of", "2", "digits", "test", "359"],
    ]
    numbers = [[float(cell) for cell in line.split()[-2:]] for line in lines]
    for entry, (loss, accuracy) in zip(found(run, *runs, "--ensemble"), numbers, strict=True):
        assert entry["measures"] == pytest.approx({"loss": loss, "accuracy": accuracy}, abs=1e-4)


def test_per_class_adds_a_table_and_the_pairs_most_often_confused(runs: list[Path], run):
    tables = run("evaluate", runs[0], "--per-class").out.split("\n\n")
    assert [table.split("\n")[0].split() for table in tables] == [
        ["network", "data", "part", "images", "loss", "accuracy"],
        ["class", "count", "accuracy"],
        ["class", "taken", "for", "count", "share"],
    ]
    assert len(tables[1].splitlines()) == 11 and len(tables[2].splitlines()) == 6
    [entry] = found(run, runs[0], "--per-class")
    assert sum(row["count"] for row in entry["classes"]) == entry["samples"] == 359
    first = entry["confused"][0]
    assert tables[2].splitlines()[1].split()[:3] == [first["class"], first["taken_for"], str(first["count"])]


def test_tables_of_several_networks_have_titles(runs: list[Path], run):
    out = run("evaluate", *runs, "--per-class").out
    assert "\n\na\nclass" in out and "\n\nb\nclass" in out


@pytest.mark.parametrize(
    "options",
    [
        ["--flip"],
        ["--scale", "1.5"],
        ["--scale", "1.5", "--crops", "5"],
        ["--scale", "1.5", "--dense"],
        ["--part", "train"],
        ["--part", "validation"],
    ],
    ids=" ".join,
)
def test_every_option_changes_what_comes_out(runs: list[Path], options: list[str], run):
    others = [[], ["--scale", "1.5"]] if len(options) > 2 else [[]]
    [tested] = found(run, runs[0], *options)
    for other in others:
        [plain] = found(run, runs[0], *other)
        assert tested["measures"]["loss"] != pytest.approx(plain["measures"]["loss"], rel=1e-5)


def test_ten_crops_are_five_and_their_mirror_images(runs: list[Path], run):
    crops = ["--scale", "1.5", "--crops"]
    [ten], [five] = found(run, runs[0], *crops, "10"), found(run, runs[0], *crops, "5", "--flip")
    assert ten["measures"] == pytest.approx(five["measures"], rel=1e-5)


def test_no_flip_takes_back_what_the_recipe_says(tmp_path: Path, run):
    path, _ = finished_run(tmp_path / "run", recipe={"evaluation": {"flip": True}})
    assert found(run, path) != found(run, path, "--no-flip")
    assert found(run, path) == found(run, path, "--flip")


def test_notes_go_to_standard_error(runs: list[Path], tmp_path: Path, run):
    data = tmp_path / "light.npz"
    classes = [str(digit) for digit in range(10)]
    images = np.random.default_rng(0).uniform(size=(20, 8, 8)).astype("float32")
    np.savez(data, images=images, labels=np.arange(20) % 10, classes=classes)
    result = run("evaluate", runs[0], "--data", data, "--json", "--batch-size", "8")
    assert "images are within 0 to 1" in result.err
    [entry] = json.loads(result.out)
    assert (entry["data"], entry["part"], entry["samples"]) == (str(data), "all", 20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere"),
        (["{a}/model.keras"], "give --data"),
        (["{a}", "--data", "digit"], "did you mean 'digits'?"),
        (["{a}", "--crops", "5"], "crops: 5 need images larger than the network's 8x8"),
        (["{a}", "--ensemble"], "an ensemble has two networks at least"),
        (["{a}", "{a}"], "given twice"),
        (["{a}", "--data", "{npz}", "--part", "test"], "have no test part"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_it_refuses_in_words(runs: list[Path], arguments: list[str], message: str, tmp_path: Path, run):
    npz = tmp_path / "some.npz"
    np.savez(npz, images=np.zeros((20, 8, 8), "uint8"), labels=np.arange(20) % 10)
    result = run("evaluate", *(text.format(a=runs[0], npz=npz) for text in arguments))
    assert result.code == 2 and result.out == ""
    assert message in result.err and "Traceback" not in result.err


def test_a_run_that_is_not_finished_is_told(tmp_path: Path, run):
    path, _ = finished_run(tmp_path / "run")
    (path / "model.keras").unlink()
    assert "it has no model.keras yet" in run("evaluate", path).err


@pytest.mark.parametrize("command", [["evaluate", "nowhere"], ["predict", "nowhere", "x.png"]], ids=" ".join)
def test_a_path_that_leads_nowhere_is_told_before_tensorflow_starts(command: list[str], tmp_path: Path):
    script = f"import sys; from factory.cli.main import main; print(main({command}), 'tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["2", "False"] and "nowhere" in done.stderr
