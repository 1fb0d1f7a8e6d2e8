"""Regularised, or ageing, evolution (Real et al. 2019, "Regularized Evolution for Image Classifier Architecture
Search", AAAI).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Proposal, Trial
from tuner.space import Point

TRIES = 20
"""After so many mutations of a parent that are infeasible or known, one more dimension is mutated at once."""


class EvolutionParameters(Section):
    """Parameters of regularised evolution."""

    population: Annotated[int, Field(ge=2)] = Field(
        20, description="trials that can become parents: the latest so many"
    )
    sample: Annotated[int, Field(ge=1)] = Field(5, description="trials drawn from these, the best of which is mutated")


class Evolution(Algorithm[EvolutionParameters]):
    """Algorithm 1 of the paper, without rounds: whenever a worker is free, a mutation of the best of a sample.

    The first points are random, until as many as the population holds have succeeded or are under way. Trials enter the
    population in the order in which they finish, and the oldest leaves, however good it is; failed ones never enter.
    The state is the population, as the numbers of its trials.
    """

    Parameters = EvolutionParameters

    def __init__(self, *args: Any, **keywords: Any):
        super().__init__(*args, **keywords)
        self.population: deque[int] = deque(maxlen=self.parameters.population)

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        if len(self.population) + self.running < self.parameters.population or not self.population:
            return Proposal(self.fresh(lambda: self.space.sample(random)))
        parent = self._parent(random)
        tries = iter(range(TRIES, 10**9))

        def draw() -> Point:
            point = parent.proposal.point
            for _ in range(next(tries) // TRIES):
                point = self.space.mutate(point, random)
            return point

        return self._child(self.fresh(draw, known=lambda: self.space.sample(random)), parent)

    def learn(self, trial: Trial) -> None:
        if trial.succeeded:
            self.population.append(trial.number)

    def state(self) -> dict[str, Any]:
        return {"population": list(self.population)}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        latest = [trial.number for trial in self.finished]
        self.population.extend(state.get("population", latest))

    def _child(self, point: Point, parent: Trial) -> Proposal:
        return Proposal(point)

    def _parent(self, random: np.random.Generator) -> Trial:
        """The best of a sample of the population, drawn with replacement as in the paper."""
        drawn = random.integers(len(self.population), size=self.parameters.sample)
        sample = [self.trials[self.population[index]] for index in drawn]
        return max(sample, key=lambda trial: trial.score)
