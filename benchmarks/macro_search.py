"""One search on the table of the macro space, by an algorithm of `tuner` or by a tuner of KerasTuner's as it is."""

from __future__ import annotations

import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from benchmarks.macro_table import EPOCHS, Table, load_table
from tuner.algorithms import algorithm
from tuner.algorithms.algorithm import Algorithm, Exhausted, Result

EVALUATIONS = 40
"""Trainings of a search, shorter ones by their share."""
SETTINGS: dict[str, dict[str, Any]] = {
    "evolution": {"population": 10, "sample": 5},
    "halving": {"min_epochs": 3},
    "nsga2": {"population": 6},
    "optuna_nsga2": {"population": 6},
}
"""What the algorithms are given for so few evaluations; the others have their defaults. After one epoch the networks
of the table do not differ yet."""

KERAS_TUNER = {
    "KerasTuner random": "RandomSearchOracle",
    "KerasTuner bayesian": "BayesianOptimizationOracle",
}
"""KerasTuner's own, in its default settings."""
_ALMOST = 1e-6  # evaluations are sums of thirds
_SEED_STEP = 1000  # KerasTuner takes 0 for no seed, and the seeds after a seed for the other dimensions


@dataclass
class Search:
    """How a search went.

    seconds: processor time of each proposal, and of learning from its result. spent: evaluations after each trial.
    regrets: after each trial that of the network which looked best so far, by its log-loss at the end of its training.
    """

    seconds: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    regrets: list[float] = field(default_factory=list)
    _best: float = float("inf")

    def add(self, table: Table, point: Mapping[str, Any], epochs: int, trained: int) -> float:
        """Counts a trial that ends after `epochs`, `trained` of them its own; gives its log-loss."""
        log_loss = table.log_loss(point, epochs)
        self.spent.append((self.spent[-1] if self.spent else 0.0) + trained / EPOCHS[-1])
        better = log_loss < self._best
        self._best = min(log_loss, self._best)
        self.regrets.append(table.regret(point) if better else self.regrets[-1])
        return log_loss

    def regret(self, evaluations: int) -> float:
        """The regret after so many evaluations, at the end of a search that had fewer."""
        return self.regrets[bisect_right(self.spent, evaluations + _ALMOST) - 1]


@cache
def table() -> Table:
    """The shipped table."""
    return load_table()


def make_algorithm(name: str, seed: int) -> Algorithm[Any]:
    """An algorithm with its settings for this benchmark."""
    kind = algorithm(name)
    return kind(table().space, kind.Parameters(**SETTINGS.get(name, {})), seed=seed, epochs=EPOCHS[-1])


def search(name: str, seed: int) -> Search:
    """One search of an algorithm, one trial after the other, until the evaluations are spent.

    Raises FactoryError for an algorithm that needs a library which is not installed.
    """
    one, made = make_algorithm(name, seed), Search()
    while not made.spent or made.spent[-1] < EVALUATIONS - _ALMOST:
        begin = time.process_time()
        try:
            proposal = one.ask()
        except Exhausted:
            break
        made.seconds.append(time.process_time() - begin)
        if proposal is None:
            raise RuntimeError(f"{name} waits, but nothing runs")
        epochs = proposal.epochs or EPOCHS[-1]
        before = one.trials[proposal.continues].proposal.epochs if proposal.continues is not None else 0
        log_loss = made.add(table(), proposal.point, epochs, epochs - (before or 0))
        begin = time.process_time()
        one.tell(len(one.trials) - 1, Result((-log_loss,)))
        made.seconds[-1] += time.process_time() - begin
    return made


def keras_tuner_search(name: str, seed: int) -> Search:
    """One search of KerasTuner's, by a Tuner whose trials look the table up."""
    import keras_tuner

    made = Search()

    class Tuner(keras_tuner.Tuner):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
            return {"log_loss": made.add(table(), trial.hyperparameters.values, EPOCHS[-1], EPOCHS[-1])}

    hyperparameters = keras_tuner.HyperParameters()
    for choice in table().space:
        hyperparameters.Choice(choice.name, choice.values())
    oracle = getattr(keras_tuner.oracles, KERAS_TUNER[name])(
        objective=keras_tuner.Objective("log_loss", "min"),
        max_trials=EVALUATIONS,
        hyperparameters=hyperparameters,
        seed=_SEED_STEP * (seed + 1),
    )
    oracle.populate_space = _timed(oracle.populate_space, made.seconds)
    with tempfile.TemporaryDirectory() as folder:
        Tuner(oracle=oracle, directory=folder).search(verbose=0)
    return made


def _timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        begin = time.process_time()
        try:
            return function(*args)
        finally:
            seconds.append(time.process_time() - begin)

    return call
