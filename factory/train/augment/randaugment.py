"""RandAugment: every image undergoes some of 14 operations, chosen at random, all of one strength."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from factory.train.augment.change import Changed, is_mask, lengths, on_colours
from factory.train.augment.colours import blend, grey, mean_grey
from factory.train.augment.tones import autocontrast, equalize, posterize, solarize
from factory.train.augment.warps import Lengths, about_centre, turning, warp
from factory.train.augment.windows import inside_window

FILL = 128.0
"""What comes in at the borders, as in the authors' code."""

Maps = Callable[[tf.Tensor, Lengths], tf.Tensor]
"""Affine maps (b, 6) from amounts (b,), each between -1 and 1 at magnitude 10, and the size of images."""
Colours = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""New colours (b, h, w, c) from those there are and amounts (b,)."""


def _shear_x(amounts: tf.Tensor, size: Lengths) -> tf.Tensor:
    one, zero = tf.ones_like(amounts), tf.zeros_like(amounts)
    return about_centre(one, 0.3 * amounts, zero, one, size)


def _shear_y(amounts: tf.Tensor, size: Lengths) -> tf.Tensor:
    one, zero = tf.ones_like(amounts), tf.zeros_like(amounts)
    return about_centre(one, zero, 0.3 * amounts, one, size)


def _translate_x(amounts: tf.Tensor, size: Lengths) -> tf.Tensor:
    return _moving(tf.zeros_like(amounts), amounts * 150 / 331 * size[1])


def _translate_y(amounts: tf.Tensor, size: Lengths) -> tf.Tensor:
    return _moving(amounts * 150 / 331 * size[0], tf.zeros_like(amounts))


def _moving(down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    one, zero = tf.ones_like(down), tf.zeros_like(down)
    return tf.stack([one, zero, -tf.round(right), zero, one, -tf.round(down)], axis=1)


def _rotate(amounts: tf.Tensor, size: Lengths) -> tf.Tensor:
    return turning(amounts * math.radians(30), size)


def _sharpness(images: tf.Tensor, amounts: tf.Tensor) -> tf.Tensor:
    return blend(_smooth(images), images, _factors(amounts))


def _smooth(images: tf.Tensor) -> tf.Tensor:
    """The mean with the eight neighbours, the pixel itself counting five times (Pillow's SMOOTH); edges stay."""
    channels = images.shape[-1]
    weights = tf.constant([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]])[..., None, None] / 13
    mean = tf.nn.depthwise_conv2d(images, tf.tile(weights, (1, 1, channels, 1)), (1, 1, 1, 1), "SAME")
    bottom, right = (tf.reshape(length - 1, (1,)) for length in lengths(images))
    inner = tf.cast(inside_window(images, tf.ones((1,)), bottom, tf.ones((1,)), right), tf.float32)[..., None]
    return inner * mean + (1 - inner) * images


def _factors(amounts: tf.Tensor) -> tf.Tensor:
    """From 1 at no magnitude to 0.1 or 1.9 at 10; beyond that only upwards."""
    return tf.maximum(1 + 0.9 * amounts, 0.1)


MOVES: dict[str, Maps] = {
    "rotate": _rotate,
    "shear_x": _shear_x,
    "shear_y": _shear_y,
    "translate_x": _translate_x,
    "translate_y": _translate_y,
}
COLOURS: dict[str, Colours] = {
    "autocontrast": lambda images, amounts: autocontrast(images),
    "equalize": lambda images, amounts: equalize(images),
    "solarize": lambda images, amounts: solarize(images, 256 * (1 - tf.abs(amounts))),
    "posterize": lambda images, amounts: posterize(images, 8 - tf.round(4 * tf.abs(amounts))),
    "color": lambda images, amounts: blend(grey(images), images, _factors(amounts)),
    "contrast": lambda images, amounts: blend(mean_grey(images), images, _factors(amounts)),
    "brightness": lambda images, amounts: blend(tf.zeros_like(images), images, _factors(amounts)),
    "sharpness": _sharpness,
}
OPERATIONS = ("identity", *MOVES, *COLOURS)


def randaugment(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, layers: int, magnitude: float) -> Changed:
    """`layers` operations on each image, each with two numbers: which operation, and which way it goes.

    Cubuk et al. 2020, figure 2. At magnitude 10 an operation reaches the end of its range in Cubuk et al. 2019
    (AutoAugment), table 6, at 0 it does nothing but for autocontrast and equalize, which have no strength; in between
    it grows linearly. The authors' code lets solarize and posterize grow weaker instead, and colours only stronger.
    """
    for layer in range(layers):
        which = tf.cast(draws[:, 2 * layer] * len(OPERATIONS), tf.int32)
        amounts = tf.where(draws[:, 2 * layer + 1] < 0.5, -magnitude / 10, magnitude / 10)
        images, targets = _layer(images, targets, which, amounts)
    return images, targets


def operate(images: tf.Tensor, targets: tf.Tensor, which: tf.Tensor, amounts: tf.Tensor) -> Changed:
    """Operation number `which`, (b,) int32, on each image: the batch is taken apart by operation and put together."""
    places = tf.dynamic_partition(tf.range(tf.shape(images)[0]), which, len(OPERATIONS))
    parts = []
    masks = []
    for name, place in zip(OPERATIONS, places, strict=True):
        part, amount = tf.gather(images, place), tf.gather(amounts, place)
        mask = tf.gather(targets, place)
        if name in MOVES:
            part, mask = warp(part, mask, MOVES[name](amount, lengths(images)), FILL)
        elif name in COLOURS:
            part = _coloured(COLOURS[name], part, amount)
        parts.append(part)
        masks.append(mask)
    images = tf.ensure_shape(tf.dynamic_stitch(places, parts), images.shape)
    if is_mask(targets):
        targets = tf.ensure_shape(tf.dynamic_stitch(places, masks), targets.shape)
    return images, targets


def _coloured(operation: Colours, images: tf.Tensor, amounts: tf.Tensor) -> tf.Tensor:
    return on_colours(lambda colours: operation(colours, amounts), images)


_layer = tf.function(operate, autograph=False)  # traced once for all layers
