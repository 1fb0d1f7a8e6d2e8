"""The bootstrap: how far a figure may be from what other trials of the same space would have given (Efron 1979)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

REPEATS = 1_000
"""Resamples of the trials."""
LEVEL = 0.95


class Interval(NamedTuple):
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def resamples(count: int, random: np.random.Generator, repeats: int = REPEATS) -> np.ndarray:
    """(repeats, count) int64: how often each trial is drawn, where as many as there are are drawn with replacement."""
    return random.multinomial(count, np.full(count, 1 / count), size=repeats)


def interval(value: float, samples: np.ndarray) -> Interval:
    """A figure and the percentiles of what resamples gave, (repeats,); those without a value (nan) are left out."""
    known = samples[np.isfinite(samples)]
    if not known.size:
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))
