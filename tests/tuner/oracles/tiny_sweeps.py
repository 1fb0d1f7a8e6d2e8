"""A sweep over networks of a few hundred weights on digits."""

from typing import Any

import numpy as np
from sklearn.datasets import load_digits

SWEEP: dict[str, Any] = {
    "sweep": "tiny",
    "spec": {
        "name": "net",
        "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
        "classes": 10,
        "stages": {"stem": {"block": "conv", "filters": 4, "stride": 2}, "head": {"block": "classifier"}},
    },
    "space": {
        "stages.stem.filters": {"choice": [32, 4, 8]},
        "stages.stem.kernel": {"choice": [1, 3]},
        "recipe.learning_rate": {"float": [1e-3, 1e-1], "log": True},
        "recipe.batch_size": {"choice": [16, 50], "when": {"recipe.learning_rate": {"lt": 0.01}}},
    },
    "constraints": ["params <= 300"],
    "objective": {"maximize": "val_accuracy"},
    "algorithm": {"name": "evolution", "population": 4, "sample": 2},
    "budget": {"trials": 9, "epochs": 2},
    "data": "digits",
    "recipe": {"extends": "base", "recipe": "quick", "optimizer": {"name": "sgd"}, "regularize": {"l2": 0.5}},
    "seed": 3,
    "trial": {"retries": 1},
}


def digits(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (samples, 8, 8, 1), pixels of 0 to 255, and class numbers (samples,)."""
    images, labels = load_digits(return_X_y=True)
    return (images[:samples].reshape(-1, 8, 8, 1) * 255 / 16).astype("float32"), labels[:samples]
