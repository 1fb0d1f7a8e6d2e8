"""What models say about image files, by the kind of their outputs, many at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

import factory
from factory.errors import FactoryError
from factory.models import predict as module
from factory.models.build import build
from factory.models.compare import perturb
from factory.models.masks import palette, shares
from factory.models.predict import predict
from factory.models.predictions import as_table, write_csv
from factory.models.save import save
from factory.spec.render import render

NAMES = ("cat", 'a "dog", say', "fish")
HEADS: dict[str, dict[str, Any]] = {
    "classes": {"block": "classifier"},
    "labels": {"block": "classifier", "activation": "sigmoid"},
    "values": {"block": "classifier", "activation": "linear"},
    "pixels": {"block": "conv", "filters": "$classes", "kernel": 1, "norm": "none", "activation": "softmax"},
    "positive": {"block": "classifier", "activation": "relu"},
    "backbone": {"block": "conv", "filters": 3, "kernel": 1},
    "pooled": {"block": "global_avg_pool"},
    "logits map": {"block": "conv", "filters": "$classes", "kernel": 1, "norm": "none", "activation": "sigmoid"},
}


Written = Callable[..., tuple[Path, keras.Model]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Gives a small network in a .keras file and as a SavedModel beside it: each is made once."""

    @cache
    def write(head: str, resolution: Any = 8, labels: tuple[str, ...] = NAMES) -> tuple[Path, keras.Model]:
        spec = factory.load(
            {
                "name": "net",
                "input": {"resolution": resolution, "preprocess": "unit"},
                "classes": 3,
                "stages": {"stem": {"block": "conv", "filters": 6, "kernel": 3, "stride": 2}, "head": HEADS[head]},
            }
        )
        model = build(spec, seed=0)
        perturb(model)
        folder = tmp_path_factory.mktemp("written")
        [path, _] = save(model, folder, "net", ["keras", "saved_model"], render(spec), list(labels))
        return path, model

    return write


