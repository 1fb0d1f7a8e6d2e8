"""Local search with restarts (White et al. 2021, "Exploring the loss landscape in neural architecture search")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Exhausted, Proposal, Trial
from tuner.space import Point

NEIGHBOURHOOD = 1
"""The stream of random numbers that puts the neighbours of a trial in order."""

STARTS = 10
"""So many random points are kept to begin from, the best."""


class LocalSearchParameters(Section):
    """Parameters of local search."""

    improvement: Literal["first", "best"] = Field(
        "first", description="move to the first neighbour that is better, or to the best of all of them"
    )


class LocalSearch(Algorithm[LocalSearchParameters]):
    """Tries the neighbours of a centre, moves to a better one, and begins elsewhere when there is none.

    Neighbours differ in one dimension by one step (`Space.neighbours`), in random order. Those that were tried before
    count without being tried again. While all neighbours of a centre are under way, a free worker tries a random point;
    the best of these is where the next search begins. Failed trials are never better. The state is the number of the
    centre, and those of the random points to begin from.
    """

    Parameters = LocalSearchParameters

    def __init__(self, *args: Any, **keywords: Any):
        super().__init__(*args, **keywords)
        self.centre: int | None = None
        self.starts: list[int] = []
        self.numbers: dict[str, int] = {}
        self._around: dict[str, Point] = {}

    def propose(self, number: int, random: np.random.Generator) -> Proposal | None:
        for key, point in self._around.items():
            if key not in self.known:
                return Proposal(point)
        try:
            return Proposal(self.fresh(lambda: self.space.sample(random)))
        except Exhausted:
            if self.running:
                return None  # its result may move the centre to where there are more neighbours
            raise

    def ask(self) -> Proposal | None:
        proposal = super().ask()
        if proposal is not None and self.space.key(proposal.point) not in self._around:
            self.starts.append(self.trials[-1].number)
        return proposal

    def learn(self, trial: Trial) -> None:
        late = self.parameters.improvement == "first" and trial.number not in self.starts
        if late and self.centre is not None and trial.score > self.trials[self.centre].score:
            self._move(trial.number)  # perhaps no neighbour of this centre, but of the one before
        self._advance()

    def state(self) -> dict[str, Any]:
        return {"centre": self.centre, "starts": self.starts}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        if state:
            self.starts = list(state["starts"])
            self._move(state["centre"])
        else:
            self.starts = [trial.number for trial in sorted(self.finished, key=lambda trial: trial.score, reverse=True)]
            self._advance()

    def _add(self, trial: Trial) -> None:
        super()._add(trial)
        self.numbers[self.space.key(trial.proposal.point)] = trial.number

    def _advance(self) -> None:
        """Goes as far as the results allow: from centre to centre, and to another start from the last of them."""
        while True:
            ahead = self._next_start() if self.centre is None else self._better(self.centre)
            waiting = any(not self._ended(key) for key in self._around)
            if ahead is None and (waiting or self.centre is None):
                return
            if waiting and self.parameters.improvement == "best":
                return
            self._move(ahead)

    def _better(self, centre: int) -> int | None:
        """The best neighbour of the centre that has ended, if it is better than the centre."""
        ended = [self.trials[self.numbers[key]] for key in self._around if self._ended(key)]
        best = max([self.trials[centre], *ended], key=lambda trial: trial.score)
        return best.number if best.number != centre else None

    def _next_start(self) -> int | None:
        """Takes out the best random point that has a score; failed ones and the worst of many are forgotten."""
        scored = sorted((n for n in self.starts if self.trials[n].succeeded), key=lambda n: -self.trials[n].score)
        self.starts = scored[1 : 1 + STARTS] + [n for n in self.starts if self.trials[n].result is None]
        return scored[0] if scored else None

    def _ended(self, key: str) -> bool:
        return key in self.numbers and self.trials[self.numbers[key]].result is not None

    def _move(self, centre: int | None) -> None:
        """Makes a trial the centre, and lists its feasible neighbours in random order."""
        self.centre, self._around = centre, {}
        if centre is not None:
            random = self.random(centre, stream=NEIGHBOURHOOD)
            points = list(self.space.neighbours(self.trials[centre].proposal.point, random))
            for index in random.permutation(len(points)):
                if self.feasible(points[index]):
                    self._around[self.space.key(points[index])] = points[index]
