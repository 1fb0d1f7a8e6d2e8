"""The data that need no download: scikit-learn's 1,797 handwritten digits of 8 x 8 pixels."""

from __future__ import annotations

import numpy as np

from factory.train.data.arrays import open_arrays
from factory.train.data.dataset import Parts
from factory.train.data.splits import holdout

TEST_SHARE = 0.2
"""Share of the digits that is kept for testing, always the same ones."""


def open_digits(*, channels: int | None = None) -> Parts:
    """Gray digits, 16 levels spread over 0 to 255, classes "0" to "9"; a fifth of each class is the test part.

    Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998, its test set of 13 writers.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype("uint8")
    train, test = holdout(digits.target, TEST_SHARE, seed=0)
    pairs = {part: (images[rows], digits.target[rows]) for part, rows in (("train", train), ("test", test))}
    return open_arrays("digits", pairs, channels=channels)
