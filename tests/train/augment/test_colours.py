"""Changes of colours agree with Pillow, torchvision's definitions and TensorFlow's own operations."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from pictures import NO_TARGETS, changed, columns, pictures
from PIL import Image, ImageEnhance

from factory.train.augment.colours import brightness, contrast, grayscale, hue, lighting, saturation
from factory.train.augment.noise import noise

ENHANCE = {brightness: ImageEnhance.Brightness, contrast: ImageEnhance.Contrast, saturation: ImageEnhance.Color}
DRAWS = st.floats(0, 1, exclude_max=True, width=32)


@pytest.mark.parametrize("function", ENHANCE)
@pytest.mark.parametrize("by", [0.4, 1.0])
def test_a_factor_has_the_effect_of_pillows_enhancement(function, by):
    draws = columns([0.0, 0.2, 0.5, 0.8, 0.999], rows=5)
    images = pictures(5)
    result = changed(function, images, NO_TARGETS, draws, by=by)[0]
    for image, ours, draw in zip(images, result, draws[:, 0], strict=True):
        enhanced = ENHANCE[function](Image.fromarray(image.astype("uint8"))).enhance(1 + by * (2 * draw - 1))
        np.testing.assert_allclose(ours, np.asarray(enhanced), atol=2)  # Pillow rounds greys, and results down


@pytest.mark.parametrize("function", [brightness, contrast])
def test_grey_images_change_as_in_pillow_too(function):
    image = pictures(1, channels=1)
    result = changed(function, image, NO_TARGETS, columns(0.9), by=0.5)[0][0, ..., 0]
    enhanced = ENHANCE[function](Image.fromarray(image[0, ..., 0].astype("uint8"))).enhance(1.4)
    np.testing.assert_allclose(result, np.asarray(enhanced), atol=2)


@given(DRAWS)
def test_hue_is_turned_as_tensorflow_does(draw):
    images = pictures(2)
    turned = changed(hue, images, NO_TARGETS, columns(draw, rows=2), by=0.3)[0]
    expected = 255 * tf.image.adjust_hue(images / 255, (2 * draw - 1) * 0.3)
    np.testing.assert_allclose(turned, np.clip(expected, 0, 255), atol=0.1)


def test_hue_is_turned_by_a_share_of_the_circle():
    image = np.array([200.0, 50.0, 50.0], "float32").reshape(1, 1, 1, 3)
    turned = changed(hue, image, NO_TARGETS, columns(0.75), by=0.5)[0].reshape(3)
    angle, saturated, value = colorsys.rgb_to_hsv(*(image.reshape(3) / 255))
    np.testing.assert_allclose(turned, 255 * np.array(colorsys.hsv_to_rgb(angle + 0.25, saturated, value)), atol=0.01)


def test_lighting_adds_one_colour_along_orthogonal_components():
    images = np.full((3, 2, 2, 3), 128, "float32")
    added = changed(lighting, images, NO_TARGETS, np.eye(3, dtype="float32"), std=0.5)[0] - 128
    assert np.ptp(added, axis=(1, 2)).max() < 1e-4  # the same for every pixel
    colours = added[:, 0, 0]
    # lengths: std * 255 * the deviation of each component, which Krizhevsky et al. took from ImageNet
    np.testing.assert_allclose(
        np.linalg.norm(colours, axis=1), 0.5 * 255 * np.array([0.2175, 0.0188, 0.0045]), rtol=1e-3
    )
    directions = colours / np.linalg.norm(colours, axis=1, keepdims=True)
    np.testing.assert_allclose(directions @ directions.T, np.eye(3), atol=1e-3)
    assert np.allclose(np.abs(directions[0]), 1 / np.sqrt(3), atol=0.02)  # the first is nearly grey


def test_grayscale_makes_the_share_it_says_grey_as_pillow_does():
    images = pictures(4)
    grey = changed(grayscale, images, NO_TARGETS, columns([0.0, 0.29, 0.3, 0.9], rows=4), probability=0.3)[0]
    for image, result in zip(images[:2], grey[:2], strict=True):
        expected = np.asarray(Image.fromarray(image.astype("uint8")).convert("L"))
        np.testing.assert_allclose(result, np.repeat(expected[..., None], 3, axis=-1), atol=1)
    np.testing.assert_array_equal(grey[2:], images[2:])


EVERY = {
    brightness: {"by": 0.9},
    contrast: {"by": 0.9},
    saturation: {"by": 0.9},
    hue: {"by": 0.4},
    lighting: {"std": 3.0},
    grayscale: {"probability": 1.0},
    noise: {"std": 60.0},
}
NUMBERS = {lighting: 3, noise: 2}


@pytest.mark.parametrize("function", EVERY)
def test_colours_stay_pixels_and_alpha_and_masks_stay_as_they_are(function):
    images = pictures(3, channels=4)
    targets = np.ones((3, 8, 8), "int32")
    draws = columns(*[0.99] * NUMBERS.get(function, 1), rows=3)
    result, left = changed(function, images, targets, draws, **EVERY[function])
    np.testing.assert_array_equal(left, targets)
    np.testing.assert_array_equal(result[..., 3], images[..., 3])
    assert not np.allclose(result[..., :3], images[..., :3], atol=5)
    assert result.min() >= 0
    assert result.max() <= 255


def test_noise_is_gaussian_with_its_deviation_and_independent_everywhere():
    images = np.full((2, 64, 64, 3), 128, "float32")
    draws = columns([0.1, 0.2], [0.3, 0.4], rows=2)
    added = changed(noise, images, NO_TARGETS, draws, std=5.0)[0] - 128
    assert np.std(added) == pytest.approx(5.0, rel=0.03)
    assert np.mean(added) == pytest.approx(0.0, abs=0.1)
    assert np.mean(added**4) / np.var(added) ** 2 == pytest.approx(3.0, rel=0.05)  # of a normal distribution
    assert abs(np.corrcoef(added[0].ravel(), added[1].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(added[..., 0].ravel(), added[..., 1].ravel())[0, 1]) < 0.03


def test_noise_of_a_sample_does_not_depend_on_its_batch():
    images, draws = pictures(3), columns([0.1, 0.2, 0.3], [0.7, 0.8, 0.9], rows=3)
    together = changed(noise, images, NO_TARGETS, draws, std=5.0)[0]
    alone = changed(noise, images[1:2], NO_TARGETS, draws[1:2], std=5.0)[0]
    np.testing.assert_array_equal(together[1:2], alone)
