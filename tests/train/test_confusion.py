"""Counts for every class, compared with scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, jaccard_score, precision_recall_fscore_support, recall_score

from factory.errors import FactoryError
from factory.train.confusion import Confusion, LabelCounts, make_per_class
from factory.train.evaluate import Outputs

CLASSES = ("cat", "dog", "fish", "bird")


def batches_of(outputs: np.ndarray, targets: np.ndarray) -> list[Outputs]:
    """Two batches, the second with a sample of padding that is wrong."""
    weights = np.ones(len(targets), "float32")
    half = len(targets) // 2
    padded = [np.concatenate([part[half:], part[:1]]) for part in (1 - outputs, targets)]
    right = np.concatenate([outputs[half:], 1 - outputs[:1]])
    second = Outputs(right, padded[1], np.append(weights[half:], 0).astype("float32"))
    return [Outputs(outputs[:half], targets[:half], weights[:half]), second]


def chances(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(shape[-1]), shape[:-1]).astype("float32")


def test_classes_are_counted_as_scikit_learn_does():
    outputs, targets = chances(41, 4), np.random.default_rng(1).integers(0, 4, 41).astype("int32")
    tested = make_per_class("classes", CLASSES)
    for batch in batches_of(outputs, targets):
        tested.add(batch)
    assert isinstance(tested, Confusion)
    said = outputs.argmax(axis=1)
    np.testing.assert_array_equal(tested.matrix, confusion_matrix(targets, said))
    rows = tested.rows()
    assert [row["class"] for row in rows] == list(CLASSES)
    assert [row["count"] for row in rows] == np.bincount(targets).tolist()
    assert [row["accuracy"] for row in rows] == pytest.approx(recall_score(targets, said, average=None))
    assert "iou" not in rows[0]


def test_the_pairs_most_often_confused_come_first():
    tested = Confusion(CLASSES)
    tested.matrix = np.array([[5, 3, 0, 0], [1, 9, 0, 0], [0, 7, 1, 0], [0, 0, 0, 4]])
    assert tested.confused(2) == [
        {"class": "fish", "taken_for": "dog", "count": 7, "share": 7 / 8},
        {"class": "cat", "taken_for": "dog", "count": 3, "share": 3 / 8},
    ]
    assert [row["count"] for row in tested.confused()] == [7, 3, 1]


def test_a_class_without_samples_has_no_accuracy():
    tested = Confusion(CLASSES)
    tested.add(Outputs(np.eye(4, dtype="float32")[[0, 1]], np.array([0, 0], "int32"), np.ones(2, "float32")))
    assert [row["accuracy"] for row in tested.rows()] == [0.5, None, None, None]


def test_pixels_are_counted_but_the_ignored():
    outputs, targets = chances(4, 3, 5, 4), np.random.default_rng(1).integers(0, 4, (4, 3, 5)).astype("int32")
    targets[0, 1] = 255
    tested = make_per_class("pixels", CLASSES)
    for batch in batches_of(outputs, targets):
        tested.add(batch)
    assert isinstance(tested, Confusion)
    counted = targets != 255
    truth, said = targets[counted], outputs.argmax(axis=-1)[counted]
    np.testing.assert_array_equal(tested.matrix, confusion_matrix(truth, said))
    assert [row["iou"] for row in tested.rows()] == pytest.approx(jaccard_score(truth, said, average=None))


def test_pixels_of_another_size_are_brought_to_the_masks():
    outputs = np.zeros((1, 2, 2, 4), "float32")
    outputs[0, :, :, [[1, 2], [3, 0]]] = 1
    tested = Confusion(CLASSES, pixels=True)
    tested.add(Outputs(outputs, np.zeros((1, 4, 4), "int32"), np.ones(1, "float32")))
    assert tested.matrix.sum() == 16


def test_labels_are_counted_as_scikit_learn_does():
    rng = np.random.default_rng(2)
    outputs = rng.uniform(size=(30, 4)).astype("float32")
    targets = rng.integers(0, 2, (30, 4)).astype("float32")
    targets[:, 3] = 0
    tested = make_per_class("labels", CLASSES)
    assert isinstance(tested, LabelCounts)
    for batch in batches_of(outputs, targets):
        tested.add(batch)
    precision, recall, f1, count = precision_recall_fscore_support(targets, outputs > 0.5, zero_division=0)
    for index, row in enumerate(tested.rows()):
        assert (row["class"], row["count"]) == (CLASSES[index], count[index])
        assert row["precision"] == pytest.approx(precision[index]) and row["f1"] == pytest.approx(f1[index])
        assert (row["recall"] or 0) == pytest.approx(recall[index])
    assert tested.rows()[3]["recall"] is None and tested.confused() == []


def test_numbers_have_no_classes():
    with pytest.raises(FactoryError, match="numbers to predict, no classes"):
        make_per_class("values", ["age"])
