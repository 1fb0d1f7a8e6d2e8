"""NSGA-II (Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm"), without rounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Proposal, Trial
from tuner.algorithms.domination import crowding, ranks
from tuner.space import Point

TRIES = 20
"""After so many children that are infeasible or known, mutation becomes more probable, as much again each time."""


class NSGA2Parameters(Section):
    """Parameters of NSGA-II."""

    population: Annotated[int, Field(ge=4)] = Field(20, description="so many trials, the best, can become parents")
    crossover: Annotated[float, Field(ge=0, le=1)] = Field(0.9, description="probability of a child of two parents")
    mutation: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="probability that a dimension gets another value; else 1 / dimensions"
    )


class NSGA2(Algorithm[NSGA2Parameters]):
    """Searches for a front: children of parents that few dominate and that lie where the front is thin.

    The first points are random, until as many as the population holds have succeeded or are under way. Then every free
    worker gets a child: two tournaments of two choose the parents (the lower rank wins, then the less crowded), each
    dimension comes from one of them, and some get another value. A trial that succeeds enters the population, and the
    most crowded of the last front leaves: the steady-state form (Durillo et al. 2008), which needs no generations
    and so never waits. Failed trials never enter. The state is the population, as the numbers of its trials.
    """

    Parameters = NSGA2Parameters
    many_objectives: ClassVar[bool] = True

    def __init__(self, *args: Any, **keywords: Any):
        super().__init__(*args, **keywords)
        self._enter([])

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        missing = self.parameters.population - len(self.population)
        if missing > self.running or len(self.population) < 2:
            return Proposal(self.fresh(lambda: self.space.sample(random)))
        tries = iter(range(TRIES, 10**9))

        def draw() -> Point:
            return self._child(random, next(tries) // TRIES)

        return Proposal(self.fresh(draw, known=lambda: self.space.sample(random)))

    def learn(self, trial: Trial) -> None:
        if trial.succeeded:
            self._enter([*self.population, trial.number])

    def state(self) -> dict[str, Any]:
        return {"population": self.population}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        if "population" in state:
            self._enter(list(state["population"]))
        else:
            for trial in self.finished:
                self.learn(trial)

    def _enter(self, population: list[int]) -> None:
        """Makes these the population, without the worst of them where they are too many by one."""
        scores = np.array([self._scores(self.trials[number]) for number in population], dtype="float64")
        rank = ranks(scores)
        if len(population) > self.parameters.population:
            last = np.flatnonzero(rank == rank.max())
            worst = last[np.argmin(crowding(scores[last]))]  # of equally crowded ones the oldest
            population = [number for place, number in enumerate(population) if place != worst]
            scores, rank = np.delete(scores, worst, axis=0), np.delete(rank, worst)  # nobody else's rank hangs on it
        self.population, self._rank, self._crowding = population, rank, np.empty(len(population))
        for front in range(rank.max(initial=-1) + 1):
            self._crowding[rank == front] = crowding(scores[rank == front])

    def _scores(self, trial: Trial) -> tuple[float, ...]:
        return trial.result.scores or () if trial.result else ()

    def _parent(self, random: np.random.Generator) -> Point:
        """The better of two of the population by the crowded comparison (equation 1 of the paper)."""
        a, b = random.choice(len(self.population), size=2, replace=False)
        better = min((a, b), key=lambda index: (self._rank[index], -self._crowding[index]))
        return self.trials[self.population[better]].proposal.point

    def _child(self, random: np.random.Generator, mutations: int) -> Point:
        """A point with the values of two parents, `mutations` times the usual share of them drawn anew."""
        mother, father = self._parent(random), self._parent(random)
        cross = random.uniform() < self.parameters.crossover
        rate = min(1.0, mutations * (self.parameters.mutation or 1 / len(self.space)))
        values: Point = {}
        for dimension in self.space:
            name = dimension.name
            first, second = (father, mother) if cross and random.uniform() < 0.5 else (mother, father)
            if name in first or name in second:
                values[name] = first.get(name, second.get(name))
                if random.uniform() < rate:
                    values[name] = dimension.other(values[name], random)
        return self.space.complete(values, random)
