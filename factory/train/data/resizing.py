"""Images and masks brought to the size of the network's input: stretched, cut or padded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import tensorflow as tf

from factory.train.data.dataset import IGNORED

Size = tuple[int, int]
Resize = Literal["stretch", "crop", "pad"]


def resize_images(images: tf.Tensor, size: Size, policy: Resize) -> tf.Tensor:
    """Images (b, h, w, c) as (b, *size, c), of the same type; whole numbers stay whole, as in an image file.

    Bilinear, with antialiasing where images shrink. stretch: the aspect ratio changes. crop: the short side fits and
    the middle is cut out. pad: the long side fits and black comes in evenly around it.
    """
    return _fit(images, size, policy, _bilinear, 0)


def resize_masks(masks: tf.Tensor, size: Size, policy: Resize) -> tf.Tensor:
    """Class numbers (b, h, w) as (b, *size), int32, as `resize_images` does, but nearest; padding is IGNORED."""
    return _fit(masks[..., None], size, policy, _nearest, IGNORED)[..., 0]


def shrink(images: tf.Tensor, targets: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """float32 images, and masks if they are targets, at a size that is known only in the graph."""
    images = tf.image.resize(images, size, antialias=True)
    if targets.shape.rank == 3:
        targets = _nearest(targets[..., None], size)[..., 0]
    return images, targets


def _fit(pixels: tf.Tensor, size: Size, policy: Resize, resample: Callable[..., tf.Tensor], fill: int) -> tf.Tensor:
    if tuple(pixels.shape[1:3]) == size:
        return pixels
    if policy != "stretch":
        # measured in float64: sizes are whole numbers, and a half must not depend on the machine
        given = tf.cast(tf.shape(pixels)[1:3], tf.float64)
        factors = tf.constant(size, tf.float64) / given
        factor = tf.reduce_max(factors) if policy == "crop" else tf.reduce_min(factors)
        inner = tf.maximum(tf.cast(tf.round(given * factor), tf.int32), 1)
        pixels = resample(pixels, inner)
        pixels = _cut(pixels, inner, size) if policy == "crop" else _pad(pixels, inner, size, fill)
    else:
        pixels = resample(pixels, size)
    pixels.set_shape((None, *size, None))
    return pixels


def _cut(pixels: tf.Tensor, inner: tf.Tensor, size: Size) -> tf.Tensor:
    top, left = tf.unstack((inner - tf.constant(size)) // 2)
    return pixels[:, top : top + size[0], left : left + size[1]]


def _pad(pixels: tf.Tensor, inner: tf.Tensor, size: Size, fill: int) -> tf.Tensor:
    missing = tf.constant(size) - inner
    before = missing // 2
    zero = tf.zeros((1,), tf.int32)
    around = tf.stack([tf.concat([zero, before, zero], 0), tf.concat([zero, missing - before, zero], 0)], axis=1)
    return tf.pad(pixels, around, constant_values=tf.cast(fill, pixels.dtype))


def _bilinear(images: tf.Tensor, size: Any) -> tf.Tensor:
    grows = isinstance(size, tuple) and None not in images.shape[1:3] and all(map(int.__ge__, size, images.shape[1:3]))
    resized = tf.image.resize(images, size, antialias=not grows)
    return tf.cast(tf.round(resized), images.dtype) if images.dtype.is_integer else tf.cast(resized, images.dtype)


def _nearest(masks: tf.Tensor, size: Any) -> tf.Tensor:
    return tf.image.resize(masks, size, method="nearest")
