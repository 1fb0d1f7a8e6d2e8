"""Data of tensorflow-datasets: a small one that is made here, and what can be wrong."""

from __future__ import annotations

import functools
import sys

import numpy as np
import pytest
import tensorflow as tf
from data_files import pixels

from factory.errors import FactoryError
from factory.train.data.sources import open_data

tfds = pytest.importorskip("tensorflow_datasets")


class HouseInsects(tfds.core.GeneratorBasedBuilder):
    """Six images of two classes."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict(
            {
                "picture": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
                "kind": tfds.features.ClassLabel(names=["bee", "ant"]),
            }
        )
        return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=("picture", "kind"))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(range(4)), "test": self._generate_examples(range(4, 6))}

    def _generate_examples(self, numbers):
        for number in numbers:
            yield number, {"picture": pixels(number), "kind": ["ant", "bee"][number % 2]}


class HouseTexts(tfds.core.GeneratorBasedBuilder):
    """No images."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict({"text": tfds.features.Text()}))

    def _split_generators(self, dl_manager):
        return {}

    def _generate_examples(self):
        yield from ()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds, "builder", functools.partial(tfds.builder, data_dir=tmp_path))
    return tmp_path


def test_data_are_made_once_and_read_in_any_order(folder):
    parts = open_data("tfds:house_insects")
    train, test = parts.train, parts.test
    assert (train.name, train.task, train.classes) == ("tfds:house_insects", "classes", ("bee", "ant"))
    assert (train.size, test.size, train.shape, train.channels) == (4, 2, (6, 5), 3)
    for dataset, numbers in ((train, range(4)), (test, range(4, 6))):
        read = [dataset.read(tf.constant(index, tf.int64)) for index in range(dataset.size)]
        found = {image.numpy().tobytes(): int(target) for image, target in read}
        assert found == {pixels(number).tobytes(): 1 - number % 2 for number in numbers}
    before = sorted(folder.rglob("*.tfrecord*"))
    assert before and open_data("tfds:house_insects:1.0.0", channels=1).train.channels == 1
    assert sorted(folder.rglob("*.tfrecord*")) == before
    assert np.bincount(train.targets).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("house_insect", "tfds:house_insect: tensorflow-datasets has no such data; did you mean 'house_insects'"),
        ("house_texts", "expected features 'image' and 'label', no 'image' in text"),
        ("house_insects:9.9.9", "tfds:house_insects:9.9.9: "),
        ("no good name", "tfds:no good name: "),
    ],
)
def test_what_cannot_be_learnt_from_is_told(folder, name, message):
    with pytest.raises(FactoryError, match=message):
        open_data(f"tfds:{name}")


def test_what_cannot_be_fetched_is_told(folder, monkeypatch):
    def fail(*_):
        raise OSError("no route to host")

    monkeypatch.setattr(HouseInsects, "_split_generators", fail)
    with pytest.raises(FactoryError, match="tfds:house_insects: cannot be fetched or made: no route to host"):
        open_data("tfds:house_insects")


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(
        FactoryError, match=r"needs the extra 'datasets': pip install 'keras-model-factory\[datasets\]'"
    ):
        open_data("tfds:mnist")
