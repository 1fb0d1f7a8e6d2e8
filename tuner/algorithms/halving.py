"""Asynchronous successive halving, ASHA (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning")."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Exhausted, Proposal, Trial


class HalvingParameters(Section):
    """Parameters of successive halving."""

    factor: Annotated[int, Field(ge=2)] = Field(
        3, description="the best of so many go on to the next rung, which has so many times the epochs"
    )
    min_epochs: Annotated[int, Field(ge=1)] = Field(1, description="the lowest rung has no fewer epochs than this")


class Halving(Algorithm[HalvingParameters]):
    """Algorithm 2 of the paper: many short trials, the best of which go on, without ever waiting for one to end.

    The rungs are the epochs of a full trial divided by powers of the factor, rounded down: 1, 3, 10 for 10 epochs and
    factor 3. Whenever a worker is free, the best trial of the highest rung that is among the best 1 / factor of those
    that succeeded there goes on to the next; where there is none, a random point begins at the lowest. Going on is a
    trial of its own. A trial that fails while going on gives its place to the next best of the rung it came from.
    Where the space has no new point left, the best of those that have stayed behind go on, one after the other.
    """

    Parameters = HalvingParameters

    def __init__(self, *args: Any, **keywords: Any):
        super().__init__(*args, **keywords)
        self.rungs = rungs(self.epochs, self.parameters.factor, self.parameters.min_epochs)
        self._rungs = {epochs: _Rung() for epochs in self.rungs}
        self._promoted: set[int] = set()

    def total_epochs(self, trials: int) -> float:
        """Of every rung 1 / factor go on, each for what is missing to the next."""
        shares = [float(self.parameters.factor) ** -height for height in range(len(self.rungs))]
        return trials * float(np.average(np.diff([0, *self.rungs]), weights=shares))

    def propose(self, number: int, random: np.random.Generator) -> Proposal | None:
        if further := self._further(self.parameters.factor):
            return further
        try:
            return Proposal(self.fresh(lambda: self.space.sample(random)), self.rungs[0])
        except Exhausted:
            if self.running:
                return None  # its result may let another go on
            if further := self._further(1):
                return further
            raise

    def _further(self, factor: int) -> Proposal | None:
        """The best trial of the highest rung that is among its best 1 / factor and has not gone on goes on."""
        for epochs, above in reversed(list(zip(self.rungs, self.rungs[1:], strict=False))):
            best = self._rungs[epochs].best(factor, self._promoted)
            if best is not None:
                return Proposal(self.trials[best].proposal.point, above, continues=best)
        return None

    def learn(self, trial: Trial) -> None:
        parent = trial.proposal.continues
        if trial.succeeded and (rung := self._rung(trial)):
            rung.add(trial)
        elif trial.result is not None and not trial.succeeded and parent is not None:
            came_from = self.trials[parent]
            if rung := self._rung(came_from):
                rung.give_up(came_from)

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        for trial in self.trials:
            self.learn(trial)

    def _add(self, trial: Trial) -> None:
        super()._add(trial)
        if trial.proposal.continues is not None:
            self._promoted.add(trial.proposal.continues)

    def _rung(self, trial: Trial) -> _Rung | None:
        """The rung of a trial, None for one of other epochs, of which this search knows nothing."""
        return self._rungs.get(trial.proposal.epochs or 0)


def rungs(epochs: int, factor: int, least: int) -> list[int]:
    """The epochs of each rung, from the lowest; the highest is a full trial, whatever the least is."""
    found = [epochs]
    while epochs // factor ** len(found) >= least:
        found.append(epochs // factor ** len(found))
    return found[::-1]


class _Rung:
    """The trials that succeeded with so many epochs, best first; the earlier of two equal ones is better."""

    def __init__(self) -> None:
        self.succeeded = 0
        self.ranked: list[tuple[float, int]] = []
        self.waiting: list[tuple[float, int]] = []

    def add(self, trial: Trial) -> None:
        entry = (-trial.score, trial.number)
        self.succeeded += 1
        insort(self.ranked, entry)
        heappush(self.waiting, entry)

    def give_up(self, trial: Trial) -> None:
        """Takes out a trial that failed while it went on; it still counts among those that succeeded here."""
        del self.ranked[bisect_left(self.ranked, (-trial.score, trial.number))]

    def best(self, factor: int, promoted: set[int]) -> int | None:
        """The best trial that has not gone on, if it is among the best 1 / factor."""
        while self.waiting and self.waiting[0][1] in promoted:
            heappop(self.waiting)
        if self.waiting and bisect_left(self.ranked, self.waiting[0]) < self.succeeded // factor:
            return self.waiting[0][1]
        return None
