"""What evaluation is tested on: a small network, padded batches, measures by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

import factory
from factory.spec import Spec
from factory.train.evaluate import Evaluator
from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.recipe.sections import Evaluation, Loss

CLASSES = ("a", "b", "c", "d")
Batch = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


def spec(**stages: Any) -> Spec:
    return factory.load(
        {
            "name": "net",
            "input": {"resolution": 8, "preprocess": "unit"},
            "classes": 4,
            "stages": {
                "stem": {"block": "conv", "filters": 6, "kernel": 3, "stride": 2},
                "flatten": {"block": "flatten"},
                "head": {"block": "dense", "units": "$classes", "activation": "softmax"},
            }
            | stages,
        }
    )


def samples(count: int = 10, size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.uniform(0, 255, (count, size, size, 3)).astype("float32"), rng.integers(0, 4, count).astype("int32")


def batches(images: np.ndarray, targets: np.ndarray, size: int = 4) -> list[Batch]:
    """Batches of one size, the last one filled up with something of weight 0."""
    made = []
    for start in range(0, len(images), size):
        index = np.minimum(np.arange(start, start + size), len(images) - 1)
        weights = (np.arange(start, start + size) < len(images)).astype("float32")
        made.append(tuple(map(tf.constant, (images[index], targets[index], weights))))
    return made


def evaluator(model: keras.Model, evaluation: Evaluation | None = None, **options: Any) -> Evaluator:
    loss, measures = make_loss(Loss(), "classes", CLASSES), make_measures("classes", CLASSES)
    return Evaluator(model, loss, measures, evaluation or Evaluation(), (8, 8), **options)


def expected(chances: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    chances = np.asarray(chances, "float64")
    return {
        "loss": -np.mean(np.log(chances[np.arange(len(targets)), targets])),
        "accuracy": np.mean(chances.argmax(axis=1) == targets),
    }
