"""Blended images with blended targets."""

from __future__ import annotations

import tensorflow as tf

from factory.train.augment.change import Changed, a_sample


def mixup(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, probability: float) -> Changed:
    """Images and targets, (b, k) float32, blended with those of the sample before in the batch.

    The first number is the share of the image itself, lambda in the paper. The order of samples is random, so the
    sample before is a random one, and another one as long as the batch has two.
    """
    shares = tf.where(draws[:, 1] < probability, draws[:, 0], 1.0)
    return _mixed(images, a_sample(shares)), _mixed(targets, a_sample(shares, 2))


def _mixed(values: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    before = tf.roll(values, 1, axis=0)
    return before + shares * (values - before)
