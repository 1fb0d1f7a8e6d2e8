"""What all of Optuna's samplers have in common as algorithms. Optuna is imported at the first proposal."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from factory.blocks.values import Section
from factory.errors import FactoryError
from tuner.algorithms.algorithm import Algorithm, Proposal, Trial
from tuner.algorithms.redrawing import then_nearby
from tuner.space import Point

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from tuner.algorithms.optuna_study import Drawing, Study

P = TypeVar("P", bound=Section)


class OptunaAlgorithm(Algorithm[P]):
    """A sampler of Optuna's over a study in memory that is in step with `trials`.

    Every proposal has a sampler of its own, seeded by the seed and its number: what one remembers from proposal to
    proposal is lost in a restart, and so must not matter. Infeasible and known points are drawn again, then replaced by
    points nearby; the study never hears of them. Failed trials are told as FAIL.
    """

    redraws: ClassVar[int] = 20
    """So often the sampler is asked in one proposal."""
    needs: ClassVar[dict[str, str]] = {}
    """Modules that the sampler needs beside Optuna, and the names under which pip installs them."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._study: Study | None = None
        self._restored: dict[str, Any] = {}
        self._notes: dict[str, Any] = {}

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        study = self._ready()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Optuna's remarks that an option of the sampler is experimental
            drawing = study.drawing(self.sampler(int(random.integers(2**32))), number)
        point = self.fresh(then_nearby(self.space, lambda: self.draw(drawing), random, times=self.redraws))
        self._notes = drawing.notes
        return Proposal(point)

    def learn(self, trial: Trial) -> None:
        if self._study is not None and trial.result is not None:
            self._study.finish(trial.number, trial.result)

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        self._restored = state
        super().restore(state, trials)

    # ---- what a sampler is made of

    @abstractmethod
    def sampler(self, seed: int) -> BaseSampler:
        """A new sampler."""

    def draw(self, drawing: Drawing) -> Point:
        """A point, in which the dimensions that take part in every point are drawn jointly."""
        return drawing.point(jointly=drawing.study.always)

    def keep(self, number: int, notes: Mapping[str, Any]) -> Mapping[str, Any]:
        """What stays with a trial of the sampler's notes on it: none, but where they are part of the state."""
        return {}

    def recall(self, study: Study, state: dict[str, Any]) -> dict[int, dict[str, Any]]:
        """What the sampler had noted on trials, by number, as far as it matters, from a state."""
        return {}

    # ---- the study

    def _ready(self) -> Study:
        """The study; made from the trials so far when it is first needed."""
        if self._study is None:
            _require({"optuna": "keras-model-factory[optuna]"} | self.needs)
            from tuner.algorithms.optuna_study import Study

            study = Study(self.space, self.objectives if self.many_objectives else 1)
            notes = self.recall(study, self._restored)
            for trial in self.trials:
                study.add(trial, notes.get(trial.number))
            self._study = study
        return self._study

    def _add(self, trial: Trial) -> None:
        super()._add(trial)
        if self._study is not None:
            self._study.add(trial, self.keep(trial.number, self._notes))


def _require(modules: Mapping[str, str]) -> None:
    """Raises FactoryError, with what to install, where a module is missing."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        packages = " ".join(modules[module] for module in missing)
        raise FactoryError(f"{' and '.join(missing)} missing, which this algorithm needs: pip install {packages}")
