"""Random windows have the areas, ratios and places that they should, and lie inside the image."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from pictures import masks, pictures

from factory.train.augment.resized_crop import random_window

RNG = np.random.default_rng(5)


def windows(height: int, width: int, count: int, **settings) -> np.ndarray:
    """Top, left, height and width of windows, (n, 4): every pixel of the image carries its place."""
    rows, cols = np.mgrid[:height, :width].astype("float32")
    image = tf.constant(np.stack([rows, cols], axis=-1)[None])
    settings = {"scale": (0.08, 1.0), "ratio": (3 / 4, 4 / 3), **settings}
    cut = tf.function(lambda draws: random_window(image, tf.zeros((1,), tf.int32), draws, **settings)[0])
    found = []
    for draws in RNG.random((count, 1, 4), "float32"):
        pixels = cut(tf.constant(draws)).numpy()[0]
        found.append((*pixels[0, 0], pixels.shape[0], pixels.shape[1]))
    return np.array(found)


def test_areas_are_uniform_and_ratios_log_uniform():
    found = windows(300, 300, 600)
    area = found[:, 2] * found[:, 3] / 300**2
    assert area.min() >= 0.079
    assert area.max() <= 1.0
    assert np.mean(area) == pytest.approx(0.54, abs=0.03)
    small = found[area < 0.5]  # every ratio fits
    logs = np.log(small[:, 3] / small[:, 2]) / np.log(4 / 3)
    assert np.abs(logs).max() < 1.05
    assert np.mean(logs) == pytest.approx(0, abs=0.1)
    assert np.std(logs) == pytest.approx(1 / np.sqrt(3), abs=0.05)


def test_windows_lie_anywhere_inside():
    found = windows(40, 60, 400, scale=(0.1, 0.1), ratio=(1.0, 1.0))
    side = round(np.sqrt(0.1 * 40 * 60))
    assert (found[:, 2:] == side).all()
    assert (found[:, 0].min(), found[:, 0].max()) == (0, 40 - side)
    assert (found[:, 1].min(), found[:, 1].max()) == (0, 60 - side)
    assert np.mean(found[:, 0]) == pytest.approx((40 - side) / 2, abs=2)


def test_a_window_of_the_whole_area_is_the_whole_image():
    assert (windows(20, 22, 5, scale=(1.0, 1.0)) == [0, 0, 20, 22]).all()


def test_in_a_long_image_the_window_shrinks_and_keeps_its_ratio():
    found = windows(10, 100, 20, scale=(1.0, 1.0), ratio=(0.5, 2.0))
    assert (found[:, 2:] == [10, 20]).all()


def test_a_mask_is_cut_with_its_image():
    image, mask = pictures(1, 20, 30, 1), masks(1, 20, 30)
    both = np.concatenate([image, mask[..., None]], axis=-1).astype("float32")
    draws = tf.constant(RNG.random((1, 4), "float32"))
    cut, labels = random_window(tf.constant(both), tf.constant(mask), draws, (0.2, 0.5), (0.5, 2.0))
    np.testing.assert_array_equal(cut[..., 1], labels)
    assert labels.shape[1] * labels.shape[2] < 20 * 30
