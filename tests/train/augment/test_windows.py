"""Erased windows and pasted windows have the areas, places and targets that the papers say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import NO_TARGETS, changed, columns, pictures

from factory.train.augment.windows import cutmix, erase
from factory.train.data.dataset import IGNORED

RNG = np.random.default_rng(3)
SETTINGS = {"probability": 1.0, "area": (0.02, 0.4), "ratio": (0.3, 10 / 3), "fill": 0}


def boxes(wiped: np.ndarray) -> np.ndarray:
    """Height, width, top and left of the window in each mask, (n, 4); it must be a full rectangle."""
    found = []
    for mask in wiped:
        rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].all()
        found.append((len(rows), len(cols), rows[0], cols[0]))
    return np.array(found)


def erased(count: int, height: int, width: int, **settings) -> np.ndarray:
    """Which pixels are wiped out of white images, (n, h, w)."""
    images = np.full((count, height, width, 1), 255, "float32")
    draws = RNG.random((count, 7), "float32")
    return changed(erase, images, NO_TARGETS, draws, **{**SETTINGS, **settings})[0][..., 0] == 0


def test_erased_areas_are_uniform_within_their_bounds():
    windows = boxes(erased(2000, 64, 64))
    areas = windows[:, 0] * windows[:, 1] / 64**2
    assert areas.min() > 0.015
    assert areas.max() < 0.42
    assert areas.mean() == pytest.approx(0.21, abs=0.01)  # (0.02 + 0.4) / 2
    assert areas.std() == pytest.approx(0.38 / np.sqrt(12), abs=0.01)


def test_erased_ratios_are_uniform_where_every_ratio_fits():
    windows = boxes(erased(2000, 100, 100, area=(0.05, 0.06), ratio=(0.5, 2.0)))
    ratios = windows[:, 0] / windows[:, 1]
    assert ratios.min() > 0.47
    assert ratios.max() < 2.1
    assert ratios.mean() == pytest.approx(1.25, abs=0.05)
    assert (windows[:, 2] == 0).any()
    assert (windows[:, 2] + windows[:, 0] == 100).any()
    assert (windows[:, 3] + windows[:, 1] == 100).any()


@pytest.mark.parametrize(("height", "width"), [(16, 64), (64, 16)])
def test_erased_windows_keep_their_area_in_long_images(height, width):
    windows = boxes(erased(500, height, width, area=(0.3, 0.3)))
    areas = windows[:, 0] * windows[:, 1] / (height * width)
    np.testing.assert_allclose(areas, 0.3, atol=0.06)  # sides are whole pixels


def test_a_window_as_large_as_the_image_is_the_image():
    assert erased(3, 7, 11, area=(1.0, 1.0), ratio=(0.1, 9.0)).all()


def test_erasing_happens_to_its_share_of_images():
    wiped = erased(2000, 8, 8, probability=0.25).any(axis=(1, 2))
    assert wiped.mean() == pytest.approx(0.25, abs=0.03)


def test_erased_pixels_are_a_value_or_uniform_noise_and_ignored_in_masks():
    images = np.full((1, 64, 64, 3), 77, "float32")
    mask = np.full((1, 64, 64), 4, "int32")
    draws = RNG.random((1, 7), "float32")
    plain, labels = changed(erase, images, mask, draws, **{**SETTINGS, "fill": 200, "area": (0.4, 0.4)})
    noisy, _ = changed(erase, images, mask, draws, **{**SETTINGS, "fill": "noise", "area": (0.4, 0.4)})
    window = plain[..., 0] == 200
    np.testing.assert_array_equal(plain, np.where(window[..., None], 200, images))
    np.testing.assert_array_equal(labels, np.where(window, IGNORED, 4))
    np.testing.assert_array_equal(noisy[~window], images[~window])
    noise = noisy[window]
    assert noise.mean() == pytest.approx(127.5, abs=4)
    assert noise.std() == pytest.approx(255 / np.sqrt(12), abs=3)
    assert noise.min() >= 0
    assert noise.max() <= 255


def test_cutmix_mixes_targets_as_the_areas_are_for_a_window_worked_out_by_hand():
    images = np.stack([np.full((8, 10, 1), value, "float32") for value in (10, 20, 30)])
    targets = np.eye(3, dtype="float32")
    # left share 0.75: sides are sqrt(0.25) of 8x10, 4x5; centres (4, 5), (0, 9) and (4, 5) without mixing
    draws = columns(0.75, [0.0, 0.0, 0.6], [0.5, 0.0, 0.5], [0.5, 0.95, 0.5], rows=3)
    mixed, shares = changed(cutmix, images, targets, draws, probability=0.5)
    first = np.full((8, 10), 10.0)
    first[2:6, 3:8] = 30  # of the sample before, which for the first is the last
    second = np.full((8, 10), 20.0)
    second[0:2, 7:10] = 10  # half of the height and two columns lie outside
    np.testing.assert_array_equal(mixed[0, ..., 0], first)
    np.testing.assert_array_equal(mixed[1, ..., 0], second)
    np.testing.assert_array_equal(mixed[2], images[2])
    expected = [[0.75, 0, 0.25], [6 / 80, 74 / 80, 0], [0, 0, 1]]
    np.testing.assert_allclose(shares, expected, atol=1e-6)


@given(st.integers(0, 1000), st.sampled_from([(8, 8), (5, 12), (1, 7)]))
def test_shares_of_cutmix_are_the_shares_of_pixels_that_come_from_each_image(seed, size):
    draws = np.random.default_rng(seed).random((4, 4), "float32")
    images = np.stack([np.full((*size, 1), value, "float32") for value in range(4)])
    mixed, shares = changed(cutmix, images, np.eye(4, dtype="float32"), draws, probability=1.0)
    for image, share in zip(mixed, shares, strict=True):
        np.testing.assert_allclose([np.mean(image == value) for value in range(4)], share, atol=1e-6)


def test_cutmix_of_numbers_mixes_them_as_the_areas_are():
    images = pictures(2, 10, 10)
    draws = columns(0.36, 0.0, 0.5, 0.5, rows=2)  # a window of 8x8, from 1 to 9
    _, values = changed(cutmix, images, np.array([[10.0], [20.0]], "float32"), draws, probability=1.0)
    np.testing.assert_allclose(values, [[0.36 * 10 + 0.64 * 20], [0.36 * 20 + 0.64 * 10]], rtol=1e-5)
