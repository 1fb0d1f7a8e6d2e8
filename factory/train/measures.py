"""Measures of a network on data, as sums that add up over batches, machines and a resumed epoch."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
import tensorflow as tf

from factory.train.data.dataset import Task
from factory.train.losses import at_size_of, counted_pixels

TOP = 5
MANY = 10
"""With more classes than this, whether the true one is among the TOP most probable is measured, too."""
THRESHOLD = 0.5
"""A label is given to a sample where its probability is above this."""


Shapes = dict[str, tuple[int, ...]]


class Measures(ABC):
    """The measures of a task.

    `sums` is what one batch adds, in a graph; sums of batches are added up by the caller, and `results` makes measures
    of them. "loss" and "weight" are the sums of losses times weights, and of weights; all other measures count a sample
    with a weight as one and a sample of weight 0, such as padding, not at all.
    `headline` is the measure by which networks are compared, and whether it should be high or low.
    """

    headline: ClassVar[tuple[str, Literal["max", "min"]]]

    def __init__(self, classes: Sequence[str]):
        self.classes = len(classes)

    def zeros(self) -> dict[str, np.ndarray]:
        """The sums of no batches at all: float32 arrays."""
        shapes: Shapes = {"loss": (), "weight": (), **self._shapes()}
        return {name: np.zeros(shape, "float32") for name, shape in shapes.items()}

    def sums(
        self, targets: tf.Tensor, outputs: tf.Tensor, weights: tf.Tensor, losses: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """What a batch adds, float32, from its targets, the network's outputs, and (batch,) weights and losses."""
        counted = tf.cast(weights > 0, "float32")
        total = {"loss": tf.reduce_sum(losses * weights), "weight": tf.reduce_sum(weights)}
        return total | self._sums(targets, outputs, counted)

    def results(self, sums: Mapping[str, np.ndarray]) -> dict[str, float]:
        """The measures that these sums come to, "loss" first; nan where no sample counts."""
        exact = {name: np.asarray(value, "float64") for name, value in sums.items()}
        return {"loss": _ratio(exact["loss"], exact["weight"])} | self._results(exact)

    @abstractmethod
    def _shapes(self) -> Shapes: ...

    @abstractmethod
    def _sums(self, targets: tf.Tensor, outputs: tf.Tensor, counted: tf.Tensor) -> dict[str, tf.Tensor]: ...

    @abstractmethod
    def _results(self, sums: dict[str, np.ndarray]) -> dict[str, float]: ...


class ClassMeasures(Measures):
    """One class a sample, a number or a share of each: accuracy, and top5_accuracy where there are many classes.

    The true class of a mixed sample is the one with the largest share.
    """

    headline = ("accuracy", "max")

    def _shapes(self) -> Shapes:
        return dict.fromkeys(("count", "correct", "top5") if self.classes > MANY else ("count", "correct"), ())

    def _sums(self, targets: tf.Tensor, outputs: tf.Tensor, counted: tf.Tensor) -> dict[str, tf.Tensor]:
        truth = targets if targets.dtype.is_integer else tf.argmax(targets, axis=-1)
        truth = tf.cast(truth, "int32")[:, None]
        _, best = tf.math.top_k(outputs, TOP if self.classes > MANY else 1)
        hits = tf.cast(best == truth, "float32") * counted[:, None]
        sums = {"count": tf.reduce_sum(counted), "correct": tf.reduce_sum(hits[:, 0])}
        return sums | ({"top5": tf.reduce_sum(hits)} if self.classes > MANY else {})

    def _results(self, sums: dict[str, np.ndarray]) -> dict[str, float]:
        results = {"accuracy": _ratio(sums["correct"], sums["count"])}
        return results | ({"top5_accuracy": _ratio(sums["top5"], sums["count"])} if "top5" in sums else {})