def pictures(folder: Path, count: int, size: tuple[int, int] = (8, 8)) -> tuple[list[Path], np.ndarray]:
    """Image files, and their pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    files = [folder / f"{number:03}.png" for number in range(count)]
    for file, image in zip(files, pixels, strict=True):
        Image.fromarray(image).save(file)
    return files, pixels.astype("float32")


@pytest.mark.parametrize("format", ["net.keras", "net"])
def test_classes_are_the_most_probable_ones(format: str, tmp_path: Path, written: Written):
    path, model = written("classes")
    files, pixels = pictures(tmp_path / "images", 5)
    found = predict(path.with_name(format), files, top=2)
    for entry, file, row in zip(found, files, np.asarray(model(pixels)), strict=True):
        assert entry["image"] == str(file) and list(entry) == ["image", "classes"]
        best, second = np.argsort(-row)[:2]
        assert [one["class"] for one in entry["classes"]] == [best, second]
        assert [one["label"] for one in entry["classes"]] == [NAMES[best], NAMES[second]]
        assert [one["probability"] for one in entry["classes"]] == pytest.approx([row[best], row[second]], rel=1e-4)


@pytest.mark.parametrize("format", ["net.keras", "net"])
def test_all_labels_have_their_probability(format: str, tmp_path: Path, written: Written):
    path, model = written("labels")
    files, pixels = pictures(tmp_path / "images", 3)
    for entry, row in zip(predict(path.with_name(format), files, top=1), np.asarray(model(pixels)), strict=True):
        assert [one["label"] for one in entry["labels"]] == [*NAMES]
        assert [one["probability"] for one in entry["labels"]] == pytest.approx(row.tolist(), rel=1e-4)


@pytest.mark.parametrize("format", ["net.keras", "net"])
@pytest.mark.parametrize("head", ["values", "positive"])
def test_numbers_have_their_names(format: str, head: str, tmp_path: Path, written: Written):
    path, model = written(head)
    files, pixels = pictures(tmp_path / "images", 3)
    for entry, row in zip(predict(path.with_name(format), files), np.asarray(model(pixels)), strict=True):
        assert [one["name"] for one in entry["values"]] == [*NAMES]
        assert [one["value"] for one in entry["values"]] == pytest.approx(row.tolist(), rel=1e-4)


@pytest.mark.parametrize("format", ["net.keras", "net"])
def test_masks_have_the_class_of_every_pixel_in_the_images_size(format: str, tmp_path: Path, written: Written):
    path, model = written("pixels", resolution=16)
    files, pixels = pictures(tmp_path / "images/deep", 3, (16, 16))
    found = predict(path.with_name(format), [tmp_path / "images"], masks=tmp_path / "masks")
    chances = keras.ops.image.resize(model(pixels), (16, 16))
    for entry, file, row in zip(found, files, np.asarray(chances), strict=True):
        assert entry["mask"] == str(tmp_path / "masks/deep" / file.name)
        with Image.open(entry["mask"]) as mask:
            assert mask.mode == "P" and mask.getpalette() == palette()
            classes = np.asarray(mask)
        np.testing.assert_array_equal(classes, row.argmax(axis=-1))
        counts = np.bincount(classes.ravel(), minlength=3) / classes.size
        assert [one["share"] for one in entry["pixels"]] == sorted(counts, reverse=True)
        assert {one["label"]: one["share"] for one in entry["pixels"]} == dict(zip(NAMES, counts, strict=True))


def test_masks_of_images_of_another_size_are_brought_back(tmp_path: Path, written: Written):
    path, _ = written("pixels")
    [file], _ = pictures(tmp_path / "images", 1, (10, 30))
    for resize in ("stretch", "crop", "pad"):
        [entry] = predict(path, [file], masks=tmp_path / resize, resize=resize)
        with Image.open(entry["mask"]) as mask:
            classes = np.asarray(mask)
        assert classes.shape == (10, 30)
        assert (classes == 255).sum() == (10 * 20 if resize == "crop" else 0)
        assert sum(one["share"] for one in entry["pixels"]) == pytest.approx(1)


def test_without_a_folder_there_are_shares_and_no_masks(tmp_path: Path, written: Written):
    path, _ = written("pixels")
    files, _ = pictures(tmp_path / "images", 2)
    assert [entry["mask"] for entry in predict(path, files)] == [None, None]
    assert len(list(tmp_path.rglob("*.png"))) == 2


def test_masks_never_replace_each_other_or_an_image(tmp_path: Path, written: Written):
    path, _ = written("pixels")
    files, _ = pictures(tmp_path / "images", 1)
    Image.open(files[0]).save(tmp_path / "images/000.jpg")
    with pytest.raises(FactoryError, match=r"000.jpg and .*000.png would have the same mask, .*out/000.png"):
        predict(path, [tmp_path / "images"], masks=tmp_path / "out")
    with pytest.raises(FactoryError, match=r"000.png: the mask would replace an image"):
        predict(path, files, masks=tmp_path / "images")


def test_masks_are_of_pixels_only(tmp_path: Path, written: Written):
    path, _ = written("classes")
    files, _ = pictures(tmp_path / "images", 1)
    with pytest.raises(
        FactoryError, match=r"only networks that predict every pixel give masks, this one gives classes"
    ):
        predict(path, files, masks=tmp_path / "out")
    path, _ = written("pixels")
    with pytest.raises(FactoryError, match="leave scale at 1"):
        predict(path, files, scale=1.5)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("backbone", "expected probabilities of classes, its output is 4x4x3: is it a backbone?"),
        ("logits map", "expected probabilities of classes, its output is 4x4x3: is it a backbone?"),
        ("pooled", "its outputs are no probabilities of classes, they sum to"),
    ],
)
def test_other_outputs_are_refused(head: str, message: str, tmp_path: Path, written: Written):
    path, _ = written(head)
    files, _ = pictures(tmp_path / "images", 1)
    with pytest.raises(FactoryError) as caught:
        predict(path, files)
    assert message in str(caught.value)


def test_many_images_go_through_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Written):
    path, model = written("classes")
    files, pixels = pictures(tmp_path / "images", 70)
    batches = []

    def load(given: Path) -> Any:
        loaded = real(given)
        run = loaded.run
        object.__setattr__(loaded, "run", lambda images: batches.append(len(images)) or run(images))
        return loaded

    real = module.load
    monkeypatch.setattr(module, "load", load)
    found = predict(path, [tmp_path / "images"])
    assert batches == [32, 32, 6]
    assert [entry["image"] for entry in found] == [str(file) for file in files]
    assert [entry["classes"][0]["class"] for entry in found] == np.argmax(model(pixels), axis=1).tolist()


def test_a_network_for_any_size_sees_every_image_in_its_own(tmp_path: Path, written: Written):
    path, model = written("classes", resolution="any")
    images = [pictures(tmp_path / str(size), 1, (size, size + 2)) for size in (9, 12)]
    found = predict(path, [files[0] for files, _ in images])
    for entry, (_, pixels) in zip(found, images, strict=True):
        row = np.asarray(model(pixels))[0]
        assert entry["classes"][0]["probability"] == pytest.approx(row.max(), rel=1e-4)


def test_a_damaged_image_is_left_out_where_somebody_hears_of_it(tmp_path: Path, written: Written):
    path, _ = written("classes")
    files, _ = pictures(tmp_path / "images", 3, (40, 40))
    files[1].write_bytes(files[1].read_bytes()[:2000])
    heard: list[str] = []
    found = predict(path, files, damaged=heard.append)
    assert [entry["image"] for entry in found] == [str(files[0]), str(files[2])]
    assert len(heard) == 1 and heard[0].startswith(f"{files[1]}: cannot be read as an image: ")
    with pytest.raises(FactoryError, match=r"001.png: cannot be read as an image"):
        predict(path, files)
    assert predict(path, files[1:2], damaged=heard.append) == []


def test_names_come_from_a_file_or_else_are_numbers(tmp_path: Path, written: Written):
    path, _ = written("classes", labels=("of", "another", "head", "of", "five"))
    files, _ = pictures(tmp_path / "images", 1)
    assert {one["label"] for one in predict(path, files)[0]["classes"]} == {"0", "1", "2"}
    (tmp_path / "names.txt").write_text("x\ny\nz\n")
    assert {one["label"] for one in predict(path, files, labels=tmp_path / "names.txt")[0]["classes"]} == set("xyz")


def test_the_palette_is_that_of_pascal_voc():
    colours = np.array(palette()).reshape(256, 3).tolist()
    known = {0: [0, 0, 0], 1: [128, 0, 0], 2: [0, 128, 0], 15: [192, 128, 128], 20: [0, 64, 128], 255: [224, 224, 192]}
    assert {number: colours[number] for number in known} == known
    assert len(set(map(tuple, colours))) == 256


def test_shares_leave_out_what_the_network_has_not_seen():
    assert shares(np.array([[0, 0, 2, 255], [2, 2, 255, 255]], "uint8"), 3).tolist() == [0.4, 0, 0.6]


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("classes", ["image", "label", "probability", "label_2", "probability_2"]),
        ("labels", ["image", *NAMES]),
        ("values", ["image", *NAMES]),
        ("pixels", ["image", "mask", "label", "share", "label_2", "share_2"]),
    ],
)
def test_csv_has_a_row_an_image_whatever_the_names(head: str, columns: list[str], tmp_path: Path, written: Written):
    path, _ = written(head)
    folder = tmp_path / 'a, "b"'
    pictures(folder, 3)
    found = predict(path, [folder], top=2)
    write_csv(tmp_path / "out/found.csv", found)
    with open(tmp_path / "out/found.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == columns
    for row, entry in zip(rows, found, strict=True):
        assert row["image"] == entry["image"]
        if head == "classes":
            best, second = entry["classes"]
            assert (row["label"], row["label_2"]) == (best["label"], second["label"])
            assert float(row["probability_2"]) == second["probability"]
        elif head == "pixels":
            assert (row["label"], float(row["share"])) == tuple(list(entry["pixels"][0].values())[1:])
            assert row["mask"] == ""
        else:
            key = "probability" if head == "labels" else "value"
            assert [float(row[name]) for name in NAMES] == [one[key] for one in entry[head]]


def test_a_table_of_nothing_has_a_head():
    assert as_table([]) == (["image"], [])


def test_a_csv_file_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FactoryError, match=r"file/found.csv: cannot be written"):
        write_csv(tmp_path / "file/found.csv", [])
