"""Trained networks on data: which samples, which views, whose classes; ensembles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from finished_runs import DIGITS, finished_run
from PIL import Image
from sklearn.metrics import accuracy_score, jaccard_score, log_loss, recall_score

from factory.errors import FactoryError
from factory.models.images import read_image
from factory.models.predict import predict
from factory.models.save import save
from factory.train.assess import Assessment, assess
from factory.train.data.arrays import array_dataset, open_arrays
from factory.train.data.dataset import Dataset
from factory.train.data.pipeline import evaluation_batches
from factory.train.data.sources import open_data
from factory.train.data.splits import split
from factory.train.recipe.sections import Data, Evaluation
from factory.train.subjects import find_subjects

Run = tuple[Path, keras.Model]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("runs")
    return [finished_run(folder / name, seed) for seed, name in enumerate("abc")]


def assessed(paths: Sequence[Path], **options: Any) -> list[Assessment]:
    return assess(find_subjects(paths), **options)


def pixels(dataset: Dataset | None) -> tuple[np.ndarray, np.ndarray]:
    assert dataset is not None and dataset.arrays is not None
    images, targets = dataset.arrays
    return images.astype("float32"), targets


def measures(chances: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    chances = np.asarray(chances, "float64")
    chances /= chances.sum(axis=1, keepdims=True)
    return {
        "loss": log_loss(targets, chances, labels=range(chances.shape[1])),
        "accuracy": accuracy_score(targets, chances.argmax(axis=1)),
    }


def test_a_run_is_evaluated_on_the_test_part_of_its_data(runs: list[Run]):
    [found] = assessed([runs[0][0]])
    images, targets = pixels(open_data("digits").test)
    assert (found.name, found.data, found.part, found.samples) == ("a", "digits", "test", len(images))
    assert found.measures == pytest.approx(measures(runs[0][1](images), targets), rel=1e-4)
    assert found.classes == [] and found.confused == []


@pytest.mark.parametrize("part", ["train", "validation"])
def test_other_parts_are_split_as_the_recipe_says(runs: list[Run], part: Any, tmp_path: Path):
    path, model = finished_run(tmp_path / "run", recipe={"seed": 3, "data": {"validation": 0.2}})
    [found] = assessed([path], part=part)
    train, validation = split(open_data("digits"), Data(validation=0.2), 3)
    images, targets = pixels(train if part == "train" else validation)
    assert (found.part, found.samples) == (part, len(images))
    assert found.measures == pytest.approx(measures(model(images), targets), rel=1e-4)


def test_the_batch_size_changes_nothing(runs: list[Run]):
    a, b = (assessed([runs[0][0]], batch_size=size)[0].measures for size in (7, 100))
    assert a == pytest.approx(b, rel=1e-5)


def test_several_networks_are_evaluated_one_after_the_other(runs: list[Run]):
    found = assessed([path for path, _ in runs])
    assert [entry.name for entry in found] == ["a", "b", "c"]
    assert [entry.measures for entry in found] == [assessed([path])[0].measures for path, _ in runs]


def test_an_ensemble_is_the_mean_of_all_probabilities(runs: list[Run]):
    *each, together = assessed([path for path, _ in runs], ensemble=True, per_class=True)
    images, targets = pixels(open_data("digits").test)
    chances = np.mean([model(images) for _, model in runs], axis=0)
    assert (together.name, together.samples) == ("ensemble of 3", len(images))
    assert together.measures == pytest.approx(measures(chances, targets), rel=1e-4)
    assert [entry.measures for entry in each] == [entry.measures for entry in assessed([path for path, _ in runs])]
    recall = recall_score(targets, chances.argmax(axis=1), average=None)
    assert [row["accuracy"] for row in together.classes] == pytest.approx(recall)


def test_every_class_has_a_row(runs: list[Run]):
    [found] = assessed([runs[0][0]], per_class=True)
    images, targets = pixels(open_data("digits").test)
    said = np.argmax(runs[0][1](images), axis=1)
    assert [row["class"] for row in found.classes] == DIGITS
    assert [row["accuracy"] for row in found.classes] == pytest.approx(recall_score(targets, said, average=None))
    worst = found.confused[0]
    pair = (targets == int(worst["class"])) & (said == int(worst["taken_for"]))
    assert worst["count"] == pair.sum() > 0


def test_views_are_the_recipes_unless_given(runs: list[Run], tmp_path: Path):
    path, model = finished_run(tmp_path / "run", recipe={"evaluation": {"flip": True}})
    images, targets = pixels(open_data("digits").test)
    flipped = (np.asarray(model(images)) + np.asarray(model(images[:, :, ::-1]))) / 2
    assert assessed([path])[0].measures == pytest.approx(measures(flipped, targets), rel=1e-4)
    [plain] = assessed([path], views={"flip": False})
    assert plain.measures == pytest.approx(measures(model(images), targets), rel=1e-4)
    assert assessed([runs[0][0]], views={"flip": True}) != assessed([runs[0][0]])


def test_dense_takes_the_spec_from_the_model(tmp_path: Path):
    head = {
        "block": "sequence",
        "body": [{"block": "flatten"}, {"block": "dense", "units": 10, "activation": "softmax"}],
    }
    path, model = finished_run(tmp_path / "run", spec={"stages.head": head})
    images, targets = pixels(open_data("digits").test)
    assert assessed([path], views={"dense": True})[0].measures == pytest.approx(
        measures(model(images), targets), rel=1e-4
    )
    larger = assessed([path], views={"dense": True, "scale": 1.5})[0].measures
    assert larger["loss"] != pytest.approx(assessed([path], views={"scale": 1.5})[0].measures["loss"], rel=1e-3)


def test_data_without_parts_are_evaluated_whole(runs: list[Run], tmp_path: Path):
    images, targets = pixels(open_data("digits").test)
    np.savez(tmp_path / "some.npz", images=images.astype("uint8"), labels=targets, classes=DIGITS)
    [found] = assessed([runs[0][0]], data=str(tmp_path / "some.npz"))
    assert (found.part, found.samples) == ("all", len(images))
    assert found.measures == pytest.approx(measures(runs[0][1](images), targets), rel=1e-4)
    with pytest.raises(FactoryError, match=r"some.npz have no test part: take --part validation or train"):
        assessed([runs[0][0]], data=str(tmp_path / "some.npz"), part="test")


def test_what_a_run_learned_from_is_never_taken_for_new(tmp_path: Path):
    images, targets = pixels(open_data("digits").test)
    data = str(tmp_path / "some.npz")
    np.savez(data, images=images.astype("uint8"), labels=targets, classes=DIGITS)
    path, _ = finished_run(tmp_path / "run", data=data)
    for given in (None, data):
        [found] = assessed([path], data=given)
        assert found.part == "validation" and found.samples < len(images) / 2
    path, _ = finished_run(tmp_path / "other", data=data, recipe={"data": {"validation": 0.0}})
    with pytest.raises(FactoryError, match="have no validation part: take --part train"):
        assessed([path])


def test_a_model_without_a_run_needs_data(runs: list[Run]):
    file = runs[0][0] / "model.keras"
    with pytest.raises(FactoryError, match=r"model.keras: a .keras file does not say .*: give --data"):
        assessed([file])
    assert assessed([file], data="digits")[0].measures == assessed([runs[0][0]])[0].measures


def test_arrays_are_data_too(runs: list[Run]):
    images, targets = pixels(open_data("digits").test)
    [found] = assessed([runs[0][0]], data=array_dataset(images, targets, classes=DIGITS))
    assert (found.part, found.data) == ("all", "arrays")
    assert found.measures == pytest.approx(measures(runs[0][1](images), targets), rel=1e-4)


def test_classes_must_be_those_of_the_data(tmp_path: Path):
    path, model = finished_run(tmp_path / "run", classes=[*DIGITS[:9], "nine"])
    with pytest.raises(FactoryError, match="run has other classes than digits: number 9 is 'nine', not '9'"):
        assessed([path])
    save(model, tmp_path, "nameless", ["keras"])
    other = array_dataset(np.zeros((6, 8, 8)), [0, 1, 2] * 2)
    with pytest.raises(FactoryError, match="nameless has 10 outputs, arrays 3 classes"):
        assessed([tmp_path / "nameless.keras"], data=other)


def test_an_ensemble_needs_networks_that_see_the_same(runs: list[Run], tmp_path: Path):
    paths = [path for path, _ in runs]
    with pytest.raises(FactoryError, match="an ensemble has two networks at least"):
        assessed(paths[:1], ensemble=True)
    other, _ = finished_run(tmp_path / "other", recipe={"seed": 5})
    assert len(assessed([paths[0], other], ensemble=True)) == 3
    with pytest.raises(FactoryError, match="a and other would not see the same samples, validation of digits and"):
        assessed([paths[0], other], ensemble=True, part="validation")


def test_what_is_odd_about_the_data_is_said(runs: list[Run], tmp_path: Path):
    rng = np.random.default_rng(0)
    for digit in DIGITS:
        (tmp_path / "data" / digit).mkdir(parents=True)
        for number in range(12):
            noise = rng.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / "data" / digit / f"{number}.png")
    (tmp_path / "data/3/4.png").write_bytes(b"no image")
    said: list[str] = []
    [found] = assessed([runs[0][0]], data=str(tmp_path / "data"), say=said.append)
    assert found.samples == 119 and len(said) == 1 and "4.png" in said[0]


def test_a_network_for_any_size_takes_that_of_the_data(tmp_path: Path):
    path, model = finished_run(tmp_path / "run", spec={"input.resolution": "any"})
    images, targets = pixels(open_data("digits").test)
    assert assessed([path])[0].measures == pytest.approx(measures(model(images), targets), rel=1e-4)


def test_images_of_many_sizes_need_a_network_with_a_size(tmp_path: Path):
    path, _ = finished_run(tmp_path / "run", spec={"input.resolution": "any", "classes": 2}, classes=["0", "1"])
    for number, size in enumerate([(8, 8), (9, 8), (8, 9), (7, 7)]):
        folder = tmp_path / "data" / str(number % 2)
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", size).save(folder / f"{number}.png")
    with pytest.raises(
        FactoryError, match=r"run takes images of any size and those of .*data have many: build it with"
    ):
        assessed([path], data=str(tmp_path / "data"))


def test_the_pixels_of_masks_are_evaluated(tmp_path: Path):
    head = {"block": "conv", "filters": 3, "kernel": 1, "norm": "none", "activation": "softmax"}
    path, model = finished_run(
        tmp_path / "run", spec={"classes": 3, "stages.head": head}, classes=["0", "1", "2"], task="pixels"
    )
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (9, 8, 8, 1)).astype("uint8")
    masks = rng.integers(0, 3, (9, 2, 2)).repeat(4, axis=1).repeat(4, axis=2).astype("uint8")
    data = open_arrays("arrays", {"train": (images, masks)})
    [found] = assessed([path], data=data, per_class=True, views={"flip": True})
    given = images.astype("float32")
    chances = (np.asarray(model(given)) + np.asarray(model(given[:, :, ::-1]))[:, :, ::-1]) / 2
    said = tf.image.resize(chances, (8, 8)).numpy().argmax(axis=-1)
    assert found.measures["accuracy"] == pytest.approx(np.mean(said == masks), abs=1e-6)
    iou = jaccard_score(masks.ravel(), said.ravel(), average=None)
    assert [row["iou"] for row in found.classes] == pytest.approx(iou)
    with pytest.raises(FactoryError, match="this network predicts every pixel"):
        assessed([path], data=data, views={"crops": 5, "scale": 1.5})


@pytest.mark.parametrize(
    ("task", "end", "labels"),
    [
        ("labels", "sigmoid", np.random.default_rng(0).integers(0, 2, (20, 3)).astype("float32")),
        ("values", "linear", np.random.default_rng(0).normal(size=(20, 3)).astype("float32")),
    ],
)
def test_several_labels_and_numbers_are_evaluated(task: str, end: str, labels: np.ndarray, tmp_path: Path):
    spec = {"classes": 3, "stages.head.activation": end}
    _, model = finished_run(tmp_path / "run", spec=spec, classes=[], task=task)
    images = np.random.default_rng(1).integers(0, 256, (20, 8, 8, 1)).astype("uint8")
    data = open_arrays("arrays", {"train": (images, labels)})
    assert data.train.task == task
    save(model, tmp_path, "net", ["keras"])
    [found] = assessed([tmp_path / "net.keras"], data=data)
    outputs = np.asarray(model(images.astype("float32")))
    if task == "values":
        assert found.measures["mean_absolute_error"] == pytest.approx(np.abs(outputs - labels).mean(), rel=1e-4)
        with pytest.raises(FactoryError, match="numbers to predict, no classes"):
            assessed([tmp_path / "net.keras"], data=data, per_class=True)
    else:
        assert found.measures["exact_match"] == pytest.approx(((outputs > 0.5) == labels).all(axis=1).mean())


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("scale", [1.0, 1.25])
def test_prediction_sees_what_evaluation_sees(resize: Any, scale: float, tmp_path: Path):
    rng = np.random.default_rng(4)
    (tmp_path / "data/a").mkdir(parents=True)
    (tmp_path / "data/b").mkdir()
    for number, size in enumerate([(20, 31), (16, 16), (40, 23), (9, 12)]):
        smooth = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        smooth.save(tmp_path / "data" / "ab"[number % 2] / f"{number}.png")
    dataset = open_data(str(tmp_path / "data")).train
    evaluation = Evaluation(scale=scale)
    batches = evaluation_batches(dataset, batch_size=4, resolution=(12, 16), resize=resize, evaluation=evaluation)
    [(images, _, _)] = batches
    height, width = images.shape[1:3]
    top, left = (height - 12) // 2, (width - 16) // 2
    middle = np.asarray(images)[:, top : top + 12, left : left + 16]
    files = sorted((tmp_path / "data").rglob("*.png"))
    seen = [read_image(file, (12, 16, 3), resize, scale) for file in files]
    assert np.abs(np.array(seen) - middle).max() <= 2  # Pillow and TensorFlow round differently
    assert np.ptp(middle) > 50


def test_predictions_of_a_run_are_its_evaluations(runs: list[Run], tmp_path: Path):
    images, _ = pixels(open_data("digits").test)
    for number in range(40):
        Image.fromarray(images[number, :, :, 0].astype("uint8")).save(tmp_path / f"{number:03}.png")
    found = predict(runs[0][0] / "model.keras", [tmp_path], top=1)
    said = [entry["classes"][0]["class"] for entry in found]
    assert said == np.argmax(runs[0][1](images[:40]), axis=1).tolist()
