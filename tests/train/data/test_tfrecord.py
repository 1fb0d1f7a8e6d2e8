"""TFRecord files: read in any order, labels of all kinds, parts by name, damage."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from data_files import example, picture, pixels, write_records

from factory.errors import FactoryError
from factory.train.data.folders import open_folder
from factory.train.data.records import Records
from factory.train.data.tfrecord import find_records, open_records


def encoded(number: int, kind: str = "PNG", channels: int = 3) -> bytes:
    file = io.BytesIO()
    picture(number, channels=channels).save(file, kind)
    return file.getvalue()


def opened(*paths, corrupt=0.0, channels=None, **options):
    return open_records("data", {"train": paths}, corrupt=corrupt, channels=channels, **options)


def labelled(path, labels, first=0):
    return write_records(path, [example(image=encoded(first + n), label=label) for n, label in enumerate(labels)])


def test_records_of_several_files_are_read_in_any_order(tmp_path):
    first, second = labelled(tmp_path / "a.tfrecord", [0, 1, 2]), labelled(tmp_path / "b.tfrecord", [1, 0], first=3)
    train = opened(first, second).train
    assert (train.task, train.classes, train.size, train.shape) == ("classes", ("0", "1", "2"), 5, (6, 5))
    order = [4, 0, 3, 1, 2, 0]
    read = list(tf.data.Dataset.from_tensor_slices(tf.constant(order, tf.int64)).map(train.read, num_parallel_calls=2))
    np.testing.assert_array_equal([image for image, _ in read], [pixels(number) for number in order])
    assert [int(target) for _, target in read] == [[0, 1, 2, 1, 0][number] for number in order]
    image, target = train.subset(np.array([3, 2])).read(tf.constant(0, tf.int64))
    np.testing.assert_array_equal(image, pixels(3))
    assert target == 1


def test_places_are_those_of_the_records_in_the_file(tmp_path):
    path = labelled(tmp_path / "a.tfrecord", [0, 1])
    contents = path.read_bytes()
    records = opened(path).train.images.contents
    expected = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    assert [contents[offset : offset + length] for _, offset, length, _ in records.places] == expected
    assert records.name(1) == f"{path}, record 2"


def test_bytes_that_end_in_zeros_are_whole(tmp_path):
    contents = b"image\0\0\0"
    path = write_records(tmp_path / "a.tfrecord", [example(image=contents)])
    size = path.stat().st_size - 16
    records = Records((str(path),), "image", np.array([[0, 12, size, 0]]))
    assert next(iter(tf.data.Dataset.range(1).map(records.read))).numpy() == contents
    assert records.fetch(0) == contents


@pytest.mark.parametrize("image", ["image", "image/encoded"])
@pytest.mark.parametrize("label", ["label", "image/class/label", "image/label"])
def test_features_have_the_names_in_use(tmp_path, image, label):
    if (image, label) in (("image", "image/class/label"), ("image", "image/label")):
        message = f"expected features 'image/encoded' with 'image/class/label'; .* received image, {label}"
    else:
        message = ""
    path = write_records(tmp_path / "a.tfrecord", [example(**{image: encoded(n), label: n}) for n in range(2)])
    if message:
        with pytest.raises(FactoryError, match=message):
            opened(path)
    else:
        assert opened(path).train.targets.tolist() == [0, 1]


def test_class_numbers_that_begin_at_one_are_shifted_in_imagenets_files_only(tmp_path):
    features = [
        {"image/encoded": encoded(n), "image/class/label": n + 1, "image/class/text": f"c{n}"} for n in range(2)
    ]
    path = write_records(tmp_path / "a.tfrecord", [example(**item) for item in features])
    parts = opened(path)
    assert parts.train.targets.tolist() == [0, 1] and parts.train.classes == ("c0", "c1")
    assert parts.notes == ["data: class numbers begin at 1: 1 is taken as class 0, and so on"]
    with_background = opened(path, classes=["background", "c0", "c1"]).train
    assert with_background.targets.tolist() == [1, 2]
    assert opened(labelled(tmp_path / "b.tfrecord", [1, 2])).train.targets.tolist() == [1, 2]


def test_texts_name_the_classes(tmp_path):
    examples = [example(image=encoded(n), label=n % 2, text=["ant", "bee"][n % 2]) for n in range(3)]
    path = write_records(tmp_path / "a.tfrecord", examples)
    assert opened(path).train.classes == ("ant", "bee")
    (tmp_path / "classes.txt").write_text("Ameise\nBiene\n")
    assert opened(path).train.classes == ("Ameise", "Biene")
    assert opened(path, classes=["x", "y"]).train.classes == ("x", "y")


@pytest.mark.parametrize(
    ("labels", "task", "targets"),
    [
        (["bee", "ant"], "classes", [1, 0]),
        ([0.5, 2.0], "values", [[0.5], [2.0]]),
        ([[0.5, 1.0], [2.0, 3.0]], "values", [[0.5, 1.0], [2.0, 3.0]]),
        ([[0, 1, 1], [0, 0, 1]], "labels", [[0, 1, 1], [0, 0, 1]]),
    ],
)
def test_labels_of_other_kinds(tmp_path, labels, task, targets):
    train = opened(labelled(tmp_path / "a.tfrecord", labels)).train
    assert train.task == task and train.targets.tolist() == targets


def test_images_of_all_formats_and_channels(tmp_path):
    images = [encoded(0, "BMP"), encoded(1, "PNG", channels=1), encoded(2, "PNG"), encoded(3, "TIFF")]
    train = opened(write_records(tmp_path / "a", [example(image=i, label=n) for n, i in enumerate(images)])).train
    assert train.channels == 3 and train.images.by_pillow.tolist() == [True, False, False, True]
    read = list(tf.data.Dataset.range(4).map(lambda index: train.read(index)[0]))
    np.testing.assert_array_equal(read[::2], [pixels(0), pixels(2)])
    np.testing.assert_array_equal(read[1], np.repeat(pixels(1, channels=1), 3, axis=-1))


def test_unreadable_images_are_named_by_record_and_left_out(tmp_path):
    examples = [example(image=encoded(n), label=n % 2) for n in range(4)]
    examples[1] = example(image=b"no image", label=1)
    path = write_records(tmp_path / "a.tfrecord", examples)
    parts = opened(path, corrupt=0.25)
    assert f"{path}, record 2: in no known image format" in parts.notes[0]
    assert parts.train.targets.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(parts.train.read(tf.constant(1, tf.int64))[0], pixels(2))
    with pytest.raises(FactoryError, match=r"1 of 4 images cannot be read"):
        opened(path, corrupt=0.2)


@pytest.mark.parametrize("place", ["length", "middle", "end"])
def test_damaged_files_are_told(tmp_path, place):
    path = labelled(tmp_path / "a.tfrecord", [0, 1, 0])
    contents = bytearray(path.read_bytes())
    if place == "end":
        contents = contents[:-5]
    else:
        contents[len(contents) // 2 if place == "middle" else 2] ^= 1
    path.write_bytes(contents)
    after = {"length": 0, "middle": 1, "end": 2}[place]
    with pytest.raises(FactoryError, match=rf"a\.tfrecord: cannot be read after record {after}: "):
        opened(path)


def test_compressed_files_are_told(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord"), tf.io.TFRecordOptions(compression_type="GZIP")) as writer:
        writer.write(example(image=encoded(0), label=0).SerializeToString())
    with pytest.raises(FactoryError, match="compressed; unpack it with gunzip"):
        opened(tmp_path / "a.tfrecord")


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([], "holds no records"),
        ([b"\xff\xff"], "record 1: no tf.train.Example"),
        ([example(picture=b"a", label=1)], "expected features .* received label, picture"),
        ([example(image=encoded(0), label=0), example(image=encoded(0))], "record 2: label: 0 values; expected a"),
        ([example(image=encoded(0), label=["a", "b"])], "record 1: label: 2 values"),
        ([example(image=encoded(0), label=0), example(image=encoded(0), label=[0, 1])], "kinds: 1 x int, 2 x list"),
        ([example(image=encoded(0), label=-1), example(image=encoded(0), label=0)], "class number -1"),
    ],
)  # fmt: skip
def test_other_examples_are_told(tmp_path, examples, message):
    with pytest.raises(FactoryError, match=message):
        opened(write_records(tmp_path / "a.tfrecord", examples))


def test_names_tell_the_parts(tmp_path):
    names = [
        "set-train.tfrecord-00000-of-00002",
        "set-train.tfrecord-00001-of-00002",
        "set-test.tfrecord",
        "val.tfrecord",
    ]
    for name in names:
        labelled(tmp_path / name, [0, 1])
    train, validation, test = [
        str(tmp_path / "set-train.*"),
        str(tmp_path / "val.tfrecord"),
        str(tmp_path / "set-test*"),
    ]
    assert {part: len(paths) for part, paths in find_records(str(tmp_path)).items()} == {
        "train": 2, "validation": 1, "test": 1
    }  # fmt: skip
    assert list(find_records(train)) == list(find_records(validation)) == list(find_records(test)) == ["train"]
    parts = open_folder(tmp_path, corrupt=0.0, channels=None)
    assert [parts.train.size, parts.validation.size, parts.test.size] == [4, 2, 2]
    with pytest.raises(FactoryError, match="no such TFRecord files"):
        find_records(str(tmp_path / "none-*"))


def test_folders_tell_the_parts(tmp_path):
    for part, labels in (("train", [0, 1, 1]), ("test", [1])):
        (tmp_path / part).mkdir()
        labelled(tmp_path / part / "a.tfrecord", labels)
    parts = open_folder(tmp_path, corrupt=0.0, channels=None)
    assert parts.train.size == 3 and parts.test.size == 1


def test_a_file_that_is_cut_while_it_is_read_is_named(tmp_path):
    path = labelled(tmp_path / "a.tfrecord", [0, 1, 0])
    train = opened(path).train
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FactoryError, match=r"record 3: .*record 3: the file has become shorter"), train.reading():
        list(tf.data.Dataset.range(3).map(train.read))
