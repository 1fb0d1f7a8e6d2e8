"""How much of what differs between points is chance: the seeds of their runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuner.landscape.bootstrap import Interval, interval, resamples


@dataclass(frozen=True)
class Noise:
    """runs: of each point. of_a_run, of_a_mean: standard deviations over seeds. reliability: the share of the variance
    of the points' means that is the points' own and not their seeds'; the same points trained again correlate so.
    """

    runs: int
    of_a_run: float
    of_a_mean: float
    reliability: Interval


def noise(runs: np.ndarray, random: np.random.Generator) -> Noise:
    """Of runs (points, runs), two or more of each. Shrout and Fleiss 1979, ICC(1, k)."""
    within = runs.var(axis=1, ddof=1)
    drawn = resamples(len(runs), random)
    [share] = _reliability(runs, within, np.ones((1, len(runs)), int))
    spread, count = float(np.sqrt(within.mean())), runs.shape[1]
    return Noise(count, spread, spread / count**0.5, interval(share, _reliability(runs, within, drawn)))


def _reliability(runs: np.ndarray, within: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(repeats,): (B - W) / B, with B and W the mean squares between and within points; nan where all are equal."""
    means, total = runs.mean(axis=1), weights.sum(axis=1)
    centred = means - (weights @ means / total)[:, None]
    between = runs.shape[1] * (weights * centred**2).sum(axis=1) / (total - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - (weights @ within / total) / between
