"""Random search (Bergstra & Bengio 2012): the baseline that every other algorithm has to beat."""

from __future__ import annotations

import numpy as np

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Proposal


class RandomSearch(Algorithm[Section]):
    """Feasible points at random, none twice."""

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        return Proposal(self.fresh(lambda: self.space.sample(random)))
