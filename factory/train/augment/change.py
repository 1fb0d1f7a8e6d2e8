"""What an augmentation is to the pipeline: laws of its random numbers and a pure function on batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from factory.train.data.draws import Law

Changed = tuple[tf.Tensor, tf.Tensor]


class Change(NamedTuple):
    """`apply(images, targets, draws)` gives images and targets.

    Images are (b, h, w, c) float32, 0 to 255; `draws` is (b, len(laws)) float32, a row a sample. Targets that are
    masks, (b, h, w) class numbers, move along with the images.
    """

    laws: tuple[Law, ...]
    apply: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Changed]


def is_mask(targets: tf.Tensor) -> bool:
    """Whether targets are classes of every pixel."""
    return targets.shape.rank == 3


def on_colours(function: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """The function's result on grey or RGB channels, within 0 to 255; an alpha channel stays as it is."""
    if images.shape[-1] != 4:
        return tf.clip_by_value(function(images), 0.0, 255.0)
    changed = tf.clip_by_value(function(images[..., :3]), 0.0, 255.0)
    return tf.concat([changed, images[..., 3:]], axis=-1)


def sizes(images: tf.Tensor) -> tuple[Any, Any]:
    """Height and width, as numbers where they are known before the graph runs, else as int32 scalars."""
    height, width = images.shape[1:3]
    return (height, width) if height and width else tuple(tf.unstack(tf.shape(images)[1:3]))


def lengths(images: tf.Tensor) -> tuple[Any, Any]:
    """`sizes` to calculate with: float32 where they are scalars."""
    height, width = sizes(images)
    if isinstance(height, int):
        return float(height), float(width)
    return tf.cast(height, tf.float32), tf.cast(width, tf.float32)


def choose(chosen: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    """The new samples where they are chosen, (b,), else the old ones; or pixels, where `chosen` has the images' shape.

    It takes a tenth of the time of tf.where, which broadcasts.
    """
    return tf.raw_ops.Select(condition=chosen, x=new, y=old)


def choose_pixels(window: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    """New pixels within the window of each image, (b, h, w), old ones around it."""
    flat = [tf.reshape(images, (-1, old.shape[-1])) for images in (new, old)]
    return tf.reshape(choose(tf.reshape(window, (-1,)), *flat), tf.shape(old))


def a_sample(values: tf.Tensor, rank: int = 4) -> tf.Tensor:
    """Numbers (b,) in a shape in which each applies to its whole image (rank 4), mask (3) or row of targets (2)."""
    return tf.reshape(values, [-1] + [1] * (rank - 1))
