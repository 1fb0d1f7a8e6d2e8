"""How well a network does on every class, and which classes it takes for which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.data.dataset import IGNORED, Task
from factory.train.evaluate import Outputs
from factory.train.losses import at_size_of
from factory.train.measures import THRESHOLD

Row = dict[str, Any]


class PerClass(ABC):
    """Counts for every class, over batches: `add` each, then read `rows` and `confused`."""

    def __init__(self, classes: Sequence[str]):
        self.classes = tuple(classes)

    @abstractmethod
    def add(self, batch: Outputs) -> None:
        """Counts the samples of a batch whose weight is not 0."""

    @abstractmethod
    def rows(self) -> list[Row]:
        """A row a class: its name under "class", its "count" in the targets, and measures; None where unknown."""

    def confused(self, most: int = 5) -> list[Row]:
        """The classes most often taken for another: "class", "taken_for", "count", "share" of the class."""
        return []


class Confusion(PerClass):
    """One class a sample, or a pixel: counts by true and predicted class in `matrix`, (classes, classes) int64."""

    def __init__(self, classes: Sequence[str], *, pixels: bool = False):
        super().__init__(classes)
        self.pixels = pixels
        self.matrix = np.zeros((len(self.classes),) * 2, np.int64)

    def add(self, batch: Outputs) -> None:
        outputs, targets = batch.outputs, batch.targets
        if self.pixels:
            outputs = at_size_of(tf.constant(targets), tf.constant(outputs)).numpy()
        counted = (targets != IGNORED if self.pixels else np.ones(targets.shape, bool)) & (
            batch.weights.reshape(-1, *[1] * (targets.ndim - 1)) > 0
        )
        cells = targets[counted].astype("int64") * len(self.classes) + outputs.argmax(axis=-1)[counted]
        self.matrix += np.bincount(cells, minlength=self.matrix.size).reshape(self.matrix.shape)

    def rows(self) -> list[Row]:
        """The accuracy of every class, its samples that are right (recall); of pixels its IoU, too."""
        right, count, said = np.diag(self.matrix), self.matrix.sum(axis=1), self.matrix.sum(axis=0)
        accuracy, iou = _ratios(right, count), _ratios(right, count + said - right)
        return [
            {"class": name, "count": int(count[index]), "accuracy": accuracy[index]}
            | ({"iou": iou[index]} if self.pixels else {})
            for index, name in enumerate(self.classes)
        ]

    def confused(self, most: int = 5) -> list[Row]:
        wrong = self.matrix - np.diag(np.diag(self.matrix))
        order = [np.unravel_index(cell, wrong.shape) for cell in np.argsort(-wrong, axis=None, kind="stable")[:most]]
        return [
            {
                "class": self.classes[true],
                "taken_for": self.classes[said],
                "count": int(wrong[true, said]),
                "share": float(wrong[true, said] / self.matrix[true].sum()),
            }
            for true, said in order
            if wrong[true, said]
        ]


class LabelCounts(PerClass):
    """Several labels a sample: right ones, wrong ones and missed ones of every label."""

    def __init__(self, classes: Sequence[str]):
        super().__init__(classes)
        self.hits, self.false, self.missed = np.zeros((3, len(self.classes)), np.int64)

    def add(self, batch: Outputs) -> None:
        counted = batch.weights > 0
        given, truth = batch.outputs[counted] > THRESHOLD, batch.targets[counted] > THRESHOLD
        self.hits += (given & truth).sum(axis=0)
        self.false += (given & ~truth).sum(axis=0)
        self.missed += (~given & truth).sum(axis=0)

    def rows(self) -> list[Row]:
        """Precision, recall and F1 of every label."""
        count = self.hits + self.missed
        precision, recall = _ratios(self.hits, self.hits + self.false), _ratios(self.hits, count)
        f1 = _ratios(2 * self.hits, 2 * self.hits + self.false + self.missed)
        return [
            {"class": name, "count": int(count[i]), "precision": precision[i], "recall": recall[i], "f1": f1[i]}
            for i, name in enumerate(self.classes)
        ]


def make_per_class(task: Task, classes: Sequence[str]) -> PerClass:
    """The counts that a task has for every class. Raises FactoryError for numbers, which have no classes."""
    if task == "values":
        raise FactoryError("--per-class: these data have numbers to predict, no classes")
    return LabelCounts(classes) if task == "labels" else Confusion(classes, pixels=task == "pixels")


def _ratios(part: np.ndarray, whole: np.ndarray) -> list[float | None]:
    return [float(a / b) if b else None for a, b in zip(part, whole, strict=True)]
