"""Made-up problems whose best answers guided searches should find sooner than random ones."""

from __future__ import annotations

from functools import partial

import numpy as np
from search_runs import Search

from tuner.algorithms import algorithm
from tuner.space import Choice, Point, Space

SPACE = Space([Choice(f"stage{i}", (0, 1, 2)) for i in range(8)])
"""Eight dimensions of three values: 6,561 points."""

FIRST, SECOND = np.tril_indices(8, -1)
"""Every pair of dimensions once."""


class Landscape:
    """A quality for each point: what every dimension adds, and every pair of dimensions, all drawn from a seed."""

    def __init__(self, seed: int):
        random = np.random.default_rng([7, seed])
        self.main = random.normal(size=(8, 3))
        self.pairs = random.normal(size=(8, 8, 3, 3)) * 0.2

    def quality(self, point: Point) -> float:
        values = np.array([point[d.name] for d in SPACE])
        return float(self.main[range(8), values].sum() + self.pairs[FIRST, SECOND, values[FIRST], values[SECOND]].sum())

    def scores(self, proposal) -> tuple[float, ...]:
        return (self.quality(proposal.point),)


def bests(name: str, *, trials: int, seeds: int = 16, workers: int = 1, **parameters) -> np.ndarray:
    """The best quality that a search found in so many trials, a seed an entry; the landscape of a seed is its own."""
    kind = algorithm(name)
    found = []
    for seed in range(seeds):
        landscape = Landscape(seed)
        make = partial(kind, SPACE, kind.Parameters(**parameters), seed=seed)
        found.append(Search(make, landscape.scores, workers=workers, order=seed).run(trials).best())
    return np.array(found)


def standard_errors_above(better: np.ndarray, worse: np.ndarray) -> float:
    """By how many standard errors the mean of paired differences is above 0."""
    difference = better - worse
    return float(difference.mean() / (difference.std(ddof=1) / len(difference) ** 0.5))
