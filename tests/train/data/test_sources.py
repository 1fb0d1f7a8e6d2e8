"""`open_data`: everything that a user may name as data."""

from __future__ import annotations

import numpy as np
import pytest
from data_files import example, pixels, write_classes, write_records

from factory.errors import FactoryError
from factory.train.data.arrays import array_dataset
from factory.train.data.dataset import Parts
from factory.train.data.sources import open_data

IMAGES = np.arange(4 * 3 * 2 * 3, dtype="uint8").reshape(4, 3, 2, 3)
LABELS = np.array([0, 1, 1, 0])


@pytest.mark.parametrize("pair", [(IMAGES, LABELS), [IMAGES.tolist(), LABELS.tolist()]])
def test_a_pair_of_arrays(pair):
    parts = open_data(pair, channels=1)
    assert (parts.train.size, parts.train.channels, parts.train.name) == (4, 1, "arrays")


def test_datasets_and_parts_are_taken_as_they_are():
    dataset = array_dataset(IMAGES, LABELS)
    assert open_data(dataset).train is dataset
    parts = Parts(dataset, test=dataset)
    assert open_data(parts) is parts
    converted = open_data(parts, channels=1)
    assert converted.train.channels == converted.test.channels == 1


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_paths_are_told_by_what_they_are(tmp_path, kind):
    write_classes(tmp_path / "folder", {"ant": 1, "bee": 2})
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    png = (tmp_path / "folder" / "ant" / "000.png").read_bytes()
    write_records(tmp_path / "a.tfrecord-00000-of-00001", [example(image=png, label=n) for n in range(2)])
    assert open_data(kind(tmp_path / "folder")).train.size == 3
    assert open_data(kind(tmp_path / "a.npz")).train.size == 4
    assert open_data(kind(tmp_path / "a.tfrecord-00000-of-00001")).train.size == 2
    assert open_data(kind(tmp_path / "*.tfrecord*")).train.size == 2
    assert open_data(str(tmp_path / "a.npz"), channels=1).train.channels == 1


def test_the_share_of_unreadable_files_is_passed_on(tmp_path):
    write_classes(tmp_path, {"ant": 2, "bee": 2})
    (tmp_path / "ant" / "000.png").write_text("")
    assert open_data(tmp_path, corrupt=0.25).train.size == 3
    with pytest.raises(FactoryError, match="1 of 4 images"):
        open_data(tmp_path)


def test_a_folder_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_classes(tmp_path / "pets", {"ant": 1, "bee": 1})
    assert open_data("~/pets").train.size == 2


def test_digits_are_known_by_name():
    assert open_data("digits", channels=3).train.channels == 3


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("digit", "digit: no such data; did you mean 'digits'"),
        ("kears:cifar10", "no such data; did you mean 'keras:cifar10'"),
        ("none/at/all", "none/at/all: no such data; .*expected digits, keras:NAME"),
        ("none-*.tfrecord", "no such TFRecord files"),
        ("none.tfrecord", r"none\.tfrecord: no such TFRecord files"),
        (3, "expected digits, .* received int"),
        (("a", "b"), "received tuple"),
        ((IMAGES, LABELS, LABELS), "received tuple"),
    ],
)
def test_what_is_no_data_is_told(what, message):
    with pytest.raises(FactoryError, match=message):
        open_data(what)


def test_a_file_of_another_kind_is_told(tmp_path):
    (tmp_path / "data.csv").write_text("")
    with pytest.raises(FactoryError, match=r"data\.csv: no data to learn from; expected digits"):
        open_data(tmp_path / "data.csv")


def test_pixels_are_those_of_the_files(tmp_path):
    train = open_data(write_classes(tmp_path, {"ant": 1, "bee": 1})).train
    np.testing.assert_array_equal(train.read(np.int64(1))[0], pixels(1))
