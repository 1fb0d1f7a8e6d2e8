"""What a dataset gives: samples in graph, subsets, channels, fingerprints, and errors with the names of files."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from data_files import pixels, write, write_classes, write_mask

from factory.errors import FactoryError
from factory.train.data.arrays import array_dataset
from factory.train.data.dataset import Dataset, Parts, fingerprint
from factory.train.data.sources import open_data

IMAGES = np.arange(5 * 3 * 2 * 1, dtype="uint8").reshape(5, 3, 2, 1)


def read_all(dataset: Dataset) -> tuple[list[np.ndarray], list[np.ndarray]]:
    pairs = list(tf.data.Dataset.range(dataset.size).map(dataset.read, num_parallel_calls=2).as_numpy_iterator())
    return [image for image, _ in pairs], [target for _, target in pairs]


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        (np.array([0, 1, 2, 1, 0]), "int32"),
        (np.array([[1, 1], [0, 0], [1, 0], [0, 1], [1, 1]]), "float32"),
        (np.array([0.5, 1.5, 2.5, 3.5, 4.5]), "float32"),
        (np.arange(30).reshape(5, 3, 2) % 4, "int32"),
    ],
)
def test_samples_and_batches_are_what_the_arrays_hold(labels, dtype):
    dataset = array_dataset(IMAGES, labels)
    images, targets = read_all(dataset)
    expected = labels[:, None] if labels.dtype == float else labels
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(targets, expected)
    assert targets[0].dtype == dtype
    batch = next(iter(tf.data.Dataset.from_tensors(tf.constant([3, 0, 3], tf.int64)).map(dataset.read_batch)))
    np.testing.assert_array_equal(batch[0], IMAGES[[3, 0, 3]])
    np.testing.assert_array_equal(batch[1], expected[[3, 0, 3]])
    np.testing.assert_array_equal(dataset.arrays[1], expected)


def test_a_subset_has_the_samples_in_the_order_asked_for():
    dataset = array_dataset(IMAGES, np.array([0, 1, 2, 1, 0])).subset(np.array([4, 2, 2]))
    images, targets = read_all(dataset)
    np.testing.assert_array_equal(images, IMAGES[[4, 2, 2]])
    assert targets == [0, 2, 2] and dataset.size == 3


def test_masks_follow_their_images(tmp_path):
    for number in range(3):
        write(tmp_path / "images" / f"{number}.png", number)
        write_mask(tmp_path / "masks" / f"{number}.png", np.full((6, 5), number))
    dataset = open_data(tmp_path).train.subset(np.array([2, 0]))
    images, masks = read_all(dataset)
    np.testing.assert_array_equal(images, [pixels(2), pixels(0)])
    np.testing.assert_array_equal(masks, [np.full((6, 5), 2), np.zeros((6, 5))])
    assert masks[0].dtype == np.int32 and dataset.arrays is None


def test_files_are_no_batches(tmp_path):
    dataset = open_data(write_classes(tmp_path, {"ant": 1, "bee": 1})).train
    with pytest.raises(ValueError, match="not in memory"):
        dataset.read_batch(tf.constant([0], tf.int64))


def test_channels_change_in_all_parts():
    dataset = array_dataset(IMAGES, np.array([0, 1, 2, 1, 0]))
    parts = Parts(dataset, test=dataset, notes=["note"]).with_channels(3)
    np.testing.assert_array_equal(parts.test.arrays[0], np.repeat(IMAGES, 3, axis=-1))
    assert parts.train.channels == 3 and parts.validation is None and parts.notes == ["note"]
    assert dataset.with_channels(1) is dataset
    with pytest.raises(FactoryError, match="1, 3 or 4 channels, 2 were asked for"):
        parts.with_channels(2)


def test_memory_is_that_of_the_arrays():
    classes = array_dataset(IMAGES, np.array([0, 1, 2, 1, 0])).with_channels(3)
    assert classes.decoded_bytes((3, 2)) == classes.arrays[0].nbytes + classes.targets.nbytes
    masks = array_dataset(IMAGES, IMAGES[..., 0] % 2)
    assert masks.decoded_bytes((6, 4)) == 4 * (IMAGES.nbytes + IMAGES.nbytes)  # a byte a pixel of the mask, too


def test_fingerprints_tell_data_and_subsets_apart():
    dataset = array_dataset(IMAGES, np.array([0, 1, 2, 1, 0]))
    others = [
        array_dataset(IMAGES + 1, np.array([0, 1, 2, 1, 0])),
        array_dataset(IMAGES, np.array([0, 1, 2, 2, 0])),
        array_dataset(IMAGES.reshape(5, 2, 3), np.array([0, 1, 2, 1, 0])),
        array_dataset(IMAGES, np.array([0, 1, 2, 1, 0]), classes=["a", "b", "c"]),
        dataset.subset(np.array([0, 1])),
        dataset.subset(np.array([1, 0])),
    ]
    assert len({dataset.fingerprint, *(other.fingerprint for other in others)}) == 7
    assert dataset.fingerprint == array_dataset(IMAGES.copy(), [0, 1, 2, 1, 0], name="other").fingerprint
    assert fingerprint("a", "b") != fingerprint("ab")


def test_fingerprints_of_files_tell_changes_but_not_where_they_lie(tmp_path):
    root = write_classes(tmp_path / "a", {"ant": 2, "bee": 2})
    before = open_data(root).train.fingerprint
    root = root.rename(tmp_path / "b")
    assert open_data(root).train.fingerprint == before
    write(root / "ant" / "000.png", 9)
    assert open_data(root).train.fingerprint != before


def test_an_image_that_breaks_while_it_is_read_is_named(tmp_path):
    dataset = open_data(write_classes(tmp_path, {"ant": 2, "bee": 2})).train
    (tmp_path / "bee" / "002.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(FactoryError, match=r"1 of 4 images cannot be read(?s:.*)bee/002\.png: "), dataset.reading():
        read_all(dataset)
    (tmp_path / "bee" / "002.png").unlink()
    with pytest.raises(FactoryError, match=r"bee/002\.png: No such file or directory"), dataset.reading():
        read_all(dataset)


def test_a_mask_that_breaks_while_it_is_read_is_named(tmp_path):
    for number in range(2):
        write(tmp_path / "images" / f"{number}.png", number)
        write_mask(tmp_path / "masks" / f"{number}.png", np.full((6, 5), number), mode="P")
    dataset = open_data(tmp_path).train
    write(tmp_path / "masks" / "1.png")
    with pytest.raises(FactoryError, match=r"masks/1\.png: a mask in RGB pixels"), dataset.reading():
        read_all(dataset)


def test_an_error_that_no_image_explains_is_left_alone(tmp_path):
    dataset = open_data(write_classes(tmp_path, {"ant": 2, "bee": 2})).train
    with pytest.raises(tf.errors.InvalidArgumentError, match="not ours"), dataset.reading():
        tf.debugging.assert_equal(1, 2, "not ours")
    with pytest.raises(KeyError), dataset.reading():
        raise KeyError
