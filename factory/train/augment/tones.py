"""Operations on the tones of images that RandAugment has from Pillow's ImageOps: one new tone for each old one."""

from __future__ import annotations

import tensorflow as tf

from factory.train.augment.change import a_sample, choose


def autocontrast(images: tf.Tensor) -> tf.Tensor:
    """The darkest pixel of every channel becomes 0, the lightest 255; a channel of one tone stays."""
    darkest = tf.reduce_min(images, axis=[1, 2], keepdims=True)
    lightest = tf.reduce_max(images, axis=[1, 2], keepdims=True)
    several = lightest > darkest
    offset = tf.where(several, darkest, 0.0)
    return (images - offset) * tf.where(several, tf.math.divide_no_nan(255.0, lightest - darkest), 1.0)


def equalize(images: tf.Tensor) -> tf.Tensor:
    """Tones of every channel so that each is about as frequent; a channel of one tone stays. Pixels become whole."""
    shape = tf.shape(images)
    channels = shape[0] * images.shape[-1]
    tones = tf.cast(tf.round(tf.transpose(images, (0, 3, 1, 2))), tf.int32)
    flat = tf.reshape(tones, (channels, shape[1] * shape[2]))
    counts = _histogram(flat, channels)
    # the tones above the darkest are spread over what pixels the lightest tone leaves
    step = (tf.reduce_sum(counts, axis=1, keepdims=True) - _last_count(counts)) // 255
    table = (tf.cumsum(counts, axis=1, exclusive=True) + step // 2) // tf.maximum(step, 1)
    table = tf.where(step > 0, tf.clip_by_value(table, 0, 255), tf.range(256))
    spread = tf.reshape(tf.gather(table, flat, batch_dims=1), tf.shape(tones))
    return tf.cast(tf.transpose(spread, (0, 2, 3, 1)), tf.float32)


def _histogram(tones: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """How often each of 256 tones is in each row of (rows, n)."""
    places = tf.reshape(tones + 256 * tf.range(rows)[:, None], (-1,))
    return tf.reshape(tf.math.unsorted_segment_sum(tf.ones_like(places), places, 256 * rows), (rows, 256))


def _last_count(counts: tf.Tensor) -> tf.Tensor:
    """How often the lightest tone that occurs does, (rows, 1)."""
    lightest = tf.reduce_max(tf.where(counts > 0, tf.range(256), 0), axis=1, keepdims=True)
    return tf.gather(counts, lightest, batch_dims=1)


def solarize(images: tf.Tensor, thresholds: tf.Tensor) -> tf.Tensor:
    """Pixels at or above the threshold of their image, (b,), are inverted."""
    return choose(images >= a_sample(thresholds), 255 - images, images)


def posterize(images: tf.Tensor, bits: tf.Tensor) -> tf.Tensor:
    """Only the highest bits of every pixel are kept: `bits` of the image, (b,), at least one."""
    steps = 2 ** a_sample(8 - tf.maximum(bits, 1.0))
    return tf.floor(images / steps) * steps
