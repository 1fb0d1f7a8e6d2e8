"""Every augmentation of a recipe has a function that takes its fields and changes what it should."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from pictures import masks, pictures

from factory.train.augment.table import apply_all, make_change
from factory.train.data.draws import NORMAL, UNIFORM, beta, sample_draws
from factory.train.recipe.augmentation_kinds import KINDS, CutMix, Flip, Mixup, RandAugment, Translate

FIRST = "random_resized_crop"
GEOMETRY = {"flip", "translate", "crop", "scale_jitter", "rotate", "randaugment", "erase"}


def applied(name: str, targets: np.ndarray, count: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    change = make_change(KINDS[name]())
    draws = sample_draws([change.laws], count, seed=0, epoch=0)
    images = pictures(count, 12, 12)
    changed, moved = change.apply(tf.constant(images), tf.constant(targets), tf.constant(draws))
    return images, changed.numpy(), moved.numpy()


@pytest.mark.parametrize("name", [name for name in KINDS if name != FIRST])
def test_every_augmentation_changes_images_within_their_range(name):
    images, changed, targets = applied(name, np.eye(8, dtype="float32"))
    assert changed.shape == images.shape
    assert changed.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert not np.allclose(changed, images, atol=1)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)
    assert np.allclose(targets, np.eye(8)) != KINDS[name].mixes


@pytest.mark.parametrize("name", [name for name in KINDS if name != FIRST and not KINDS[name].mixes])
def test_masks_change_with_what_moves_pixels_only(name):
    labels = masks(8, 12, 12)
    moved = applied(name, labels)[2]
    assert moved.dtype == np.int32
    assert np.array_equal(moved, labels) != (name in GEOMETRY)


def test_a_change_draws_the_numbers_that_its_fields_ask_for():
    assert make_change(Mixup(alpha=0.7)).laws == (beta(0.7), UNIFORM)
    assert make_change(CutMix(alpha=0.5)).laws == (beta(0.5), UNIFORM, UNIFORM, UNIFORM)
    assert len(make_change(RandAugment(layers=3)).laws) == 6
    assert make_change(KINDS["lighting"]()).laws == (NORMAL,) * 3


def test_changes_follow_each_other_each_with_its_own_columns():
    images, targets = tf.constant(pictures(5)), tf.range(5)
    draws = tf.constant(np.random.default_rng(0).random((5, 4), "float32"))
    changes = [make_change(Flip()), make_change(Translate(by=0.3))]
    together, _ = apply_all(changes, images, targets, draws)
    first, _ = changes[0].apply(images, targets, draws[:, :2])
    second, _ = changes[1].apply(first, targets, draws[:, 2:])
    np.testing.assert_array_equal(together, second)
    reverse, _ = apply_all(changes[::-1], images, targets, draws)
    assert not np.array_equal(together, reverse)
