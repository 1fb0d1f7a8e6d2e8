"""Decoded images kept in memory, so that files are decoded once in a run."""

from __future__ import annotations

from typing import Literal

import numpy as np
import tensorflow as tf

from factory.train.data.calling import loosely
from factory.train.data.dataset import Dataset
from factory.train.data.resizing import Size

Cache = Literal["auto", "memory", "none"]

LIMIT = 2 * 1024**3
"""Bytes up to which `auto` keeps images."""


def is_kept(dataset: Dataset, size: Size, cache: Cache) -> bool:
    """Whether images of this size are to be kept: those of files, when asked for or when they are small enough."""
    if dataset.arrays is not None or cache == "none":
        return False
    return cache == "memory" or dataset.decoded_bytes(size) <= LIMIT


class Kept:
    """The images of a dataset at one size, uint8, and their masks; filled as they are read."""

    def __init__(self, dataset: Dataset, size: Size):
        self.images = np.empty((dataset.size, *size, dataset.channels), np.uint8)
        self.targets = np.empty((dataset.size, *size), np.uint8) if dataset.targets is None else dataset.targets
        self.present = np.zeros(dataset.size, bool)

    def missing(self) -> np.ndarray:
        """The samples that are not here yet."""
        return np.flatnonzero(~self.present)

    def keep(self, indices: tf.Tensor, images: tf.Tensor, targets: tf.Tensor) -> None:
        """In graph: adds samples."""
        tf.numpy_function(loosely(Kept._put, self), [indices, images, targets], [])

    def take(self, indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """In graph: images (b, h, w, c) uint8 and targets of samples that are here; masks are int32."""
        kind = tf.as_dtype(self.targets.dtype)
        images, targets = tf.numpy_function(loosely(Kept._taken, self), [indices], [tf.uint8, kind], stateful=False)
        images = tf.ensure_shape(images, (indices.shape[0], *self.images.shape[1:]))
        targets = tf.ensure_shape(targets, (indices.shape[0], *self.targets.shape[1:]))
        return images, tf.cast(targets, tf.int32) if self.targets.ndim == 3 else targets

    def _put(self, indices: np.ndarray, images: np.ndarray, targets: np.ndarray) -> None:
        self.images[indices] = images
        if targets.ndim == 3:
            self.targets[indices] = targets
        self.present[indices] = True

    def _taken(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.images[indices], self.targets[indices]
