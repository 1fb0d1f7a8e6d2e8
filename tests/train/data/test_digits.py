"""The embedded digits: scikit-learn's, all of them, always split alike."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from factory.train.data.digits import open_digits


def test_digits_are_those_of_scikit_learn():
    parts = open_digits()
    theirs = load_digits()
    images = np.concatenate([parts.train.arrays[0], parts.test.arrays[0]])
    labels = np.concatenate([parts.train.targets, parts.test.targets])
    assert images.shape == (1797, 8, 8, 1) and images.dtype == np.uint8
    ours = sorted(zip(labels.tolist(), (image.tobytes() for image in images), strict=True))
    expected = np.round(theirs.images / 16 * 255).astype("uint8")
    assert ours == sorted(zip(theirs.target.tolist(), (image.tobytes() for image in expected), strict=True))


def test_the_test_part_is_a_fifth_of_every_class_and_always_the_same():
    parts, again = open_digits(), open_digits(channels=3)
    assert (parts.train.size, parts.test.size, parts.validation) == (1438, 359, None)
    shares = np.bincount(parts.test.targets) / np.bincount(load_digits().target)
    assert np.abs(shares - 0.2).max() < 0.01
    np.testing.assert_array_equal(again.test.arrays[0][..., 2], parts.test.arrays[0][..., 0])
    assert parts.train.classes == tuple("0123456789") and parts.notes == []
