"""Flips and shifts give the pixels that NumPy's do, in images and masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import NO_TARGETS, changed, columns, masks, pictures

from factory.train.augment.moves import crop, flip, shift, translate
from factory.train.data.dataset import IGNORED


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ("horizontal", [(), (2,), (), (2,)]),
        ("vertical", [(), (), (1,), (1,)]),
        ("both", [(), (2,), (1,), (1, 2)]),
    ],
)
def test_flips_are_those_of_numpy_for_each_combination_of_draws(axis, expected):
    images, labels = pictures(4, 5, 6), masks(4, 5, 6)
    draws = columns([0.5, 0.49, 0.5, 0.49], [0.5, 0.5, 0.49, 0.49], rows=4)
    flipped, moved = changed(flip, images, labels, draws, axis)
    for sample, axes in enumerate(expected):
        np.testing.assert_array_equal(flipped[sample], np.flip(images[[sample]], axes)[0])
        np.testing.assert_array_equal(moved[sample], np.flip(labels[[sample]], axes)[0])


def test_targets_that_are_no_masks_are_left_alone():
    images, targets = pictures(2), np.array([3, 4], "int32")
    for function, settings in ((flip, {"axis": "both"}), (crop, {"padding": 2, "fill": 0})):
        result = changed(function, images, targets, columns(0.1, 0.1, rows=2), **settings)
        assert not np.array_equal(result[0], images)
        np.testing.assert_array_equal(result[1], targets)


def numpy_shift(pixels: np.ndarray, down: int, right: int, mode: str, fill: float = 0) -> np.ndarray:
    """One image or mask, padded by NumPy and cut out again."""
    most = 20
    around = [(most, most), (most, most)] + [(0, 0)] * (pixels.ndim - 2)
    padded = np.pad(pixels, around, mode=mode, **({"constant_values": fill} if mode == "constant" else {}))
    height, width = pixels.shape[:2]
    return padded[most - down : most - down + height, most - right : most - right + width]


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=4), st.sampled_from([1, 3, 4]))
def test_shifted_images_and_masks_are_padded_and_cut_ones(moves, channels):
    images, labels = pictures(len(moves), 5, 7, channels), masks(len(moves), 5, 7)
    matrix = np.array(moves, "int32")
    dark, unknown = changed(shift, images, labels, matrix, fill=0)
    filled, _ = changed(shift, images, labels, matrix, fill=128)
    mirrored, turned = changed(shift, images, labels, matrix, fill="reflect")
    for sample, (down, right) in enumerate(moves):
        image, mask = images[sample], labels[sample]
        np.testing.assert_array_equal(dark[sample], numpy_shift(image, down, right, "constant"))
        np.testing.assert_array_equal(unknown[sample], numpy_shift(mask, down, right, "constant", IGNORED))
        np.testing.assert_array_equal(filled[sample], numpy_shift(image, down, right, "constant", 128))
        np.testing.assert_array_equal(mirrored[sample], numpy_shift(image, down, right, "symmetric"))
        np.testing.assert_array_equal(turned[sample], numpy_shift(mask, down, right, "symmetric"))


def moves_of(function, **settings) -> np.ndarray:
    """How far one bright pixel in the middle of black images goes, (n, 2), over a grid of draws."""
    grid = (np.arange(100) + 0.5) / 100
    draws = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    images = np.zeros((len(draws), 21, 41, 1), "float32")
    images[:, 10, 20] = 255
    moved = changed(function, images, NO_TARGETS, draws, fill=0, **settings)[0][..., 0]
    assert (moved.sum(axis=(1, 2)) == 255).all()
    places = moved.reshape(len(draws), -1).argmax(axis=1)
    return np.stack([places // 41 - 10, places % 41 - 20], axis=1)


@pytest.mark.parametrize(
    ("function", "settings", "down", "right"),
    [
        (translate, {"by": 0.12}, 3, 5),  # round(0.12 * 21), round(0.12 * 41)
        (translate, {"by": 0.01}, 1, 1),  # below one pixel: one
        (crop, {"padding": 4}, 4, 4),
        (crop, {"padding": 7}, 7, 7),
    ],
)
def test_moves_are_uniform_over_whole_pixels(function, settings, down, right):
    moves = moves_of(function, **settings)
    for axis, most in ((0, down), (1, right)):
        found, counts = np.unique(moves[:, axis], return_counts=True)
        assert found.tolist() == list(range(-most, most + 1))
        assert counts.max() / counts.min() < 1.2  # of 100 draws in up to 15 steps


def test_the_whole_range_of_a_draw_stays_within_the_padding():
    images = pictures(2, 6, 6)
    last = np.nextafter(np.float32(1), np.float32(0))
    cut = changed(crop, images, NO_TARGETS, columns([0.0, last], [0.0, last], rows=2), padding=2, fill=0)[0]
    np.testing.assert_array_equal(cut[0], numpy_shift(images[0], -2, -2, "constant"))
    np.testing.assert_array_equal(cut[1], numpy_shift(images[1], 2, 2, "constant"))
