"""KerasTuner's own Bayesian optimisation, mended around: no duplicates, any seed, bounded time, no failed trials."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Proposal, Trial
from tuner.algorithms.redrawing import then_nearby
from tuner.algorithms.scores import finite_scores
from tuner.space import Point

if TYPE_CHECKING:
    from tuner.algorithms.keras_tuner_oracle import Translator

MOST = 200
"""The process is fitted to no more results than this, since its cost grows with their cube: the best half of them, and
the latest."""

TIMES = 2
"""So often the oracle is asked in one proposal. It tends to answer the same, which was every other of its proposals."""


class BayesianParameters(Section):
    """The parameters of KerasTuner's BayesianOptimizationOracle, with its defaults."""

    startup: int | None = Field(None, ge=1, description="random points first; none: 3 for each dimension")
    alpha: float = Field(1e-4, gt=0, description="variance of the noise of normalised scores")
    beta: float = Field(2.6, ge=0, description="standard deviations of the confidence bound; more explores more")


class Bayesian(Algorithm[BayesianParameters]):
    """A Gaussian process and its upper confidence bound (Srinivas et al. 2010), as KerasTuner's oracle has them.

    Every proposal asks a new oracle, with a seed of its own, that is shown the results so far, so that there is nothing
    to restore. Its process and the search of the bound's best point are made fast (surrogate.py). Running trials count
    with one standard deviation below what the process expects of them.
    """

    Parameters = BayesianParameters

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        from tuner.algorithms.surrogate import single_thread

        with single_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's: a length scale at its bound
            oracle = self._oracle(random)

            def draw() -> Point:
                return self._translator.point(oracle.populate_space(str(number))["values"], random)

            return Proposal(self.fresh(then_nearby(self.space, draw, random, times=TIMES)))

    def _oracle(self, random: np.random.Generator) -> Any:
        """KerasTuner's oracle with the trials that matter."""
        from keras_tuner.oracles import BayesianOptimizationOracle

        from tuner.algorithms.keras_tuner_oracle import OBJECTIVE, spread
        from tuner.algorithms.surrogate import Starts, Surrogate

        startup = self.parameters.startup or max(3 * len(self.space), 3)
        oracle = BayesianOptimizationOracle(
            objective=OBJECTIVE,
            max_trials=None,
            num_initial_points=startup,
            alpha=self.parameters.alpha,
            beta=self.parameters.beta,
            seed=spread(random),
            hyperparameters=self._translator.hyperparameters,
        )
        oracle.gpr = Surrogate(self.parameters.alpha, oracle.seed)
        oracle._random_state = Starts(oracle.gpr, self.parameters.beta, random)
        finished = self._shown(max(MOST, startup))
        oracle.trials = {str(t.number): self._translator.trial(t, t.score) for t in finished}
        running = [trial for trial in self.trials if trial.result is None] if self.running else []
        if running and len(finished) >= startup:
            # The oracle asks the process of its last proposal about running trials; a new one has none yet.
            oracle.gpr.fit(*oracle._vectorize_trials())
            waiting = {str(t.number): self._translator.trial(t, None) for t in running}
            oracle.trials.update(waiting)
            oracle.ongoing_trials = dict(waiting)
        return oracle

    def _shown(self, most: int) -> list[Trial]:
        """At most so many finished trials, the best half of them and the latest."""
        finished = [trial for trial in self.trials if finite_scores(trial.result) is not None]
        if len(finished) <= most:
            return finished
        best = sorted(finished, key=lambda trial: (-trial.score, trial.number))[: most // 2]
        chosen = {trial.number for trial in best}
        for trial in reversed(finished):
            if len(chosen) == most:
                break
            chosen.add(trial.number)
        return [trial for trial in finished if trial.number in chosen]

    @cached_property
    def _translator(self) -> Translator:
        from tuner.algorithms.keras_tuner_oracle import Translator

        return Translator(self.space)
