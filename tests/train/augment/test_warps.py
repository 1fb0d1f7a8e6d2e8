"""Turned and zoomed images are those that Pillow and NumPy make."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from pictures import NO_TARGETS, changed, columns, masks, pictures
from PIL import Image

from factory.train.augment.warps import rotate, scale_jitter, turning, warp
from factory.train.data.dataset import IGNORED


def smooth(count: int = 1, size: int = 33, channels: int = 3) -> np.ndarray:
    """Images without sharp edges, so that the rounding of coordinates does not matter."""
    coarse = tf.image.resize(pictures(count, 5, 5, channels), (size, size), method="bicubic")
    return np.clip(coarse.numpy(), 0, 255)


def pillow_rotated(image: np.ndarray, degrees: float, resample: Image.Resampling) -> np.ndarray:
    """Every channel turned by Pillow in 32-bit floats, anticlockwise."""
    turned = [Image.fromarray(channel).rotate(degrees, resample=resample) for channel in np.moveaxis(image, -1, 0)]
    return np.stack([np.asarray(channel) for channel in turned], axis=-1)


def disc(size: int, margin: float = 1.5) -> np.ndarray:
    """Pixels whose distance from the centre keeps them inside at every angle."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    return np.hypot(rows, columns) < size / 2 - margin


@pytest.mark.parametrize(("draw", "angle"), [(0.0, -30), (0.25, -15), (0.5, 0), (0.75, 15), (0.9, 24)])
def test_an_image_turns_as_in_pillow(draw, angle):
    image = smooth()
    turned = changed(rotate, image, NO_TARGETS, columns(draw), degrees=30, fill=0)[0][0]
    expected = pillow_rotated(image[0], angle, Image.Resampling.BILINEAR)
    np.testing.assert_allclose(turned[disc(33)], expected[disc(33)], atol=0.1)


def test_a_mask_turns_along_to_the_nearest_pixel_and_is_ignored_outside():
    image, mask = smooth(size=32), masks(1, 32, 32)
    turned = changed(rotate, image, mask, columns(0.9), degrees=45, fill=0)[1][0]
    expected = np.asarray(Image.fromarray(mask[0].astype("uint8")).rotate(36, fillcolor=IGNORED))
    same = turned == expected
    assert same.mean() > 0.99  # a place between two pixels may be rounded either way
    assert turned.dtype == np.int32
    assert turned[0, 0] == IGNORED


@pytest.mark.parametrize("fill", [0, 128, "reflect"])
def test_the_corners_of_a_turned_image_are_filled(fill):
    image = np.full((1, 16, 16, 1), 200, "float32")
    turned = changed(rotate, image, NO_TARGETS, columns(1.0), degrees=45, fill=fill)[0][0, ..., 0]
    assert turned[0, 0] == pytest.approx(200 if fill == "reflect" else fill, abs=1e-3)
    assert turned[8, 8] == pytest.approx(200, abs=1e-3)


def test_a_mask_is_reflected_with_its_image():
    image = masks(1, 16, 16)[..., None].astype("float32")
    mask = image[..., 0].astype("int32")
    moved_turn = np.array([[0, 1, 5, -1, 0, 18]], "float32")
    moved, labels = changed(warp, image, mask, moved_turn, fill="reflect")
    np.testing.assert_allclose(moved[..., 0], labels, atol=1e-2)
    assert (labels != IGNORED).all()


def test_a_quarter_turn_is_numpys_rot90_and_anticlockwise():
    image = pictures(1, 8, 8)
    turned = changed(warp, image, NO_TARGETS, turning(tf.constant([np.pi / 2]), (8, 8)), fill=0)[0]
    np.testing.assert_allclose(turned[0], np.rot90(image[0]), atol=0.02)


@pytest.mark.parametrize(("place", "corner"), [((0.0, 0.0), (0, 0)), ((0.5, 0.25), (8, 4)), ((1.0, 1.0), (16, 16))])
def test_a_zoom_by_two_shows_a_window_of_half_the_size(place, corner):
    image = smooth(size=32)
    zoomed = changed(scale_jitter, image, NO_TARGETS, columns(0.3, *place), factor=(2.0, 2.0), fill=0)[0][0]
    top, left = corner
    window = image[0, top : top + 16, left : left + 16]
    expected = tf.image.resize(window, (32, 32)).numpy()
    np.testing.assert_allclose(zoomed[1:-1, 1:-1], expected[1:-1, 1:-1], atol=0.1)  # at edges it sees its neighbours


@pytest.mark.parametrize(("place", "corner"), [((0.0, 0.0), (0, 0)), ((0.5, 1.0), (8, 16))])
def test_a_zoom_by_half_puts_the_image_into_a_window_and_fills_the_rest(place, corner):
    image = np.full((1, 32, 32, 1), 200, "float32")
    mask = np.full((1, 32, 32), 5, "int32")
    zoomed, labels = changed(scale_jitter, image, mask, columns(0.7, *place), factor=(0.5, 0.5), fill=17)
    top, left = corner
    expected = np.full((32, 32), 17.0)
    expected[top : top + 16, left : left + 16] = 200
    np.testing.assert_allclose(zoomed[0, ..., 0], expected, atol=1e-3)
    np.testing.assert_array_equal(labels[0], np.where(expected == 200, 5, IGNORED))


def test_the_factor_is_uniform_between_its_bounds():
    image = np.zeros((5, 64, 64, 1), "float32")
    image[:, 28:36, 28:36] = 1  # its area grows with the square of the factor
    draws = columns([0, 0.25, 0.5, 0.75, 1], 0.5, 0.5, rows=5)
    area = changed(scale_jitter, image, NO_TARGETS, draws, factor=(0.5, 2.0), fill=0)[0].sum(axis=(1, 2, 3))
    np.testing.assert_allclose(np.sqrt(area / 64), [0.5, 0.875, 1.25, 1.625, 2.0], rtol=0.02)
