"""Augmentations of colours: brightness, contrast, saturation, hue, lighting, grey images."""

from __future__ import annotations

import tensorflow as tf

from factory.train.augment.change import Changed, a_sample, choose, on_colours

GREY = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in the grey of a colour (ITU-R BT.601), as Pillow has them."""

COMPONENTS = (
    (-0.5675, 0.7192, 0.4009),
    (-0.5808, -0.0045, -0.8140),
    (-0.5836, -0.6948, 0.4203),
)
"""Principal components of the RGB pixels of ImageNet's training images: a row a channel, a column a component."""
DEVIATIONS = (0.2175, 0.0188, 0.0045)
"""What Krizhevsky et al. multiply each component with, of pixels 0 to 1; measured for fb.resnet.torch."""


def brightness(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, by: float) -> Changed:
    """Pixels times a factor that is uniform in 1 - by to 1 + by."""
    factors = _factors(draws, by)
    return on_colours(lambda colours: blend(tf.zeros_like(colours), colours, factors), images), targets


def contrast(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, by: float) -> Changed:
    """The difference to the image's mean grey times a factor that is uniform in 1 - by to 1 + by."""
    factors = _factors(draws, by)
    return on_colours(lambda colours: blend(mean_grey(colours), colours, factors), images), targets


def saturation(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, by: float) -> Changed:
    """The difference of every pixel to its grey times a factor that is uniform in 1 - by to 1 + by."""
    factors = _factors(draws, by)
    return on_colours(lambda colours: blend(grey(colours), colours, factors), images), targets


def hue(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, by: float) -> Changed:
    """The hue (in HSV) moved by a share of the whole circle that is uniform in -by to by."""
    turns = a_sample((2 * draws[:, 0] - 1) * by)

    def turned(colours: tf.Tensor) -> tf.Tensor:
        angle, rest = tf.split(tf.image.rgb_to_hsv(colours / 255), [1, 2], axis=-1)
        return 255 * tf.image.hsv_to_rgb(tf.concat([tf.math.floormod(angle + turns, 1.0), rest], axis=-1))

    return on_colours(turned, images), targets


def lighting(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, std: float) -> Changed:
    """One colour added to all pixels: the components, each times its deviation and a normal number with this std."""
    shares = std * draws * tf.constant(DEVIATIONS)
    added = 255 * tf.linalg.matvec(tf.constant(COMPONENTS), shares)
    return on_colours(lambda colours: colours + added[:, None, None, :], images), targets


def grayscale(images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, probability: float) -> Changed:
    """Every pixel becomes its grey, in this share of the images."""
    chosen = draws[:, 0] < probability

    def greyed(colours: tf.Tensor) -> tf.Tensor:
        return choose(chosen, tf.broadcast_to(grey(colours), tf.shape(colours)), colours)

    return on_colours(greyed, images), targets


def blend(base: tf.Tensor, images: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """base + factor * (images - base): 0 gives the base, 1 the images, above 1 goes beyond them."""
    return base + a_sample(factors) * (images - base)


def grey(colours: tf.Tensor) -> tf.Tensor:
    """The grey of every pixel, (b, h, w, 1)."""
    if colours.shape[-1] == 1:
        return colours
    return tf.linalg.matvec(colours, tf.constant(GREY))[..., None]


def mean_grey(colours: tf.Tensor) -> tf.Tensor:
    """The mean of the grey of all pixels, (b, 1, 1, 1)."""
    return tf.reduce_mean(grey(colours), axis=[1, 2], keepdims=True)


def _factors(draws: tf.Tensor, by: float) -> tf.Tensor:
    return 1 + by * (2 * draws[:, 0] - 1)
