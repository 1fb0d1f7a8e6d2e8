"""Images with masks: pairs by name, class numbers as they are stored, and what can be wrong with them."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from data_files import write, write_mask
from PIL import Image

from factory.errors import FactoryError
from factory.train.data.folders import open_folder
from factory.train.data.masks import decode_mask

NUMBERS = np.array([[0, 1, 2, 0, 255], [2, 2, 1, 1, 0]])


def pair(root, stem, numbers=NUMBERS, mode="L", suffix=".png"):
    numbers = np.asarray(numbers)
    write(root / "images" / f"{stem}{suffix}", size=numbers.shape)
    return write_mask(root / "masks" / f"{stem}.png", numbers, mode)


def opened(root, corrupt=0.0):
    return open_folder(root, corrupt=corrupt, channels=None)


def mask_of(dataset, index=0):
    return dataset.read(tf.constant(index, tf.int64))[1].numpy()


@pytest.mark.parametrize("mode", ["L", "P"])
def test_gray_values_and_palette_indices_are_class_numbers(tmp_path, mode):
    pair(tmp_path, "a", mode=mode)
    pair(tmp_path, "deep/b", 2 - np.minimum(NUMBERS, 2), mode=mode, suffix=".jpg")
    parts = opened(tmp_path)
    train = parts.train
    assert (train.task, train.classes, train.targets, train.size) == ("pixels", ("0", "1", "2"), None, 2)
    assert train.shape == (2, 5) and train.images.by_pillow.tolist() == [False, False]
    assert train.masks.by_pillow.any() == (mode == "P")
    np.testing.assert_array_equal(mask_of(train), NUMBERS)
    np.testing.assert_array_equal(mask_of(train, 1), 2 - np.minimum(NUMBERS, 2))


def test_mixed_masks_are_read_each_in_its_way(tmp_path):
    pair(tmp_path, "a", mode="L")
    pair(tmp_path, "b", mode="P")
    train = opened(tmp_path).train
    for index in range(2):
        np.testing.assert_array_equal(mask_of(train, index), NUMBERS)


@pytest.mark.parametrize(("bits", "largest"), [(1, 1), (2, 3), (4, 15)])
def test_masks_of_few_bits_keep_their_numbers(tmp_path, bits, largest):
    """A gray PNG made by hand, since Pillow writes none of 2 or 4 bits."""
    numbers = np.arange(8).reshape(1, 8) % (largest + 1)
    packed = np.packbits(((numbers[..., None] >> np.arange(bits)[::-1]) & 1).reshape(1, -1).astype("uint8")).tobytes()

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 8, 1, bits, 0, 0, 0, 0)
    contents = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + packed))
    np.testing.assert_array_equal(decode_mask(contents + chunk(b"IEND", b""))[..., 0], numbers)


def test_16_bits_hold_class_numbers_up_to_255(tmp_path):
    write(tmp_path / "images" / "a.png", size=(2, 5))
    (tmp_path / "masks").mkdir()
    Image.fromarray(NUMBERS.astype("uint16")).save(tmp_path / "masks" / "a.png")
    np.testing.assert_array_equal(mask_of(opened(tmp_path).train), NUMBERS)
    Image.fromarray(NUMBERS.astype("uint16") + 300).save(tmp_path / "masks" / "a.png")
    with pytest.raises(FactoryError, match=r"masks/a\.png: class number 555; expected 0 to 254, or 255"):
        opened(tmp_path)


def test_names_come_from_classes_txt(tmp_path):
    pair(tmp_path, "a")
    (tmp_path / "classes.txt").write_text("sky\nsea\nland\nroad\n")
    assert opened(tmp_path).train.classes == ("sky", "sea", "land", "road")
    (tmp_path / "classes.txt").write_text("sky\nsea\n")
    with pytest.raises(FactoryError, match=r"masks/a\.png: class number 2, but there are 2 classes: 0 to 1"):
        opened(tmp_path)
    (tmp_path / "classes.txt").write_text("sky\n")
    with pytest.raises(FactoryError, match=r"classes\.txt: 1 classes; expected 2 to 255"):
        opened(tmp_path)


def test_parts_have_the_classes_of_the_train_part(tmp_path):
    pair(tmp_path / "train", "a")
    pair(tmp_path / "val", "a", np.zeros((3, 3)))
    parts = opened(tmp_path)
    assert parts.validation.classes == ("0", "1", "2") and parts.validation.shape == (3, 3)
    pair(tmp_path / "test", "a", [[0, 3]])
    with pytest.raises(FactoryError, match=r"test/masks/a\.png: class number 3, but there are 3 classes"):
        opened(tmp_path)


@pytest.mark.parametrize("numbers", [np.zeros((2, 2)), [[0, 255]], [[255, 255]]])
def test_one_class_only_is_told(tmp_path, numbers):
    pair(tmp_path, "a", numbers)
    with pytest.raises(FactoryError, match=r"only the numbers .* in all masks; expected several classes"):
        opened(tmp_path)


def test_images_and_masks_without_partner_are_told(tmp_path):
    pair(tmp_path, "a")
    write(tmp_path / "images" / "b.png")
    with pytest.raises(FactoryError, match=r"no mask of .*images/b\.png; expected masks/NAME\.png"):
        opened(tmp_path)
    (tmp_path / "images" / "b.png").unlink()
    write_mask(tmp_path / "masks" / "c.png", NUMBERS)
    with pytest.raises(FactoryError, match=r"no image of .*masks/c\.png"):
        opened(tmp_path)


def test_two_files_of_one_name_are_told(tmp_path):
    pair(tmp_path, "a")
    write_mask(tmp_path / "masks" / "a.bmp", NUMBERS)
    with pytest.raises(FactoryError, match=r"masks/a\.png: a\.bmp has the same name but for the suffix"):
        opened(tmp_path)


def test_another_size_than_the_images_is_told(tmp_path):
    pair(tmp_path, "a")
    write(tmp_path / "images" / "a.png", size=(5, 2))
    with pytest.raises(FactoryError, match=r"masks/a\.png: the mask is 2x5 pixels .*images/a\.png 5x2"):
        opened(tmp_path)


def test_masks_in_colours_are_told(tmp_path):
    pair(tmp_path, "a")
    write(tmp_path / "masks" / "a.png", size=(2, 5))
    with pytest.raises(FactoryError, match=r"masks/a\.png: a mask in RGB pixels; expected a gray or palette image"):
        opened(tmp_path)


def test_a_pair_with_an_unreadable_half_is_left_out(tmp_path):
    for stem in "abcd":
        pair(tmp_path, stem)
    (tmp_path / "images" / "b.png").write_text("")
    (tmp_path / "masks" / "c.png").write_text("")
    parts = opened(tmp_path, corrupt=0.5)
    (note,) = parts.notes
    assert "2 of 4 images cannot be read" in note and "images/b.png: in no known" in note
    assert f"images/c.png: its mask {tmp_path}/masks/c.png: in no known" in note
    assert [parts.train.images.contents.name(index)[-5] for index in range(2)] == ["a", "d"]
    assert [parts.train.masks.contents.name(index)[-5] for index in range(2)] == ["a", "d"]


def test_empty_folders_are_told(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(FactoryError, match="no images in images/"):
        opened(tmp_path)
