"""What every search algorithm is: it proposes points and learns what came of them. Knows no KerasTuner."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from factory.blocks.values import Section
from tuner.algorithms.leftovers import Leftovers
from tuner.space import Point, Space

PATIENCE = 2_000
"""So many draws in a row may be infeasible or known before the points that are left are listed one by one."""

OFTEN = 5
"""In a small space so many draws for each of its points are enough."""

LEFT = 99
"""The stream of random numbers that puts the points that are left in order."""


class Exhausted(Exception):
    """There is nothing left to propose: the search is over, whatever is left of the budget."""


@dataclass(frozen=True)
class Proposal:
    """A point to try for `epochs` (None: as many as the sweep says), going on from where trial `continues` ended.

    epochs: counted from the beginning of the run, those that trial `continues` had among them.
    inherits: the trial whose weights its network begins with, as far as they fit (`tuner.morphism`); it is trained by a
    recipe of so many epochs, from the first to the last.
    """

    point: Point
    epochs: int | None = None
    continues: int | None = None
    inherits: int | None = None


@dataclass(frozen=True)
class Result:
    """What came of a trial: a score for each objective, greater is better, None for a trial that failed."""

    scores: tuple[float, ...] | None

    @property
    def score(self) -> float:
        """The only, or first, score; minus infinity for a failure."""
        return self.scores[0] if self.scores else -float("inf")


@dataclass(frozen=True)
class Trial:
    """A proposal with its number, from 0, and its result, None while it runs."""

    number: int
    proposal: Proposal
    result: Result | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it has ended with scores."""
        return self.result is not None and self.result.scores is not None

    @property
    def score(self) -> float:
        """Its only, or first, score; minus infinity while it runs and where it failed."""
        return self.result.score if self.result else -float("inf")


P = TypeVar("P", bound=Section)


class Algorithm(ABC, Generic[P]):
    """Proposes points of a space. The same seed and the same results in the same order give the same proposals.

    Every proposal draws from random numbers of its own, which the seed and the number of the trial fix: there is no
    random state to save, and two seeds have nothing in common. What an algorithm knows it knows from `trials`; what it
    cannot compute from them again, such as the weights of a controller, is in `state`.

    space: what is searched. feasible: whether a point may be tried at all; infeasible ones are never proposed.
    objectives: how many scores a result has. epochs: how long a full trial takes, for algorithms that divide it.
    """

    Parameters: ClassVar[type[Section]] = Section
    """Its parameters in a sweep file, closed: fields with defaults and descriptions."""
    many_objectives: ClassVar[bool] = False
    """Whether it searches for a front; others see the first score alone."""

    def __init__(
        self,
        space: Space,
        parameters: P | None = None,
        *,
        seed: int = 0,
        feasible: Callable[[Point], bool] | None = None,
        objectives: int = 1,
        epochs: int = 1,
    ):
        self.space = space
        self.parameters: P = parameters if parameters is not None else self.Parameters()  # type: ignore[assignment]
        self.seed, self.objectives, self.epochs = seed, objectives, epochs
        self.feasible = feasible or (lambda point: True)
        self.trials: list[Trial] = []
        self.known: set[str] = set()
        self.running = 0

    # ---- what others call

    def ask(self) -> Proposal | None:
        """The next proposal, which is a trial from now on; None while results must come first. Raises Exhausted."""
        proposal = self.propose(len(self.trials), self.random(len(self.trials)))
        if proposal is not None:
            self._add(Trial(len(self.trials), proposal))
        return proposal

    def tell(self, number: int, result: Result) -> None:
        """What came of a trial. Results come in any order, each once."""
        self.running -= self.trials[number].result is None
        trial = self.trials[number] = replace(self.trials[number], result=result)
        self.learn(trial)

    def state(self) -> dict[str, Any]:
        """What `trials` do not tell, as JSON; small, since it is saved with every trial."""
        return {}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        """Goes on from a state and the trials so far, in order, running ones among them."""
        for trial in trials:
            self._add(trial)

    def total_epochs(self, trials: int) -> float:
        """About how many epochs so many trials take together, each run once; here all are full trials."""
        return float(trials * self.epochs)

    def parents(self) -> set[int]:
        """The trials whose weights later proposals may inherit, and which must be kept until then."""
        return set()

    # ---- what an algorithm is made of

    @abstractmethod
    def propose(self, number: int, random: np.random.Generator) -> Proposal | None:
        """The proposal of this number, None to wait. Changes nothing: a proposal may be asked for again."""

    def learn(self, trial: Trial) -> None:
        """Hears of a result; nothing to do for algorithms that read `trials`."""

    def random(self, number: int, stream: int = 0) -> np.random.Generator:
        """Random numbers of a proposal; another stream for what is not a proposal."""
        return np.random.default_rng([self.seed, number, stream])

    def fresh(self, draw: Callable[[], Point], *, known: Callable[[], Point] | None = None) -> Point:
        """The first point drawn that is feasible and not proposed before; after many draws, any that is left.

        Where drawing moves in a small neighbourhood, all of which may be known, `known` draws anew from everywhere.
        Raises Exhausted where no point is left, or none was found in a space that is too large to list.
        """
        for attempt in range(self._patience):
            point = draw() if known is None or attempt < self._patience // 10 else known()
            if self.space.key(point) not in self.known and self.feasible(point):
                return point
        left = self._leftovers.first(self.known, self.feasible)
        if left is not None:
            return left
        if self._leftovers.listed:
            raise Exhausted("every feasible point of the space has been tried")
        raise Exhausted(f"{self._patience} proposals in a row were infeasible or known")

    @cached_property
    def _patience(self) -> int:
        return int(min(PATIENCE, OFTEN * math.prod(math.inf if d.count is None else d.count for d in self.space)))

    @cached_property
    def _leftovers(self) -> Leftovers:
        return Leftovers(self.space, self.random(0, stream=LEFT))

    @property
    def finished(self) -> Sequence[Trial]:
        """Trials with scores, in the order of their numbers."""
        return [trial for trial in self.trials if trial.succeeded]

    def _add(self, trial: Trial) -> None:
        self.trials.append(trial)
        self.running += trial.result is None
        self.known.add(self.space.key(trial.proposal.point))
