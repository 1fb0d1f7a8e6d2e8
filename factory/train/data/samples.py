"""Samples brought to one size, and the streams in which they are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from factory.train.augment.change import Change, Changed
from factory.train.data.dataset import Dataset
from factory.train.data.resizing import Resize, Size, resize_images, resize_masks


class Samples:
    """The images of a dataset at one size, of the type in which they are read, and their targets.

    `window` is what cuts from the original image before it is resized: it is stretched then, whatever `resize` says.
    """

    def __init__(self, dataset: Dataset, size: Size, resize: Resize, window: Change | None = None):
        self.dataset, self.size, self.window = dataset, size, window
        self.resize: Resize = "stretch" if window else resize

    def read(self, index: tf.Tensor, draws: tf.Tensor | None = None) -> Changed:
        """In graph: image (h, w, c) and target of a scalar int64; `draws` are those of the window, (k,)."""
        image, target = self.dataset.read(index)
        images, targets = image[None], target[None]
        if self.window and draws is not None:
            images, targets = self.window.apply(images, targets, draws[None])
        images, targets = self._resized(images, targets)
        return images[0], targets[0]

    def read_batch(self, indices: tf.Tensor) -> Changed:
        """In graph: images (b, h, w, c) and targets of indices (b,), of data in memory, without a window."""
        return self._resized(*self.dataset.read_batch(indices))

    def _resized(self, images: tf.Tensor, targets: tf.Tensor) -> Changed:
        images = resize_images(images, self.size, self.resize)
        if self.dataset.task == "pixels":
            targets = resize_masks(targets, self.size, self.resize)
        return images, targets


class Threads:
    """How streams run: in threads of their own, in order, without a search for a better plan, which takes time."""

    def __init__(self, count: int | None = None):
        self.count = count or spare_threads()

    def each(self, elements: tf.data.Dataset, function: Callable[..., Any]) -> tf.data.Dataset:
        """The function's results, in order."""
        plain = tf.autograph.experimental.do_not_convert(function)
        return elements.map(plain, num_parallel_calls=self.count, deterministic=True)

    def ahead(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """The stream, two batches ahead of the one who asks."""
        options = tf.data.Options()
        options.deterministic = True
        options.autotune.enabled = False
        options.experimental_optimization.apply_default_optimizations = False
        options.threading.private_threadpool_size = self.count
        options.threading.max_intra_op_parallelism = 1
        return batches.prefetch(2).with_options(options)


def spare_threads() -> int:
    """Threads for reading: half of the cores, for the other half trains; all of them where a GPU does that."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if tf.config.list_physical_devices("GPU") else max(1, cores // 2)
