"""`factory similarity`: from run folders to tables and pictures."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_folders import SPEC, result, write_run

import factory
from factory.models.quiet import quiet_tensorflow
from factory.spec.render import render

quiet_tensorflow()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with finished runs `a`, `b`, `c` of other seeds, `short` of another network."""
    from factory.models.save import save

    folder = tmp_path_factory.mktemp("runs")
    for seed, name in enumerate(("a", "b", "c", "short")):
        changes = {"stages.s1": None} if name == "short" else {}
        write_run(folder / name, spec=changes, recipe={"seed": seed}, result=result())
        spec = factory.load(SPEC).override(changes)
        save(factory.build(spec, seed=seed), folder / name, "model", ["keras"], render(spec))
    return folder


def test_the_table_compares_stages_over_all_pairs(runs: Path, run) -> None:
    found = run("similarity", runs / "a", runs / "b", runs / "c", "--samples", "40")
    assert (found.code, found.err) == (0, "")
    lines = [line.split() for line in found.out.splitlines()]
    assert lines[0] == ["layer", "pairs", "RSA", "std", "min", "CKA", "std", "min"]
    assert [line[:2] for line in lines[1:4]] == [["stem", "3"], ["s1", "3"], ["head", "3"]]
    assert all(0 <= float(number) < 1 for line in lines[1:4] for number in line[2:])
    assert lines[5:] == [["40", "images", "of", "digits,", "test", "part"]]


def test_a_copy_is_alike_in_every_layer(runs: Path, run, tmp_path: Path) -> None:
    copy = shutil.copy(runs / "a" / "model.keras", tmp_path / "copy.keras")
    found = json.loads(run("similarity", runs / "a", copy, "--samples", "30", "--json").out)
    assert found["runs"] == ["a", "copy"] and (found["samples"], found["data"], found["part"]) == (30, "digits", "test")
    for layer in found["layers"]:
        assert layer["rsa"]["mean"] == pytest.approx(1, abs=1e-5) == layer["cka"]["min"]
    assert np.shape(found["rsa"]) == np.shape(found["cka"]) == (6, 6)
    assert np.shape(found["positions"]) == (6, 2) and len(found["entries"]) == 6


def test_tables_and_pictures_are_written(runs: Path, run, tmp_path: Path) -> None:
    arguments = ["similarity", runs / "a", runs / "b", "--samples", "20", "-o", tmp_path / "out"]
    found = run(*arguments)
    assert found.code == 0, found.err
    names = ["similarity.csv", "pairs.csv", "matrix.png", "map.png"]
    assert found.out.splitlines()[-4:] == [f"wrote {tmp_path / 'out' / name}" for name in names]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    numbers = json.loads(run(*arguments, "--json").out)
    rows = list(csv.DictReader((tmp_path / "out" / "similarity.csv").open()))
    assert [row["layer"] for row in rows] == ["stem", "s1", "head"]
    assert float(rows[1]["cka_mean"]) == pytest.approx(numbers["layers"][1]["cka"]["mean"])
    pairs = list(csv.DictReader((tmp_path / "out" / "pairs.csv").open()))
    assert len(pairs) == 6 * 5 // 2
    last = [pairs[-1][key] for key in ("run_a", "layer_a", "run_b", "layer_b")]
    assert last == ["b", "s1", "b", "head"] and float(pairs[-1]["rsa"]) == pytest.approx(numbers["rsa"][4][5])
    for name in ("matrix.png", "map.png"):
        with Image.open(tmp_path / "out" / name) as picture:
            assert min(picture.size) > 400


def test_other_networks_are_compared_where_names_are_equal(runs: Path, run, tmp_path: Path) -> None:
    found = run("similarity", runs / "a", runs / "short", "--samples", "20", "-o", tmp_path)
    assert [line.split()[0] for line in found.out.splitlines()[1:3]] == ["stem", "head"]
    assert "the networks have different layers: the table has those of equal names, the files have all" in found.out
    assert len((tmp_path / "pairs.csv").read_text().splitlines()) == 1 + 5 * 4 // 2


def test_rsa_is_spearmans_where_asked_for(runs: Path, run) -> None:
    arguments = ["similarity", runs / "a", runs / "b", "--samples", "20", "--json"]
    pearson, spearman = (json.loads(run(*arguments, "--rsa", name).out) for name in ("pearson", "spearman"))
    assert pearson["cka"] == spearman["cka"] and pearson["rsa"] != spearman["rsa"]
    assert spearman["correlation"] == "spearman"


def test_images_may_be_given_and_all_are_taken_where_there_are_few(runs: Path, run, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 12, 12, 1), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(9) % 3)
    own = tmp_path / "own.npz"
    out = run("similarity", runs / "a", runs / "b" / "model.keras", "--data", own).out
    assert out.endswith(f"9 images of {own}, training part\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "similarity compares two networks or more: give another run or .keras file"),
        (["a", "a"], "a: given twice"),
        (["a", "none"], "none: there is no such folder"),
        (["a", "none.keras"], "none.keras: there is no such file"),
        (["a", "unfinished"], "unfinished: this run is unfinished, it has no model.keras yet"),
        (["a", "saved"], "saved: a SavedModel hides its layers; expected a .keras file or the folder of a run"),
        (["a/model.keras", "b/model.keras"], "a .keras file does not say on which data it was trained: give --data"),
        (["a", "other"], "trained on different data (a on digits, other on keras:mnist): choose one with --data"),
        (["a", "b", "--samples", "3"], "Invalid value for '--samples'"),
        (["a", "b", "-o", "a/run.json/below"], "cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told(runs: Path, arguments: list[str], message: str, run, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(runs / "a", tmp_path / "a")
    shutil.copytree(runs / "b", tmp_path / "b")
    shutil.copytree(runs / "b", tmp_path / "other")
    (tmp_path / "other" / "run.json").write_text('{"data": "keras:mnist", "task": "classes"}')
    write_run(tmp_path / "unfinished")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").touch()
    monkeypatch.chdir(tmp_path)
    found = run("similarity", *arguments)
    assert found.code == 2 and message in found.err and "Traceback" not in found.err


def test_without_matplotlib_there_are_no_pictures_and_all_the_rest(
    runs: Path, run, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    arguments = ["similarity", runs / "a", runs / "b", "--samples", "8"]
    found = run(*arguments, "-o", tmp_path / "out")
    assert found.code == 2 and "keras-model-factory[plots]" in found.err and not (tmp_path / "out").exists()
    assert run(*arguments).code == 0
