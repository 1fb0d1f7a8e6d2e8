"""Running models on random images, and scripts in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np

from factory.graph import ops


def images(shape: ops.Shape, seed: int = 0) -> np.ndarray:
    sizes = [9, 8][: len(shape) - 1]
    full = [2, *(given or size for given, size in zip(shape, sizes, strict=False)), shape[-1]]
    return np.random.default_rng(seed).normal(size=full).astype("float32")


def results(model: keras.Model, x: np.ndarray, **options) -> list[np.ndarray]:
    outputs = model(x, **options)
    return [np.asarray(value) for value in (outputs if isinstance(outputs, list) else [outputs])]


def run(script: str) -> str:
    """What a Python process of its own prints, with the tests' modules to import."""
    here = Path(__file__).parent
    path = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parents[1])!r}]\n"
    done = subprocess.run([sys.executable, "-c", path + script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout
