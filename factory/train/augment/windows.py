"""Augmentations that replace a window of an image: by noise or a colour (erase), by another image (cutmix)."""

from __future__ import annotations

from typing import Literal

import tensorflow as tf

from factory.train.augment.change import Changed, a_sample, choose_pixels, is_mask, lengths, sizes
from factory.train.augment.noise import random_pixels
from factory.train.data.dataset import IGNORED

Span = tuple[float, float]


def erase(
    images: tf.Tensor,
    targets: tf.Tensor,
    draws: tf.Tensor,
    probability: float,
    area: Span,
    ratio: Span,
    fill: float | Literal["noise"],
) -> Changed:
    """A window anywhere inside the image wiped out; its pixels in a mask are IGNORED.

    Area and ratio are uniform. The paper draws both again where the window does not fit; here the ratio is drawn from
    those with which it fits.
    """
    height, width = lengths(images)
    share = area[0] + (area[1] - area[0]) * draws[:, 1]
    lowest = tf.maximum(ratio[0], share * height / width)
    highest = tf.minimum(ratio[1], height / (share * width))
    ratios = tf.minimum(lowest + draws[:, 2] * tf.maximum(highest - lowest, 0.0), highest)
    pixels = share * height * width
    high = tf.clip_by_value(tf.round(tf.sqrt(pixels * ratios)), 1.0, height)
    wide = tf.clip_by_value(tf.round(tf.sqrt(pixels / ratios)), 1.0, width)
    top = tf.floor(draws[:, 3] * (height - high + 1))
    left = tf.floor(draws[:, 4] * (width - wide + 1))
    chosen = a_sample(draws[:, 0] < probability, 3) & inside_window(images, top, top + high, left, left + wide)
    new = (
        255 * random_pixels(draws[:, 5:7], images, "uniform")
        if fill == "noise"
        else tf.fill(tf.shape(images), float(fill))
    )
    images = choose_pixels(chosen, new, images)
    if is_mask(targets):
        targets = tf.where(chosen, IGNORED, targets)
    return images, targets


def cutmix(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, probability: float) -> Changed:
    """A window of the sample before in the batch put in; targets, (b, k) float32, are mixed by the areas.

    The first number is the share that is left, lambda in the paper; the window's centre is uniform and what of it lies
    outside the image is lost.
    """
    height, width = lengths(images)
    side = tf.where(draws[:, 1] < probability, tf.sqrt(1 - draws[:, 0]), 0.0)
    top, bottom = _around(draws[:, 2] * height, side * height, height)
    left, right = _around(draws[:, 3] * width, side * width, width)
    window = inside_window(images, top, bottom, left, right)
    kept = a_sample(1 - (bottom - top) * (right - left) / (height * width), 2)
    images = choose_pixels(window, tf.roll(images, 1, axis=0), images)
    return images, kept * targets + (1 - kept) * tf.roll(targets, 1, axis=0)


def _around(centre: tf.Tensor, length: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    first = tf.floor(centre) - tf.floor(tf.floor(length) / 2)
    return tf.maximum(first, 0.0), tf.minimum(first + tf.floor(length), size)


def inside_window(images: tf.Tensor, top: tf.Tensor, bottom: tf.Tensor, left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Which pixels lie in a window of each image, (b, h, w); top and left are in it, bottom and right are not."""
    rows, columns = (tf.cast(tf.range(size), tf.float32) for size in sizes(images))
    high = (rows >= top[:, None]) & (rows < bottom[:, None])
    wide = (columns >= left[:, None]) & (columns < right[:, None])
    return high[:, :, None] & wide[:, None, :]
