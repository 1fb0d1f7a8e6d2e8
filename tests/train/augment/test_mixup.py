"""Mixup blends images and targets in equal shares."""

from __future__ import annotations

import numpy as np
from pictures import changed, columns, pictures

from factory.train.augment.mixup import mixup


def test_images_and_labels_are_blended_as_worked_out_by_hand():
    images = pictures(3)
    targets = np.eye(3, dtype="float32")
    draws = columns([0.9, 0.25, 0.1], [0.0, 0.3, 0.8], rows=3)  # the third is not mixed
    mixed, labels = changed(mixup, images, targets, draws, probability=0.5)
    expected = [0.9 * images[0] + 0.1 * images[2], 0.25 * images[1] + 0.75 * images[0], images[2]]
    np.testing.assert_allclose(mixed, expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(labels, [[0.9, 0, 0.1], [0.75, 0.25, 0], [0, 0, 1]], atol=1e-6)


def test_labels_stay_a_distribution_and_nothing_is_lost_when_all_shares_are_equal():
    images, targets = pictures(5), np.eye(5, dtype="float32")
    mixed, labels = changed(mixup, images, targets, columns(0.3, 0.0, rows=5), probability=1.0)
    np.testing.assert_allclose(labels.sum(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(mixed.mean(axis=0), images.mean(axis=0), rtol=1e-4)


def test_a_batch_of_one_has_no_partner_but_itself():
    image = pictures(1)
    mixed, _ = changed(mixup, image, np.ones((1, 1), "float32"), columns(0.4, 0.0), probability=1.0)
    np.testing.assert_allclose(mixed, image, rtol=1e-6)
