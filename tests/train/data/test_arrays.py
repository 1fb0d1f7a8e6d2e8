"""Arrays from Python and in .npz files."""

from __future__ import annotations

import numpy as np
import pytest

from factory.errors import FactoryError
from factory.train.data.arrays import array_dataset, open_arrays, open_npz

IMAGES = np.arange(0, 4 * 3 * 2 * 3 * 3, 3, "uint8").reshape(4, 3, 2, 3)
LABELS = np.array([0, 1, 2, 1])


def test_images_and_labels_are_a_dataset():
    dataset = array_dataset(IMAGES, LABELS, classes=["ant", "bee", "cat"], name="insects")
    assert (dataset.name, dataset.task, dataset.classes) == ("insects", "classes", ("ant", "bee", "cat"))
    assert (dataset.size, dataset.channels, dataset.shape) == (4, 3, (3, 2))
    images, targets = dataset.arrays
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(targets, LABELS)


def test_gray_images_get_a_dimension_for_their_channel():
    assert array_dataset(IMAGES[..., 0], LABELS).arrays[0].shape == (4, 3, 2, 1)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint16"])
def test_whole_numbers_become_bytes(dtype):
    images = array_dataset(IMAGES.astype(dtype), LABELS).arrays[0]
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, IMAGES)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floating_point_pixels_stay_so(dtype):
    images = array_dataset((IMAGES // 2 + 0.5).astype(dtype), LABELS).arrays[0]
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images, IMAGES // 2 + 0.5)


def test_pixels_within_0_to_1_are_multiplied_and_that_is_said():
    parts = open_arrays("data", {"train": (IMAGES / 255, LABELS), "test": (IMAGES / 510, LABELS)})
    np.testing.assert_allclose(parts.train.arrays[0], IMAGES, atol=1e-3)
    np.testing.assert_allclose(parts.test.arrays[0], IMAGES / 2, atol=1e-3)
    assert parts.notes == ["data: images are within 0 to 1: multiplied by 255"]


def test_pixels_within_0_to_1_in_one_part_only_stay_so():
    parts = open_arrays("data", {"train": (IMAGES * 1.0, LABELS), "test": (IMAGES / 255, LABELS)})
    assert parts.test.arrays[0].max() <= 1 and parts.notes == []


def test_channels_are_as_asked_for():
    parts = open_arrays("data", {"train": (IMAGES, LABELS), "test": (IMAGES, LABELS)}, channels=1)
    assert parts.train.channels == parts.test.channels == 1
    with pytest.raises(FactoryError, match="1, 3 or 4 channels, 2 were asked for"):
        open_arrays("data", {"train": (IMAGES, LABELS)}, channels=2)


@pytest.mark.parametrize("extra", [(), (1,)])
def test_whole_numbers_of_every_pixel_are_masks(extra):
    masks = np.arange(24).reshape(4, 3, 2) % 3
    masks[0, 0, 0] = 255
    dataset = array_dataset(IMAGES, masks.reshape(*masks.shape, *extra))
    assert (dataset.task, dataset.classes, dataset.targets) == ("pixels", ("0", "1", "2"), None)
    assert dataset.arrays[1].dtype == np.int32
    np.testing.assert_array_equal(dataset.arrays[1], masks)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES[:3], LABELS, "3 images of the train part, but labels of shape .4,."),
        (IMAGES, 3, "labels of shape"),
        (IMAGES.astype(int) * 2, LABELS, "expected 0 to 255, or 0 to 1"),
        (IMAGES - 1.0, LABELS, "-1.0 to 212.0; expected 0 to 255"),
        (np.where(IMAGES > 9, np.nan, 1.0), LABELS, "pixels of the train part are nan to nan"),
        (np.moveaxis(IMAGES, -1, 1)[..., :2], LABELS, r"channels come last: np.moveaxis\(images, 1, -1\)"),
        (IMAGES[0, 0], LABELS, r"have shape \(2, 3\)"),
        (IMAGES[:0], LABELS[:0], r"have shape \(0, 3, 2, 3\)"),
        (IMAGES.astype(str), LABELS, "are <U3; expected numbers"),
        (IMAGES, np.zeros((4, 2, 3), int), r"whole numbers \(4, 3, 2\) for the class of every pixel"),
        (IMAGES, np.zeros((4, 3, 2)), "labels of the train part are float64"),
        (IMAGES, np.zeros((4, 3, 2), int), "only one class of pixels"),
        (IMAGES, np.full((4, 3, 2), -3), "class numbers of pixels of the train part are -3 to -3"),
        (IMAGES, np.full((4, 3, 2), 300), "300 to 300"),
    ],
)
def test_other_arrays_are_told(images, labels, message):
    with pytest.raises(FactoryError, match=f"^data: .*{message}"):
        array_dataset(images, labels, name="data")


def test_class_numbers_of_pixels_without_a_name_are_told():
    with pytest.raises(FactoryError, match="expected 0 to 1, or 255"):
        array_dataset(IMAGES, np.full((4, 3, 2), 2), classes=["sky", "sea"])


@pytest.mark.parametrize("names", [("images", "labels"), ("x_train", "y_train")])
def test_npz_with_images_and_labels(tmp_path, names):
    np.savez(tmp_path / "a.npz", **dict(zip(names, (IMAGES, LABELS), strict=True)))
    parts = open_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(parts.train.arrays[0], IMAGES)
    assert parts.validation is None and parts.test is None


def test_npz_with_parts_and_names(tmp_path):
    arrays = {f"{kind}_{part}": array[: 2 + number]
              for number, part in enumerate(("val", "test", "train"))
              for kind, array in (("x", IMAGES), ("y", LABELS))}  # fmt: skip
    np.savez_compressed(tmp_path / "a.npz", **arrays, classes=["ant", "bee", "cat"])
    parts = open_npz(tmp_path / "a.npz", channels=1)
    assert [parts.validation.size, parts.test.size, parts.train.size] == [2, 3, 4]
    assert parts.train.classes == parts.test.classes == ("ant", "bee", "cat")
    assert parts.validation.channels == 1


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image": IMAGES}, "expected arrays x_train and y_train, or images and labels; received image"),
        ({"x_train": IMAGES, "y_trian": LABELS}, "but no 'y_train' with it; did you mean 'y_trian'"),
        ({"labels": LABELS}, "has an array 'labels', but no 'images' with it"),
        ({"images": IMAGES, "labels": np.array([{}] * 4)}, "no .npz file of numbers"),
    ],
)
def test_npz_with_other_arrays_are_told(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(FactoryError, match=message):
        open_npz(tmp_path / "a.npz")


def test_damaged_npz_files_are_told(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, images=IMAGES, labels=LABELS)
    whole = path.read_bytes()
    for length in (0, 1, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:length])
        with pytest.raises(FactoryError, match=r"a\.npz: no .npz file of numbers, or damaged"):
            open_npz(path)
    np.save(tmp_path / "b.npy", IMAGES)
    (tmp_path / "b.npy").rename(path)
    with pytest.raises(FactoryError, match=r"a\.npz: no .npz file of numbers"):
        open_npz(path)
    with pytest.raises(FactoryError, match=r"none\.npz: cannot be read: No such file"):
        open_npz(tmp_path / "none.npz")
