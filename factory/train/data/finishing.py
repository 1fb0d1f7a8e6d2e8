"""From samples of one size to a batch for the training step: augmented images, their targets, their weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.augment.change import Change
from factory.train.augment.table import apply_all
from factory.train.data.dataset import Dataset
from factory.train.data.resizing import shrink

Batch = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
"""Images (b, h, w, c) float32, 0 to 255; targets; weights (b,) float32."""


class Finishing:
    """What happens to a batch after reading.

    `mixes` tells that an augmentation mixes targets, which are probabilities then. `class_weights`, (classes,), weigh
    samples in the loss: by their class, by the mean over their labels, by the shares of a mixed target. Raises
    FactoryError for class weights of data without classes.
    """

    def __init__(
        self, dataset: Dataset, changes: Sequence[Change], mixes: bool, class_weights: np.ndarray | None = None
    ):
        if class_weights is not None and dataset.task not in ("classes", "labels"):
            raise FactoryError(f"data.class_weights: {dataset.name} has no classes of images that could be weighed")
        self.task, self.count = dataset.task, len(dataset.classes)
        self.changes, self.mixes, self.class_weights = changes, mixes, class_weights

    def __call__(self, images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, size: tf.Tensor | None = None) -> Batch:
        """In graph: the batch of samples (b, h, w, c), shrunk to a size (2,) if there is one."""
        images = tf.cast(images, tf.float32)
        if size is not None:
            images, targets = shrink(images, targets, size)
        if self.mixes and self.task == "classes":
            targets = tf.one_hot(targets, self.count)
        images, targets = apply_all(self.changes, images, targets, draws)
        return images, targets, self._weights(images, targets)

    def _weights(self, images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        if self.class_weights is None:
            return tf.ones((images.shape[0],))
        weights = tf.constant(self.class_weights, tf.float32)
        if targets.shape.rank == 1:
            return tf.gather(weights, targets)
        total = tf.linalg.matvec(targets, weights)
        if self.task == "classes":
            return total
        labels = tf.reduce_sum(targets, axis=1)
        return tf.where(labels > 0, tf.math.divide_no_nan(total, labels), 1.0)
