"""What labels mean, told from how they are stored."""

from __future__ import annotations

import numpy as np
import pytest

from factory.errors import FactoryError
from factory.train.data.targets import targets_of


@pytest.mark.parametrize("dtype", ["uint8", "int64", "int16"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_whole_numbers_are_classes(dtype, shape):
    targets = targets_of("data", {"train": np.array([2, 0, 1, 2], dtype).reshape(shape)})
    assert (targets.task, targets.classes, targets.notes) == ("classes", ("0", "1", "2"), [])
    assert targets.arrays["train"].dtype == np.int32
    assert targets.arrays["train"].tolist() == [2, 0, 1, 2]


@pytest.mark.parametrize("texts", [["cat", "ant", "cat"], np.array([b"cat", b"ant", b"cat"], object)])
def test_texts_are_classes_in_alphabetical_order(texts):
    targets = targets_of("data", {"train": np.array(texts), "test": np.array(["ant"])})
    assert (targets.task, targets.classes) == ("classes", ("ant", "cat"))
    assert targets.arrays["train"].tolist() == [1, 0, 1] and targets.arrays["test"].tolist() == [0]


def test_names_give_texts_their_order():
    targets = targets_of("data", {"train": np.array(["cat", "ant"])}, ["cat", "ant", "bee"])
    assert targets.arrays["train"].tolist() == [0, 1]
    assert targets.notes == ["data: no samples to learn from of class bee"]


@pytest.mark.parametrize("dtype", ["bool", "int64", "float32"])
def test_rows_of_zeros_and_ones_are_labels_but_classes_where_each_has_one(dtype):
    labels = targets_of("data", {"train": np.array([[1, 1], [0, 1]], dtype)})
    assert (labels.task, labels.classes) == ("labels", ("0", "1"))
    assert labels.arrays["train"].dtype == np.float32 and labels.arrays["train"].tolist() == [[1, 1], [0, 1]]
    classes = targets_of("data", {"train": np.array([[0, 1], [1, 0]], dtype)})
    assert classes.task == "classes" and classes.arrays["train"].tolist() == [1, 0]


def test_one_part_with_two_labels_makes_all_of_them_labels():
    targets = targets_of("data", {"train": np.array([[0, 1], [1, 0]]), "test": np.array([[1, 1]])})
    assert targets.task == "labels" and targets.arrays["train"].tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("values", "names"), [([0.5, 2.0], ("value",)), ([[0.5, 2.0], [1.0, 3.0]], ("value 0", "value 1"))]
)
def test_floating_point_numbers_are_values(values, names):
    targets = targets_of("data", {"train": np.array(values)})
    assert (targets.task, targets.classes) == ("values", names)
    np.testing.assert_array_equal(targets.arrays["train"], np.array(values, "float32").reshape(2, -1))
    assert targets.arrays["train"].dtype == np.float32


def test_classes_that_nothing_shows_are_told():
    targets = targets_of("data", {"train": np.array([0, 3]), "test": np.array([4])})
    assert targets.classes == ("0", "1", "2", "3", "4")
    assert targets.notes == ["data: no samples to learn from of class 1, 2, 4"]


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ({"train": [0, -1]}, [], "class number -1 among the labels; expected 0 to"),
        ({"train": [0, 3]}, ["a", "b"], "class number 3 among the labels; expected 0 to 1, as there are 2 classes"),
        ({"train": [0, 10**9]}, [], "class number 1000000000"),
        ({"train": [3, 3]}, [], "only one class to learn, number 3"),
        ({"train": [0.5, np.nan]}, [], "label 1 of the train part is nan; expected finite numbers"),
        ({"train": [[0.5, 1.5], [np.inf, 0.5]]}, [], "label 1 of the train part"),
        ({"train": [[0.5, 1.5]]}, ["height"], "2 numbers a sample, but 1 names"),
        ({"train": [[3, 1]]}, [], "labels are int64 of shape"),
        ({"train": []}, [], "expected .n,. or .n, k."),
        ({"train": 3}, [], "have shape"),
        ({"train": [1j, 2j]}, [], "complex128; expected numbers or texts"),
        ({"train": [0, 1], "test": [0.5]}, [], "the labels of the test part are float64"),
        ({"train": ["cat", "dog"], "test": ["dgo"]}, [], "class 'dgo' of the test part .* did you mean 'dog'"),
        ({"train": [["cat", "dog"]]}, [], "expected one text a sample"),
    ],
)
def test_labels_that_mean_nothing_are_told(labels, classes, message):
    with pytest.raises(FactoryError, match=f"^data: .*{message}"):
        targets_of("data", {part: np.array(values) for part, values in labels.items()}, classes)
