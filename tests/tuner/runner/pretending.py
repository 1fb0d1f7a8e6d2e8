"""Sweeps for tests that train nothing: a sweep, and an oracle without KerasTuner. `pretender` has the trials."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pretender import EPOCHS

from factory.errors import FactoryError
from factory.spec import Spec, load
from factory.train.recipe.reading import load_recipe
from tuner.algorithms import algorithm
from tuner.algorithms.algorithm import Exhausted, Proposal, Result
from tuner.candidates.formulas import parse_formula
from tuner.candidates.objectives import Objective
from tuner.runner.driver import Driver
from tuner.runner.ledger import Ledger
from tuner.runner.memory import Bound
from tuner.runner.reporting import Silent
from tuner.runner.workers import Workers
from tuner.space import Choice, Int, Space
from tuner.store import Store
from tuner.sweep.sections import Budget, Repeats, StopRule, TrialLimits

TWELVE, ONCE, NO_LIMITS = Budget(trials=12), Repeats(), TrialLimits()
TINY = load(
    {
        "name": "tiny",
        "input": {"resolution": 8, "channels": 1},
        "classes": 10,
        "stages": {"stem": {"block": "conv", "filters": 8, "kernel": 3}, "head": {"block": "classifier"}},
    }
)


def objective(maximize: bool = True, text: str = "val_accuracy", **options: Any) -> Objective:
    return Objective(text, parse_formula(text, [text]), maximize, **options)


@dataclass
class PretendSweep:
    """What the runner asks of a sweep."""

    behaviours: tuple[str, ...] = ("run",)
    algorithm: str = "random"
    budget: Budget = TWELVE
    repeats: Repeats = ONCE
    stop: StopRule | None = None
    trial: TrialLimits = NO_LIMITS
    keep: int = 1
    seed: int = 0
    data: str = "none"
    text: str = "sweep: pretending\n"
    epochs: int = EPOCHS
    objectives: tuple[Objective, ...] = (objective(),)
    keys: str = "x"
    """Dimensions whose values make the key of a candidate, by their letters; "" for none."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Parameters of the algorithm."""

    @property
    def space(self) -> Space:
        return Space([Int("x", 0, 19), Choice("do", self.behaviours)])

    def candidate(self, point: dict[str, Any]) -> SimpleNamespace:
        if point["do"] == "broken":
            raise FactoryError("this network cannot be built")
        recipe = load_recipe({"recipe": "pretended", "note": json.dumps(point), "epochs": self.epochs})
        key = json.dumps([point["x"] // 2 if self.keys == "half" else point["x"], point["do"]])
        spec: Spec = TINY
        return SimpleNamespace(point=point, spec=spec, recipe=recipe, costs={"params": 8}, key=key)

    def identity(self) -> dict[str, Any]:
        return {"sweep": "pretending", "behaviours": list(self.behaviours)}


class PlainOracle:
    """The part of an oracle that the runner uses."""

    def __init__(self, sweep: PretendSweep):
        kind = algorithm(sweep.algorithm)
        parameters = kind.Parameters(**sweep.settings)
        self.algorithm = kind(sweep.space, parameters, seed=sweep.seed, epochs=sweep.epochs)
        self.budget = sweep.budget.trials
        self.trials: dict[str, Any] = {}
        self.again: list[Any] = []
        self.metrics: dict[str, dict[str, float]] = {}

    def create_trial(self, tuner_id: str) -> SimpleNamespace:
        if self.again:
            return self.again.pop(0)
        proposal = None
        try:
            if len(self.trials) < self.budget:
                proposal = self.algorithm.ask()
            status = "STOPPED" if len(self.trials) >= self.budget else "RUNNING" if proposal else "IDLE"
        except Exhausted:
            status = "STOPPED"
        trial = SimpleNamespace(trial_id=str(len(self.trials)), status=status, message=None)
        if proposal:
            self.trials[trial.trial_id] = trial
        return trial

    def update_trial(self, trial_id: str, metrics: dict[str, float], step: int = 0) -> None:
        self.metrics[trial_id] = metrics

    def end_trial(self, trial: SimpleNamespace) -> None:
        assert trial.status in ("COMPLETED", "FAILED")
        scores = tuple(self.metrics[trial.trial_id].values()) if trial.status == "COMPLETED" else None
        self.algorithm.tell(int(trial.trial_id), Result(scores))

    def resume(self, trials: list[Any], state: dict[str, Any]) -> None:
        self.algorithm.restore(state, trials)
        for trial in trials:
            name = str(trial.number)
            self.trials[name] = SimpleNamespace(trial_id=name, status="RUNNING", message=None)
            if trial.result is None:
                self.again.append(self.trials[name])

    def proposal(self, trial_id: str) -> Proposal:
        return self.algorithm.trials[int(trial_id)].proposal


def drive(
    sweep: PretendSweep,
    directory: Path,
    *,
    workers: int = 1,
    reporter: Any = None,
    trainer: str = "pretender:Pretender",
    bound: Bound | None = None,
    oracle: Any = None,
) -> Store:
    """`tuner.runner.run` with an oracle that needs no KerasTuner."""
    store = Store.create_or_open(directory, sweep.identity(), sweep.text)
    told = reporter or Silent()
    with store.driver_lock():
        places = Workers(directory / "workers", workers, trainer, 1)
        with closing(places):
            ledger = Ledger(sweep, store, oracle or PlainOracle(sweep))  # type: ignore[arg-type]
            Driver(
                ledger, places, told, bound or Bound.of(sweep.trial, workers), lambda trial: None, lambda trial: None
            ).run()
    return store


def executed(directory: Path) -> list[tuple[int, int, int]]:
    """(trial, run, epoch) of every epoch that was ever run, in order."""
    lines = (directory / "executed").read_text().splitlines()
    return [(int(a), int(b), int(c)) for a, b, c in map(str.split, lines)]


def outcome(store: Store) -> list[tuple[Any, ...]]:
    """What a sweep has come to, without times."""
    return [(t.number, t.point, t.epochs, str(t.status), t.scores, t.copied_from) for t in store.trials()]


if __name__ == "__main__":
    drive(PretendSweep(**json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}), Path(sys.argv[1]))
