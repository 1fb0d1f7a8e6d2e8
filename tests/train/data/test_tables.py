"""labels.csv beside images: labels, values, classes, and the lines that are wrong."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from data_files import pixels, write

from factory.errors import FactoryError
from factory.train.data.folders import open_folder


def table(root, text: str, images: int = 3):
    for number in range(images):
        write(root / f"{number}.png", number)
    (root / "labels.csv").write_text(text, encoding="utf-8")
    return root


def opened(root, corrupt=0.0):
    return open_folder(root, corrupt=corrupt, channels=None)


def test_zeros_and_ones_in_several_columns_are_labels(tmp_path):
    train = opened(table(tmp_path, "file,sun,rain\n1.png,1,0\n0.png,1,1\n2.png,0.0,1.0\n")).train
    assert (train.task, train.classes) == ("labels", ("sun", "rain"))
    np.testing.assert_array_equal(train.targets, np.array([[1, 0], [1, 1], [0, 1]], "float32"))
    image, target = train.read(tf.constant(1, tf.int64))
    np.testing.assert_array_equal(image, pixels(0))
    np.testing.assert_array_equal(target, [1, 1])


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("file,height\n0.png,1\n1.png,0\n", ("height",), [[1], [0]]),
        ("file,x,y\n0.png,1.5,-2e3\n1.png,0,1\n", ("x", "y"), [[1.5, -2000], [0, 1]]),
    ],
)
def test_other_numbers_are_values(tmp_path, text, names, values):
    train = opened(table(tmp_path, text)).train
    assert (train.task, train.classes, train.targets.tolist()) == ("values", names, values)


def test_words_in_one_column_are_classes(tmp_path):
    train = opened(table(tmp_path, "file,animal\n0.png,cat\n1.png,ant\n2.png,cat\n")).train
    assert (train.task, train.classes, train.targets.tolist()) == ("classes", ("ant", "cat"), [1, 0, 1])


def test_names_with_commas_blank_lines_and_byte_order_marks_are_read(tmp_path):
    train = opened(table(tmp_path, '\ufefffile, "x, in m" \r\n\r\n0.png, 7 \r\n')).train
    assert (train.classes, train.targets.tolist()) == (("x, in m",), [[7]])


def test_files_lie_below_the_folder_of_the_table(tmp_path):
    write(tmp_path / "photos" / "a.png", 4)
    (tmp_path / "labels.csv").write_text("file,height\nphotos/a.png,1\n")
    np.testing.assert_array_equal(opened(tmp_path).train.read(tf.constant(0, tf.int64))[0], pixels(4))


def test_every_part_has_its_table(tmp_path):
    table(tmp_path / "train", "file,a,b\n0.png,1,0\n1.png,0,0\n")
    table(tmp_path / "test", "file,a,b\n2.png,1,2\n")
    parts = opened(tmp_path)
    assert parts.train.task == parts.test.task == "values"
    table(tmp_path / "test", "file,b,a\n2.png,1,0\n")
    with pytest.raises(FactoryError, match=r"test/labels\.csv: columns b, a; expected a, b"):
        opened(tmp_path)
    (tmp_path / "test" / "labels.csv").rename(tmp_path / "test" / "label.csv")
    write(tmp_path / "test" / "ant" / "a.png")
    with pytest.raises(FactoryError, match=r"test/labels\.csv: cannot be read: No such file"):
        opened(tmp_path)


def test_files_that_are_missing_or_broken_are_left_out(tmp_path):
    table(tmp_path, "file,height\n0.png,1\n1.png,2\n2.png,3\n9.png,4\n")
    (tmp_path / "1.png").write_text("")
    parts = opened(tmp_path, corrupt=0.5)
    assert parts.train.targets.tolist() == [[1], [3]]
    assert "1.png: in no known image format" in parts.notes[0]
    assert "9.png: No such file or directory" in parts.notes[0]


def test_other_targets_are_another_fingerprint(tmp_path):
    first = opened(table(tmp_path, "file,height\n0.png,1\n1.png,2\n")).train.fingerprint
    (tmp_path / "labels.csv").write_text("file,height\n0.png,1\n1.png,3\n")
    assert opened(tmp_path).train.fingerprint != first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"labels\.csv: expected a first line such as 'file,height'"),
        ("file,height\n", "expected a first line"),
        ("file\n0.png\n", "expected a first line"),
        ("0.png,1\n1.png,2\n", r"labels\.csv:1: expected the names of the columns, .* received numbers"),
        ("file,a,a\n0.png,1,2\n", r"labels\.csv:1: every column needs a name of its own; received 'a'"),
        ("file,a,\n0.png,1,2\n", "every column needs a name of its own; received ''"),
        ("file,a,b\n0.png,1\n", r"labels\.csv:2: expected 3 cells, as in the first line, received 2"),
        ("file,a\n0.png,1\n\n0.png,2\n", r"labels\.csv:4: '0\.png' stands on line 2, too"),
        ("file,a\n0.png,\n", r"labels\.csv:2: a: an empty cell"),
        ("file,a\n0.png,1\n1.png,nan\n", r"labels\.csv:3: a: expected a finite number, received 'nan'"),
        ("file,a\n0.png,1\n1.png,inf\n", "received 'inf'"),
        ("file,a\n0.png,1\n1.png,1e39\n", "received '1e39'"),
        ("file,a\n0.png,1\n1.png,cat\n", r"labels\.csv:3: a: expected a finite number, received 'cat'"),
        ("file,a,b\n0.png,cat,dog\n", "expected a finite number, received 'cat'"),
        ("file,a\n0.png,cat\n1.png,cat\n", "only one class, 'cat'"),
    ],
)
def test_lines_that_are_wrong_are_told(tmp_path, text, message):
    with pytest.raises(FactoryError, match=message):
        opened(table(tmp_path, text))


def test_other_encodings_are_told(tmp_path):
    table(tmp_path, "")
    (tmp_path / "labels.csv").write_bytes("file,größe\n0.png,1\n".encode("latin-1"))
    with pytest.raises(FactoryError, match=r"labels\.csv: no table in UTF-8 with commas"):
        opened(tmp_path)


def test_classes_of_other_parts_are_told(tmp_path):
    table(tmp_path / "train", "file,animal\n0.png,cat\n1.png,dog\n")
    table(tmp_path / "test", "file,animal\n0.png,cta\n")
    with pytest.raises(FactoryError, match=r"test/labels\.csv:2: class 'cta' is not among .* did you mean 'cat'"):
        opened(tmp_path)
