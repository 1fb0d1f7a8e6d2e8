"""Augmentations that resample pixels: turned, zoomed and sheared images, through one affine map."""

from __future__ import annotations

import math
from typing import Any, Literal

import tensorflow as tf

from factory.train.augment.change import Changed, is_mask, lengths
from factory.train.data.dataset import IGNORED

Fill = float | Literal["reflect"]
Lengths = tuple[Any, Any]
"""Height and width: see `lengths`."""


def rotate(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, degrees: float, fill: Fill) -> Changed:
    """Turned about the centre by an angle that is uniform in -degrees to degrees."""
    angles = (2 * draws[:, 0] - 1) * math.radians(degrees)
    return warp(images, targets, turning(angles, lengths(images)), fill)


def scale_jitter(
    images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, factor: tuple[float, float], fill: Fill
) -> Changed:
    """Zoomed by a uniform factor; the window that is seen, or the image in the window, lies anywhere."""
    factors = factor[0] + (factor[1] - factor[0]) * draws[:, 0]
    steps, zero = 1 / factors, tf.zeros_like(factors)
    # the window is smaller than the image by a room that is below 0 where the image shrinks; pixels' centres are whole
    top, left = (
        draws[:, column] * length * (1 - steps) + (steps - 1) / 2
        for column, length in zip((1, 2), lengths(images), strict=True)
    )
    return warp(images, targets, tf.stack([steps, zero, left, zero, steps, top], axis=1), fill)


def turning(angles: tf.Tensor, size: Lengths) -> tf.Tensor:
    """Affine maps, (b, 6), that turn images of a size about their centre, anticlockwise as seen."""
    cosine, sine = tf.cos(angles), tf.sin(angles)
    return about_centre(cosine, -sine, sine, cosine, size)


def about_centre(xx: tf.Tensor, xy: tf.Tensor, yx: tf.Tensor, yy: tf.Tensor, size: Lengths) -> tf.Tensor:
    """Affine maps, (b, 6), of which the image's centre is the fixed point; see `warp`."""
    middle_y, middle_x = ((length - 1) / 2 for length in size)
    shift_x = middle_x - xx * middle_x - xy * middle_y
    shift_y = middle_y - yx * middle_x - yy * middle_y
    return tf.stack([xx, xy, shift_x, yx, yy, shift_y], axis=1)


def warp(images: tf.Tensor, targets: tf.Tensor, maps: tf.Tensor, fill: Fill) -> Changed:
    """Images, and masks, whose pixel (x, y) is that of the given ones at (a x + b y + c, d x + e y + f).

    `maps` is (b, 6): a to f of every image. Images are interpolated bilinearly, masks take the nearest pixel; what lies
    outside is `fill` in images and IGNORED in masks, or reflected in both.
    """
    maps = tf.pad(maps, [[0, 0], [0, 2]])
    warped = _resampled(images, maps, "BILINEAR", fill)
    if is_mask(targets):
        outside: Fill = "reflect" if fill == "reflect" else IGNORED
        targets = _resampled(targets[..., None], maps, "NEAREST", outside)[..., 0]
    return warped, targets


def _resampled(pixels: tf.Tensor, maps: tf.Tensor, interpolation: str, fill: Fill) -> tf.Tensor:
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=maps,
        output_shape=tf.shape(pixels)[1:3],
        fill_value=0.0 if fill == "reflect" else float(fill),
        interpolation=interpolation,
        fill_mode="REFLECT" if fill == "reflect" else "CONSTANT",
    )
    return tf.ensure_shape(moved, pixels.shape)
