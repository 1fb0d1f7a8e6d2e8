"""A random window of the original image, before it is brought to the input's size."""

from __future__ import annotations

import tensorflow as tf

from factory.train.augment.change import Changed, is_mask

Span = tuple[float, float]


def random_window(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, scale: Span, ratio: Span) -> Changed:
    """The same window of a batch of one: images (1, h, w, c) and a mask (1, h, w); `draws` is (1, 4).

    Its area is uniform in `scale`, its ratio log-uniform in `ratio`, its place uniform. Others draw area and ratio
    again where the window does not fit; here the ratio is drawn from those with which it fits, and where there are
    none, in very long images, the window shrinks.
    """
    height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))
    share, turn, top, left = tf.unstack(draws[0])
    area = (scale[0] + (scale[1] - scale[0]) * share) * height * width
    lowest = tf.clip_by_value(area / height**2, ratio[0], ratio[1])
    highest = tf.clip_by_value(width**2 / area, ratio[0], ratio[1])
    aspect = tf.exp(tf.math.log(lowest) + turn * (tf.math.log(highest) - tf.math.log(lowest)))
    wide, high = tf.sqrt(area * aspect), tf.sqrt(area / aspect)
    fits = tf.minimum(1.0, tf.minimum(width / wide, height / high))
    high = tf.clip_by_value(tf.round(high * fits), 1.0, height)
    wide = tf.clip_by_value(tf.round(wide * fits), 1.0, width)
    top, left = tf.floor(top * (height - high + 1)), tf.floor(left * (width - wide + 1))
    top, left, high, wide = (tf.cast(number, tf.int32) for number in (top, left, high, wide))
    images = images[:, top : top + high, left : left + wide]
    if is_mask(targets):
        targets = targets[:, top : top + high, left : left + wide]
    return images, targets