class LabelMeasures(Measures):
    """Any number of labels a sample: f1 over all labels of all samples (micro), and the share of samples all right."""

    headline = ("f1", "max")

    def _shapes(self) -> Shapes:
        return {"count": (), "exact": (), "hits": (), "false": (), "missed": ()}

    def _sums(self, targets: tf.Tensor, outputs: tf.Tensor, counted: tf.Tensor) -> dict[str, tf.Tensor]:
        given = tf.cast(outputs > THRESHOLD, "float32")
        truth = tf.cast(targets > THRESHOLD, "float32")
        exact = tf.cast(tf.reduce_all(given == truth, axis=-1), "float32")
        return {
            "count": tf.reduce_sum(counted),
            "exact": tf.reduce_sum(exact * counted),
            "hits": tf.reduce_sum(given * truth * counted[:, None]),
            "false": tf.reduce_sum(given * (1 - truth) * counted[:, None]),
            "missed": tf.reduce_sum((1 - given) * truth * counted[:, None]),
        }

    def _results(self, sums: dict[str, np.ndarray]) -> dict[str, float]:
        labels = 2 * sums["hits"] + sums["false"] + sums["missed"]
        return {
            "f1": _ratio(2 * sums["hits"], labels) if labels else 0.0,
            "exact_match": _ratio(sums["exact"], sums["count"]),
        }


class ValueMeasures(Measures):
    """Numbers: the mean over samples and numbers of the absolute error, and the root of that of the squared error."""

    headline = ("mean_absolute_error", "min")

    def _shapes(self) -> Shapes:
        return {"count": (), "absolute": (), "squared": ()}

    def _sums(self, targets: tf.Tensor, outputs: tf.Tensor, counted: tf.Tensor) -> dict[str, tf.Tensor]:
        errors = outputs - tf.cast(targets, outputs.dtype)
        return {
            "count": tf.reduce_sum(counted),
            "absolute": tf.reduce_sum(tf.reduce_mean(tf.abs(errors), axis=-1) * counted),
            "squared": tf.reduce_sum(tf.reduce_mean(tf.square(errors), axis=-1) * counted),
        }

    def _results(self, sums: dict[str, np.ndarray]) -> dict[str, float]:
        return {
            "mean_absolute_error": _ratio(sums["absolute"], sums["count"]),
            "root_mean_squared_error": math.sqrt(_ratio(sums["squared"], sums["count"])),
        }


class PixelMeasures(Measures):
    """A class for every pixel: mean_iou and accuracy over all pixels of all samples but the ignored ones.

    The intersection over union of a class is its pixels that are right over those that are, or are said to be, of it;
    the mean is over the classes that occur in either, as in Keras' MeanIoU. Its sum counts pixels: [true, said] class.
    """

    headline = ("mean_iou", "max")

    def _shapes(self) -> Shapes:
        return {"confusion": (self.classes, self.classes)}

    def _sums(self, targets: tf.Tensor, outputs: tf.Tensor, counted: tf.Tensor) -> dict[str, tf.Tensor]:
        said = tf.argmax(at_size_of(targets, outputs), axis=-1, output_type="int32")
        truth, known = counted_pixels(targets)
        cells = tf.math.unsorted_segment_sum(
            known * counted[:, None, None], truth * self.classes + said, self.classes * self.classes
        )
        return {"confusion": tf.reshape(cells, (self.classes, self.classes))}

    def _results(self, sums: dict[str, np.ndarray]) -> dict[str, float]:
        confusion = sums["confusion"]
        right, pixels = np.diag(confusion), confusion.sum()
        union = confusion.sum(axis=0) + confusion.sum(axis=1) - right
        there = union > 0
        return {
            "mean_iou": float(np.mean(right[there] / union[there])) if pixels else math.nan,
            "accuracy": _ratio(right.sum(), pixels),
        }


def make_measures(task: Task, classes: Sequence[str]) -> Measures:
    """The measures of a task whose data have these classes (or, for values, numbers)."""
    kinds: dict[Task, type[Measures]] = {
        "classes": ClassMeasures,
        "labels": LabelMeasures,
        "values": ValueMeasures,
        "pixels": PixelMeasures,
    }
    return kinds[task](classes)


def _ratio(part: np.ndarray, whole: np.ndarray) -> float:
    return float(part) / float(whole) if whole else math.nan
