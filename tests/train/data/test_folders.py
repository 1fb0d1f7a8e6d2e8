"""Folders: which layout they have, class folders, parts, unreadable files."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from data_files import pixels, write, write_classes
from PIL import Image

from factory.errors import FactoryError
from factory.train.data.folders import open_folder
from factory.train.data.opening import in_parallel


def opened(root, corrupt=0.0, channels=None):
    return open_folder(root, corrupt=corrupt, channels=channels)


def test_class_folders_are_classes_in_alphabetical_order(tmp_path):
    parts = opened(write_classes(tmp_path, {"bee": 2, "ant": 3}))
    train = parts.train
    assert (train.name, train.task, train.classes) == (str(tmp_path), "classes", ("ant", "bee"))
    assert (train.size, train.channels, train.shape, parts.notes) == (5, 3, (6, 5), [])
    assert parts.validation is None and parts.test is None
    found = [train.read(tf.constant(index, tf.int64)) for index in range(5)]
    assert [int(target) for _, target in found] == train.targets.tolist() == [0, 0, 0, 1, 1]
    for (image, _), number in zip(found, [2, 3, 4, 0, 1], strict=True):
        np.testing.assert_array_equal(image, pixels(number))


def test_all_formats_in_all_depths_of_a_class_folder_are_found(tmp_path):
    for number, name in enumerate(["a.JPG", "b.jpeg", "c.png", "d.webp", "e.gif", "f.bmp", "deep/er/g.tiff"]):
        write(tmp_path / "ant" / name, number)
    write(tmp_path / "bee" / "h.png")
    train = opened(tmp_path).train
    assert train.targets.tolist() == [0] * 7 + [1]
    images = list(tf.data.Dataset.range(8).map(lambda index: train.read(index)[0], num_parallel_calls=2))
    found = dict(zip([train.images.contents.name(index) for index in range(8)], images, strict=True))
    for number, name in ((2, "c.png"), (5, "f.bmp"), (6, "deep/er/g.tiff")):  # the others lose some
        np.testing.assert_array_equal(found[str(tmp_path / "ant" / name)], pixels(number))


def test_hidden_files_and_folders_are_none(tmp_path):
    write_classes(tmp_path, {"ant": 1, "bee": 1, ".git": 1, "__MACOSX": 1})
    (tmp_path / "ant" / ".DS_Store").write_text("")
    (tmp_path / "ant" / "._000.png").write_text("")
    (tmp_path / "ant" / "Thumbs.db").write_text("")
    write(tmp_path / "ant" / ".cache" / "a.png")
    train = opened(tmp_path).train
    assert train.classes == ("ant", "bee") and train.size == 2


@pytest.mark.parametrize("validation", ["val", "valid", "validation"])
def test_folders_of_parts_are_parts(tmp_path, validation):
    for part, count in (("train", 3), (validation, 2), ("test", 1)):
        write_classes(tmp_path / part, {"ant": count, "bee": 1})
    parts = opened(tmp_path)
    assert [parts.train.size, parts.validation.size, parts.test.size] == [4, 3, 2]
    assert parts.test.classes == ("ant", "bee") and parts.test.targets.tolist() == [0, 1]
    assert parts.notes == []


def test_a_part_may_lack_a_class_but_not_have_another(tmp_path):
    write_classes(tmp_path / "train", {"ant": 1, "bee": 1, "cat": 1})
    write_classes(tmp_path / "test", {"cat": 2})
    (tmp_path / "test" / "ant").mkdir()
    assert opened(tmp_path).test.targets.tolist() == [2, 2]
    write_classes(tmp_path / "test", {"catt": 1})
    with pytest.raises(FactoryError, match=r"test/catt: class 'catt' is not among .* did you mean 'cat'"):
        opened(tmp_path)


def test_a_folder_beside_the_parts_is_told(tmp_path):
    write_classes(tmp_path / "train", {"ant": 1, "bee": 1})
    (tmp_path / "docs").mkdir()
    assert opened(tmp_path).notes == [f"{tmp_path}: docs: no part of the data beside train/, not read"]


def test_train_may_be_a_class(tmp_path):
    assert opened(write_classes(tmp_path, {"bus": 2, "car": 1, "train": 1})).train.classes == ("bus", "car", "train")


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({}, "no data to learn from: there are no images in it; expected CLASS/"),
        ({"a.png": 1}, r"no data to learn from: the images in it \(1\) have no class"),
        ({"ant/a.png": 1}, "only one class, 'ant'"),
        ({"all/ant/a.png": 1, "all/bee/a.png": 1}, "only one class, 'all'; .* is .*/all the folder that was meant"),
        ({"ant/a.png": 1, "bee/a.txt": 0}, "bee: no images of this class; remove the folder, or add images"),
        ({"val/ant/a.png": 1}, "has val/ but no train/ to learn from"),
        (
            {f"{part}/ant/a.png": 1 for part in ("train", "val", "valid")},
            "both val/ and valid/ are the val",
        ),
        ({"train/ant/a.png": 1, "train/bee/a.png": 1, "test/ant/a.txt": 0}, "test: no images in it"),
    ],
)
def test_other_layouts_are_told(tmp_path, layout, message):
    for name, is_image in layout.items():
        if is_image:
            write(tmp_path / name)
        else:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("")
    with pytest.raises(FactoryError, match=message):
        opened(tmp_path)


# ---- unreadable files


def damage(tmp_path, total: int, names: list[str]):
    write_classes(tmp_path, {"ant": total // 2, "bee": total - total // 2})
    for name in names:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:40])


def test_unreadable_files_are_named_and_left_out(tmp_path):
    damage(tmp_path, 20, ["ant/001.png", "bee/015.png"])
    parts = opened(tmp_path, corrupt=0.1)
    (note,) = parts.notes
    assert note.startswith(f"{tmp_path}: 2 of 20 images cannot be read and are left out: {tmp_path}/ant/001.png: ")
    assert f"; {tmp_path}/bee/015.png: " in note
    assert parts.train.size == 18 and np.bincount(parts.train.targets).tolist() == [9, 9]
    numbers = [number for number in range(20) if number not in (1, 15)]
    images = list(tf.data.Dataset.range(18).map(lambda index: parts.train.read(index)[0]))
    np.testing.assert_array_equal(images, [pixels(number) for number in numbers])
    assert parts.train.targets.tolist() == [0] * 9 + [1] * 9


def test_more_than_the_share_are_an_error(tmp_path):
    damage(tmp_path, 20, ["ant/001.png", "bee/015.png"])
    message = (
        r"2 of 20 images cannot be read; at most 1 may be left out \(data.corrupt: 0.09\)\n    .*001.png: .*\n.*015"
    )
    with pytest.raises(FactoryError, match=message):
        opened(tmp_path, corrupt=0.09)


def test_many_unreadable_files_are_counted(tmp_path):
    damage(tmp_path, 20, [f"ant/{number:03}.png" for number in range(7)])
    (note,) = opened(tmp_path, corrupt=0.5).notes
    assert note.count(".png") == 5 and note.endswith(", and 2 more")
    with pytest.raises(FactoryError, match=r"7 of 20(?s:.*)\n    and 2 more$"):
        opened(tmp_path)


def test_parts_are_counted_together(tmp_path):
    damage(tmp_path / "train", 15, [])
    damage(tmp_path / "test", 5, ["bee/002.png"])
    parts = opened(tmp_path, corrupt=0.05)
    assert parts.train.size == 15 and parts.test.size == 4


def test_a_class_that_loses_its_last_image_is_told(tmp_path):
    write_classes(tmp_path, {"ant": 9, "bee": 1})
    (tmp_path / "bee" / "009.png").write_text("")
    with pytest.raises(FactoryError, match="no image to learn from can be read of class bee"):
        opened(tmp_path, corrupt=0.2)


# ---- channels and sizes


def test_channels_are_those_of_most_images(tmp_path):
    for number, channels in enumerate([1, 1, 3]):
        write(tmp_path / "ant" / f"{number}.png", number, channels=channels)
    write(tmp_path / "bee" / "3.png", 3, channels=1)
    train = opened(tmp_path).train
    assert train.channels == 1
    image = train.read(tf.constant(2, tf.int64))[0]
    assert image.shape == (6, 5, 1)
    np.testing.assert_allclose(image[..., 0], pixels(2) @ [0.299, 0.587, 0.114], atol=1)
    colour = opened(tmp_path, channels=3).train
    np.testing.assert_array_equal(
        colour.read(tf.constant(0, tf.int64))[0], np.repeat(pixels(0, channels=1), 3, axis=-1)
    )


def test_of_equally_many_channels_the_largest_number_is_taken(tmp_path):
    write(tmp_path / "ant" / "a.png", channels=1)
    write(tmp_path / "bee" / "b.png", channels=3)
    assert opened(tmp_path).train.channels == 3


def test_images_of_many_sizes_have_no_shape(tmp_path):
    write(tmp_path / "ant" / "a.png", size=(4, 3))
    write(tmp_path / "bee" / "b.png", size=(5, 3))
    train = opened(tmp_path).train
    assert train.shape is None
    shapes = [tuple(image.shape) for image, _ in map(train.read, tf.constant([0, 1], tf.int64))]
    assert shapes == [(4, 3, 3), (5, 3, 3)]


def test_an_upright_photograph_has_the_shape_in_which_it_is_seen(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    write(tmp_path / "ant" / "a.jpg", size=(6, 4), exif=exif)
    write(tmp_path / "bee" / "b.jpg", size=(4, 6))
    train = opened(tmp_path).train
    assert train.shape == (4, 6)
    assert {tuple(train.read(tf.constant(index, tf.int64))[0].shape) for index in range(2)} == {(4, 6, 3)}


@pytest.mark.parametrize("count", [0, 1, 31, 33, 1000, 20_000])
def test_work_in_parallel_keeps_its_order(count):
    assert in_parallel(lambda number: number**2, range(count)) == [number**2 for number in range(count)]
