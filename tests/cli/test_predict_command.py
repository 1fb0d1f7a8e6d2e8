"""`factory predict` as a command: runs, folders, CSV, masks, damaged images."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from finished_runs import finished_run
from PIL import Image


def pictures(folder: Path, count: int, size: tuple[int, int] = (8, 8)) -> tuple[list[Path], np.ndarray]:
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (count, *size), dtype=np.uint8)
    files = [folder / f"{number}.png" for number in range(count)]
    for file, image in zip(files, pixels, strict=True):
        Image.fromarray(image).save(file)
    return files, pixels[..., None].astype("float32")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keras.Model]:
    return finished_run(tmp_path_factory.mktemp("runs") / "a")


def test_a_run_predicts_with_its_network(trained: tuple[Path, keras.Model], tmp_path: Path, run):
    path, model = trained
    files, pixels = pictures(tmp_path / "images", 3)
    result = run("predict", path, tmp_path / "images", "--json")
    assert result.code == 0
    found = json.loads(result.out)
    assert [entry["image"] for entry in found] == [str(file) for file in files]
    assert [entry["classes"][0]["class"] for entry in found] == np.argmax(model(pixels), axis=1).tolist()
    assert found == json.loads(run("predict", path / "model.keras", *files, "--json").out)


def test_a_run_that_is_not_finished_is_told(tmp_path: Path, run):
    path, _ = finished_run(tmp_path / "run")
    (path / "model.keras").unlink()
    files, _ = pictures(tmp_path / "images", 1)
    assert "it has no model.keras yet" in run("predict", path, *files).err


def test_images_come_to_the_networks_size_as_in_the_run(tmp_path: Path, run):
    recipe = {"data": {"resize": "crop"}, "evaluation": {"scale": 1.25}}
    path, model = finished_run(tmp_path / "run", recipe=recipe)
    [file], _ = pictures(tmp_path / "images", 1, (10, 31))
    chances = {}
    for given in ([], ["--resize", "crop"], ["--resize", "pad"]):
        [entry] = json.loads(run("predict", path, file, "--json", "--top", "10", *given).out)
        chances[" ".join(given)] = {one["class"]: one["probability"] for one in entry["classes"]}
    with Image.open(file) as image:
        middle = np.asarray(image, "float32")[None, 1:9, 11:19, None]  # 8 x 8 of the 10 x 10 in the middle
    expected = dict(enumerate(np.asarray(model(middle))[0].tolist()))
    assert chances[""] == chances["--resize crop"] == pytest.approx(expected, rel=1e-4)
    assert chances["--resize pad"] != pytest.approx(expected, rel=1e-4)
    [stretched] = json.loads(run("predict", path / "model.keras", file, "--json", "--top", "10").out)
    with Image.open(file) as image:
        whole = np.asarray(image.resize((8, 8), Image.Resampling.BILINEAR), "float32")[None, ..., None]
    assert {one["class"]: one["probability"] for one in stretched["classes"]} == pytest.approx(
        dict(enumerate(np.asarray(model(whole))[0].tolist())), rel=1e-4
    )


def test_csv_is_written_in_place_of_the_table(trained: tuple[Path, keras.Model], tmp_path: Path, run):
    files, _ = pictures(tmp_path / "images", 2)
    out = tmp_path / "found.csv"
    result = run("predict", trained[0], *files, "--csv", out, "--top", "1")
    assert result.out == f"wrote {out} (2 images)\n"
    with open(out, newline="") as file:
        rows = list(csv.reader(file))
    found = json.loads(run("predict", trained[0], *files, "--csv", out, "--top", "1", "--json").out)
    assert rows[0] == ["image", "label", "probability"]
    for row, entry in zip(rows[1:], found, strict=True):
        [best] = entry["classes"]
        assert row == [entry["image"], best["label"], str(best["probability"])]


def test_damaged_images_are_named_at_the_end_and_the_others_predicted(
    trained: tuple[Path, keras.Model], tmp_path: Path, run
):
    files, _ = pictures(tmp_path / "images", 3, (40, 40))
    files[1].write_bytes(files[1].read_bytes()[:900])
    (tmp_path / "images/none.jpg").write_text("no image")
    result = run("predict", trained[0], tmp_path / "images", "--top", "1")
    assert result.code == 2
    assert [line.split()[0] for line in result.out.splitlines()] == ["image", str(files[0]), str(files[2])]
    first, second, last = result.err.splitlines()
    assert first.startswith(f"{files[1]}: cannot be read as an image: ")
    assert second == f"{tmp_path}/images/none.jpg: cannot be read as an image: it is in no known image format"
    assert last == "2 of 4 images were left out"


def test_nothing_but_damaged_images_prints_nothing(trained: tuple[Path, keras.Model], tmp_path: Path, run):
    [file], _ = pictures(tmp_path / "images", 1, (40, 40))
    file.write_bytes(file.read_bytes()[:900])
    result = run("predict", trained[0], file)
    assert result.code == 2 and result.out == "" and result.err.endswith("1 of 1 images were left out\n")


def heads(**head: Any) -> dict[str, Any]:
    return {"classes": 3, "stages.head": head}


def test_labels_are_those_more_probable_than_not(tmp_path: Path, run):
    spec = heads(block="classifier", activation="sigmoid")
    path, model = finished_run(tmp_path / "run", spec=spec, classes=["x", "y", "z"], task="labels")
    files, pixels = pictures(tmp_path / "images", 12)
    lines = run("predict", path, *files).out.splitlines()
    assert lines[0].split() == ["image", "label", "probability"]
    given: dict[str, list[str]] = {}
    for line in lines[1:]:
        image, label, _ = line.split()
        given.setdefault(image, []).append(label)
    chances = np.asarray(model(pixels))
    expected = [[name for name, chance in zip("xyz", row, strict=True) if chance > 0.5] or ["-"] for row in chances]
    assert list(given.values()) == expected
    assert len({len(labels) for labels in expected}) > 1


def test_numbers_have_a_column_each(tmp_path: Path, run):
    spec = heads(block="classifier", activation="linear")
    path, model = finished_run(tmp_path / "run", spec=spec, classes=["x", "y", "z"], task="values")
    files, pixels = pictures(tmp_path / "images", 2)
    head, *lines = run("predict", path, *files).out.splitlines()
    assert head.split() == ["image", "x", "y", "z"]
    for line, row in zip(lines, np.asarray(model(pixels)), strict=True):
        assert list(map(float, line.split()[1:])) == pytest.approx(row.tolist(), rel=1e-4)


def test_masks_go_into_a_folder(tmp_path: Path, run):
    spec = heads(block="conv", filters=3, kernel=1, norm="none", activation="softmax")
    path, _ = finished_run(tmp_path / "run", spec=spec, classes=["x", "y", "z"], task="pixels")
    files, _ = pictures(tmp_path / "images", 1, (12, 9))
    head, *lines = run("predict", path, *files, "-o", tmp_path / "masks").out.splitlines()
    assert head.split() == ["image", "class", "share", "mask"]
    assert {line.split()[1] for line in lines} <= set("xyz")
    assert {line.split()[3] for line in lines} == {str(tmp_path / "masks/0.png")}
    with Image.open(tmp_path / "masks/0.png") as mask:
        assert mask.size == (9, 12)
    assert sum(float(line.split()[2].rstrip("%")) for line in lines) == pytest.approx(100, abs=0.1)


def test_masks_of_other_networks_are_refused(trained: tuple[Path, keras.Model], tmp_path: Path, run):
    files, _ = pictures(tmp_path / "images", 1)
    result = run("predict", trained[0], *files, "-o", tmp_path / "masks")
    assert result.code == 2 and "only networks that predict every pixel give masks" in result.err
