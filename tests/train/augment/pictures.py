"""Images for tests of augmentations, columns of random numbers, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

NO_TARGETS = np.zeros(0, np.int32)


def changed(function: Callable[..., Any], *arrays: np.ndarray, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images and targets that an augmentation makes of images, targets and draws."""
    images, targets = function(*map(tf.constant, arrays), **settings)
    return images.numpy(), targets.numpy()


def pictures(count: int = 4, height: int = 8, width: int = 8, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Whole pixels 0 to 255, float32, every one another."""
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, channels)).astype("float32")


def columns(*values: object, rows: int = 1) -> np.ndarray:
    """A matrix of draws: a number is a column of the same, a list a column of its own."""
    return np.stack([np.broadcast_to(np.asarray(value, "float32"), rows) for value in values], axis=1)


def masks(count: int = 4, height: int = 8, width: int = 8, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 7, (count, height, width)).astype("int32")
