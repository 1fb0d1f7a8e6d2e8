"""What an oracle knows: its space, the trials so far, and the algorithm that has learned from them."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import keras_tuner
from keras_tuner import HyperParameters
from keras_tuner.engine.trial import Trial, TrialStatus

from tuner import algorithms
from tuner.algorithms.algorithm import Algorithm, Result
from tuner.algorithms.algorithm import Trial as AlgorithmTrial
from tuner.garbage import uncollected
from tuner.oracles.history import relive
from tuner.oracles.hyperparameters import from_hyperparameters, to_hyperparameters, values_of
from tuner.oracles.parameters import parse_parameters
from tuner.oracles.records import Record
from tuner.oracles.scoring import measure, scores, single_objectives, value_of
from tuner.space import Point, Space


class RememberingOracle(keras_tuner.Oracle):
    """The memory of an AlgorithmOracle, which has the arguments described.

    A trial is a Record. The algorithm numbers trials without gaps, which are their places in `start_order`; the number
    in the name of a trial is its identity, which a lost record leaves unused for ever.
    """

    hyperparameters: HyperParameters
    algorithm_name: ClassVar[str]
    """The algorithm's name in sweep files."""

    def __init__(
        self,
        objective: Any = None,
        max_trials: int | None = None,
        hyperparameters: HyperParameters | Space | None = None,
        allow_new_entries: bool = True,
        tune_new_entries: bool = True,
        seed: int | None = 0,
        feasible: Callable[[Point], bool] | None = None,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int | None = None,
        epochs: int = 1,
        **parameters: Any,
    ):
        self._given = hyperparameters if isinstance(hyperparameters, Space) else None
        super().__init__(
            objective=objective,
            max_trials=max_trials,
            hyperparameters=hyperparameters if self._given is None else to_hyperparameters(self._given),
            allow_new_entries=allow_new_entries and self._given is None,
            tune_new_entries=tune_new_entries,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
        )
        self._draws_seed = seed is None
        self.seed = random.SystemRandom().randrange(2**31) if seed is None else seed
        self.epochs = epochs
        self._kind = algorithms.algorithm(self.algorithm_name)
        self._parameters = parse_parameters(type(self), self._kind.Parameters, parameters)
        self._objectives = single_objectives(self.objective) if self._kind.many_objectives else [self.objective]
        self._feasible = feasible
        self._space = self._given
        self._algorithm: Algorithm | None = None
        self._records: dict[str, Record] = {}
        self._next = self._ended = 0
        self._guard = threading.RLock()

    # ---- what it searches with

    @property
    def space(self) -> Space:
        """What is searched; without a given Space, what is declared so far."""
        if self._space is None:
            self._space = from_hyperparameters(self.hyperparameters)
        return self._space

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm, made anew when the space has grown."""
        if self._algorithm is None:
            self._algorithm = self._new_algorithm()
        return self._algorithm

    def update_space(self, hyperparameters: HyperParameters) -> None:
        known = len(self.hyperparameters.space)
        super().update_space(hyperparameters)
        if len(self.hyperparameters.space) > known:
            self._space = None
            self._remake({}, learned=0)

    # ---- going on

    def resume(self, trials: Iterable[AlgorithmTrial], state: dict[str, Any]) -> None:
        """Goes on from the trials so far, in order, and the state of the algorithm after the last result.

        Running ones run again. Their numbers are the identities of trials. Where some are missing, the state, which may
        speak of numbers, is not used: the algorithm learns from all results again.
        """
        self._forget()
        with uncollected():
            for trial in trials:
                self._keep(self._record_of(trial))
            self._next = max((record.identity + 1 for record in self._records.values()), default=0)
            whole = len(self._records) == self._next
            self._take_up(state if whole else {}, self._next)

    # ---- trials

    def _keep(self, record: Record) -> None:
        trial = record.trial
        self._records[trial.trial_id], self.trials[trial.trial_id] = record, trial
        self.start_order.append(trial.trial_id)

    def _result(self, trial: Trial) -> Result:
        done = trial.status == TrialStatus.COMPLETED
        return Result(scores(trial, self._objectives) if done else None)

    def _filled(self, values: dict[str, Any]) -> HyperParameters:
        """The space with these values. KerasTuner's `copy` takes a millisecond for twenty parameters."""
        filled = HyperParameters()
        for parameter in self.hyperparameters.space:  # which nobody changes
            filled._space.append(parameter)
            filled._hps[parameter.name].append(parameter)
        filled.values = values
        return filled

    def _record_of(self, trial: AlgorithmTrial) -> Record:
        """A trial that a store kept as one of KerasTuner's; of its metrics only what it was scored with."""
        status = TrialStatus.RUNNING
        if trial.result is not None:
            status = TrialStatus.COMPLETED if trial.result.scores else TrialStatus.FAILED
        kept = Trial(self._filled(values_of(self.space, trial.proposal.point)), f"{trial.number:04d}", status)
        if trial.result is not None and trial.result.scores:
            singles = single_objectives(self.objective)
            objectives = singles if len(trial.result.scores) == len(singles) else self._objectives
            pairs = zip(objectives, trial.result.scores, strict=True)
            measure(kept, self.objective, {one.name: value_of(score, one) for one, score in pairs})
            self.score_trial(kept)
        result = None if trial.result is None else self._result(kept)
        return Record(kept, trial.proposal, result=result, ended=None if trial.result is None else trial.number)

    def _forget(self) -> None:
        for known in (self.trials, self.ongoing_trials, self._records):
            known.clear()
        for order in (self.start_order, self.end_order, self._retry_queue):
            order.clear()

    def _take_up(self, state: dict[str, Any], learned: int) -> None:
        """Puts what has ended in its order, what has not into the queue, and makes the algorithm."""
        ended = [record for record in self._records.values() if record.ended is not None]
        ended.sort(key=lambda record: record.ended or 0)
        self.end_order[:] = [record.trial.trial_id for record in ended]
        self._ended = max((record.ended + 1 for record in ended if record.ended is not None), default=0)
        self._retry_queue[:] = [name for name, record in self._records.items() if record.ended is None]
        self._remake(state, learned)

    def _remake(self, state: dict[str, Any], learned: int) -> None:
        self._algorithm = None
        if self._records:
            algorithm = self._new_algorithm()
            relive(algorithm, list(self._records.values()), state, learned)
            self._algorithm = algorithm

    def _new_algorithm(self) -> Algorithm:
        return self._kind(
            self.space,
            self._parameters,
            seed=self.seed,
            feasible=self._feasible,
            objectives=len(self._objectives),
            epochs=self.epochs,
        )
