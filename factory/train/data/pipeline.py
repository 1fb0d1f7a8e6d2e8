"""Batches for training and evaluation: read in parallel, resized, augmented, the same whatever runs beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.augment.change import Changed
from factory.train.augment.table import make_change
from factory.train.data.dataset import Dataset
from factory.train.data.draws import Law, batch_choices, sample_draws, sample_order
from factory.train.data.finishing import Batch, Finishing
from factory.train.data.keeping import Cache, Kept, is_kept
from factory.train.data.resizing import Resize, Size
from factory.train.data.samples import Samples, Threads
from factory.train.recipe.augmentation_kinds import Augmentation, RandomResizedCrop
from factory.train.recipe.augmentations import check_augmentations
from factory.train.recipe.sections import Evaluation

_ENDLESS = np.iinfo(np.int64).max
_FILLING = 64  # samples at a time


def steps_per_epoch(size: int, batch_size: int) -> int:
    """Whole batches in so many samples; a set smaller than a batch is one batch."""
    return max(1, size // batch_size)


def training_batches(dataset: Dataset, *, epoch: int, start_step: int = 0, **settings: Any) -> tf.data.Dataset:
    """The batches of one epoch from a step on; a run has a TrainingFeed instead, whose settings these are."""
    feed = TrainingFeed(dataset, **settings)
    return feed.stream(epoch, start_step).take(feed.steps - start_step)


class TrainingFeed:
    """The training batches of a dataset, epoch after epoch.

    A batch depends on the seed, the epoch and its step only, so an epoch can go on at any step. Images come to the
    resolution (height, width) and are augmented in the order given. With `multi_scale`, sizes in pixels, they come to
    the largest one, and each batch is shrunk to a size of its own before the augmentations; the sizes are heights,
    widths are in proportion. For `class_weights` see Finishing, for `cache` see `is_kept`.

    Raises FactoryError for augmentations that these data cannot have, and for a cache that they cannot use.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        batch_size: int,
        resolution: Size,
        seed: int,
        resize: Resize = "stretch",
        augment: Sequence[Augmentation] = (),
        class_weights: np.ndarray | None = None,
        multi_scale: Sequence[int] = (),
        cache: Cache = "auto",
        strategy: tf.distribute.Strategy | None = None,
        threads: int | None = None,
    ):
        check_augmentations(tuple(augment), dataset.task, dataset.channels)
        self.dataset, self.seed, self.strategy, self.threads = dataset, seed, strategy, Threads(threads)
        self.batch_size = min(batch_size, dataset.size)
        self.steps = steps_per_epoch(dataset.size, batch_size)
        changes = [make_change(augmentation) for augmentation in augment]
        self.laws = [change.laws for change in changes]
        window = changes.pop(0) if augment and isinstance(augment[0], RandomResizedCrop) else None
        self.window_draws = len(window.laws) if window else 0
        height, width = resolution
        self.sizes = [(pixels, round(pixels * width / height)) for pixels in multi_scale]
        largest = max(self.sizes, default=resolution)
        self.samples = Samples(dataset, largest, resize, window)
        self.finish = Finishing(dataset, changes, any(one.mixes for one in augment), class_weights)
        if window and cache == "memory":
            raise FactoryError(
                "data.cache: memory keeps images at the input's size, but random_resized_crop cuts each time from the "
                "original: expected auto or none"
            )
        self.kept = Kept(dataset, largest) if not window and is_kept(dataset, largest, cache) else None
        self._running: Iterator[Any] | None = None
        self._position: tuple[int, int] | None = None
        self._keeping = False

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Any]:
        """The batches of an epoch, counted from 0, from a step on; with a strategy each device's share of them.

        All epochs come from one stream, which reads ahead into the next one, as long as they follow on each other.
        """
        if self._position != (epoch, start_step) or self._running is None:
            self._keeping = self.kept is not None and not self.kept.present.any()
            stream = self.stream(epoch, start_step)
            self._running = iter(self.strategy.experimental_distribute_dataset(stream) if self.strategy else stream)
        for step in range(start_step, self.steps):
            batch = next(self._running)
            self._position = (epoch, step + 1)
            yield batch
        self._position = (epoch + 1, 0)
        if self._keeping:
            self._running = None  # what has been read is in memory now

    def stream(self, epoch: int, start_step: int = 0) -> tf.data.Dataset:
        """The batches from a step of an epoch on, through all epochs after it: images, targets and weights.

        Images are (b, h, w, c) float32, 0 to 255. Targets are for classes (b,) int32, or (b, classes) float32 where
        an augmentation mixes them; labels (b, classes) float32; values (b, k) float32; pixels (b, h, w) int32. While
        images of files are being kept the stream ends with the epoch.
        """
        rows = self._rows(epoch, start_step)
        if self.kept and self.kept.present.any():
            self._keep_missing(self.kept)
            return self.threads.ahead(self.threads.each(rows, self._kept))
        if self.dataset.arrays is not None and not self.window_draws:
            return self.threads.ahead(self.threads.each(rows, self._in_memory))
        read = self.threads.each(rows.map(self._to_read).unbatch(), self.samples.read)
        batches = self.threads.each(
            tf.data.Dataset.zip(read.batch(self.batch_size, drop_remainder=True), rows), self._from_files
        )
        return self.threads.ahead(batches.take(self.steps - start_step) if self.kept else batches)

    def _rows(self, epoch: int, start_step: int) -> tf.data.Dataset:
        """What each batch is made of: indices (b,), random numbers (b, k) and, with `multi_scale`, its size (2,)."""
        specs = [
            tf.TensorSpec((None, self.batch_size), tf.int64),
            tf.TensorSpec((None, self.batch_size, sum(map(len, self.laws))), tf.float32),
            *([tf.TensorSpec((None, 2), tf.int32)] if self.sizes else []),
        ]
        drawn = partial(_drawn, self.dataset.size, self.seed, self.steps, self.batch_size, self.laws, self.sizes)

        def rows(number: tf.Tensor) -> tf.data.Dataset:
            arrays = tf.numpy_function(drawn, [number], [spec.dtype for spec in specs])
            shaped = [tf.ensure_shape(array, spec.shape) for array, spec in zip(arrays, specs, strict=True)]
            return tf.data.Dataset.from_tensor_slices(tuple(shaped))

        plain = tf.autograph.experimental.do_not_convert(rows)
        return tf.data.Dataset.range(epoch, _ENDLESS).flat_map(plain).skip(start_step)

    def _to_read(self, indices: tf.Tensor, draws: tf.Tensor, *size: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """What `Samples.read` takes. Draws without columns are left out: TensorFlow crashes on unbatching them."""
        return (indices, draws[:, : self.window_draws]) if self.window_draws else (indices,)

    def _in_memory(self, indices: tf.Tensor, draws: tf.Tensor, *size: tf.Tensor) -> Batch:
        return self.finish(*self.samples.read_batch(indices), draws, *size)

    def _kept(self, indices: tf.Tensor, draws: tf.Tensor, *size: tf.Tensor) -> Batch:
        assert self.kept
        return self.finish(*self.kept.take(indices), draws, *size)

    def _from_files(self, sample: Changed, row: tuple[tf.Tensor, ...]) -> Batch:
        indices, draws, *size = row
        if self.kept:
            self.kept.keep(indices, *sample)
        return self.finish(*sample, draws[:, self.window_draws :], *size)

    def _keep_missing(self, kept: Kept) -> None:
        """Reads what is not in memory yet: what an epoch left out, which ends with a whole batch."""
        missing = kept.missing()
        if not len(missing):
            return
        indices = tf.data.Dataset.from_tensor_slices(missing)
        read = self.threads.each(indices, self.samples.read)
        for places, sample in tf.data.Dataset.zip(indices.batch(_FILLING), read.batch(_FILLING)):
            kept.keep(places, *sample)


def _drawn(
    size: int,
    seed: int,
    steps: int,
    batch_size: int,
    laws: Sequence[Sequence[Law]],
    sizes: Sequence[Size],
    epoch: np.int64,
) -> tuple[np.ndarray, ...]:
    """All rows of an epoch. No method: TensorFlow keeps what it calls for ever, and a feed holds its images."""
    number = int(epoch)
    order = sample_order(size, seed, number)[: steps * batch_size]
    draws = sample_draws(laws, size, seed, number)[order]
    rows = order.reshape(steps, -1), draws.reshape(steps, batch_size, draws.shape[1])
    if not sizes:
        return rows
    return *rows, np.array(sizes, np.int32)[batch_choices(len(sizes), steps, seed, number)]


def evaluation_batches(
    dataset: Dataset,
    *,
    batch_size: int,
    resolution: Size,
    resize: Resize,
    evaluation: Evaluation,
    cache: Cache = "auto",
    threads: int | None = None,
) -> tf.data.Dataset:
    """All samples in order, without augmentation, at `evaluation.scale` times the resolution; as `training_batches`.

    The last batch is filled up with samples of weight 0; a set smaller than a batch is one of its own size. Whoever
    goes through the same stream again finds the images of files in memory, where `cache` says so; see `is_kept`.
    """
    height, width = (round(evaluation.scale * pixels) for pixels in resolution)
    samples, pool = Samples(dataset, (height, width), resize), Threads(threads)
    size, count = min(batch_size, dataset.size), dataset.size
    steps = -(-count // size)
    places = np.arange(steps * size).reshape(steps, size)
    weights = tf.data.Dataset.from_tensor_slices((places < count).astype(np.float32))
    if dataset.arrays is not None:
        read = pool.each(tf.data.Dataset.from_tensor_slices(np.minimum(places, count - 1)), samples.read_batch)
    else:
        read = pool.each(tf.data.Dataset.range(count), samples.read).batch(size)
        if is_kept(dataset, (height, width), cache):
            read = read.cache()

    def filled_up(sample: Changed, weights: tf.Tensor) -> Batch:
        images, targets = (_with_rows(values, size) for values in sample)
        return tf.cast(images, tf.float32), targets, weights

    return pool.ahead(pool.each(tf.data.Dataset.zip(read, weights), filled_up))


def _with_rows(values: tf.Tensor, count: int) -> tf.Tensor:
    """So many rows: zeros come behind those there are."""
    around = tf.scatter_nd([[0, 1]], count - tf.shape(values)[:1], (values.shape.rank, 2))
    return tf.ensure_shape(tf.pad(values, around), (count, *values.shape[1:]))
