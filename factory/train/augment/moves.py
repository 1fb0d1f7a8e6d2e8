"""Augmentations that move whole pixels: mirrored images, shifted images."""

from __future__ import annotations

from typing import Literal

import tensorflow as tf

from factory.train.augment.change import Changed, choose, is_mask, lengths, sizes
from factory.train.data.dataset import IGNORED

Fill = float | Literal["reflect"]


def flip(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, axis: str) -> Changed:
    """Mirrored where the first number is below 1/2 (horizontally) and where the second is (vertically)."""
    if axis != "vertical":
        images, targets = _mirrored(images, targets, draws[:, 0] < 0.5, 2)
    if axis != "horizontal":
        images, targets = _mirrored(images, targets, draws[:, 1] < 0.5, 1)
    return images, targets


def _mirrored(images: tf.Tensor, targets: tf.Tensor, chosen: tf.Tensor, axis: int) -> Changed:
    images = choose(chosen, tf.reverse(images, [axis]), images)
    if is_mask(targets):
        targets = choose(chosen, tf.reverse(targets, [axis]), targets)
    return images, targets


def translate(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, by: float, fill: Fill) -> Changed:
    """Moved down and right by whole pixels that are uniform up to `by` of the size, either way; up to one at least."""
    most = tf.stack([by * length for length in lengths(images)])
    return _anywhere(images, targets, draws, tf.maximum(tf.round(most), 1.0), fill)


def crop(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, padding: int, fill: Fill) -> Changed:
    """A window of the images' size out of the images with so many pixels added on every side."""
    return _anywhere(images, targets, draws, tf.constant([padding, padding], tf.float32), fill)


def _anywhere(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, most: tf.Tensor, fill: Fill) -> Changed:
    moves = tf.cast(tf.floor(draws * (2 * most + 1)) - most, tf.int32)
    return shift(images, targets, moves, fill)


def shift(images: tf.Tensor, targets: tf.Tensor, moves: tf.Tensor, fill: Fill) -> Changed:
    """Images and masks moved down and right by `moves`, (b, 2) int32; without reflection masks get IGNORED."""
    height, width = sizes(images)
    rows = tf.range(height) - moves[:, :1]
    columns = tf.range(width) - moves[:, 1:]
    if fill == "reflect":
        rows, columns, inside = _reflected(rows, height), _reflected(columns, width), None
    else:
        inside = _within(rows, height)[:, :, None] & _within(columns, width)[:, None, :]
        rows, columns = tf.clip_by_value(rows, 0, height - 1), tf.clip_by_value(columns, 0, width - 1)
    first = tf.range(tf.shape(images)[0]) * height * width
    places = first[:, None, None] + (rows * width)[:, :, None] + columns[:, None, :]
    moved = _taken(images, places)
    if inside is not None:
        shown = tf.cast(inside, tf.float32)[..., None]
        moved = moved * shown + (float(fill) * (1 - shown) if fill else 0.0)
    if is_mask(targets):
        targets = _taken(targets[..., None], places)[..., 0]
        if inside is not None:
            targets = tf.where(inside, targets, IGNORED)
    return moved, targets


def _taken(pixels: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Pixels at places that count through the whole batch: one gather, where one a row and one a column cost two."""
    taken = tf.gather(tf.reshape(pixels, (-1, pixels.shape[-1])), places)
    return tf.ensure_shape(taken, pixels.shape)


def _within(indices: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    return (indices >= 0) & (indices < size)


def _reflected(indices: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Indices of an image that goes on mirrored beyond its edges: 2 1 0 | 0 1 2 | 2 1 0."""
    turned = tf.math.floormod(indices, 2 * size)
    return tf.minimum(turned, 2 * size - 1 - turned)
