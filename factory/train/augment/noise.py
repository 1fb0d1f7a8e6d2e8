"""Random pixels: Gaussian noise as an augmentation, and the numbers behind it, a function of each sample's draws."""

from __future__ import annotations

import tensorflow as tf

from factory.train.augment.change import Changed, on_colours


def noise(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, std: float) -> Changed:
    """Gaussian noise with this standard deviation added to every pixel and channel."""

    def noisy(colours: tf.Tensor) -> tf.Tensor:
        return colours + std * random_pixels(draws, colours, "normal")

    return on_colours(noisy, images), targets


def random_pixels(draws: tf.Tensor, like: tf.Tensor, law: str) -> tf.Tensor:
    """Standard normal numbers, or uniform ones in [0, 1), in the shape of `like`, (b, h, w, c).

    The two draws of a sample, (b, 2), are its seed, so that it has the same noise in any batch and any order.
    """
    draw = tf.random.stateless_normal if law == "normal" else tf.random.stateless_uniform
    shape = tf.shape(like)[1:]
    filled = tf.map_fn(
        lambda seed: draw(shape, seed, alg="philox"), tf.bitcast(draws, tf.int32), fn_output_signature=tf.float32
    )
    return tf.ensure_shape(filled, like.shape)
