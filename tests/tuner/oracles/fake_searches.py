"""A tuner of KerasTuner's that trains nothing: milliseconds a trial."""

import math

from keras_tuner import HyperParameters, Objective
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

from tuner import oracles

LOSS = Objective("loss", "min")


def build(hp: HyperParameters) -> None:
    """Two numbers and what hangs on them, as a model's builder would ask for it."""
    hp.Float("x", 0.0, 1.0)
    hp.Int("k", 1, 5)
    kind = hp.Choice("kind", ["plain", "fancy"])
    with hp.conditional_scope("kind", ["fancy"]):
        if kind == "fancy":
            hp.Float("extra", 0.0, 1.0)


def loss(hp: HyperParameters) -> float:
    return (hp["x"] - 0.3) ** 2 + abs(hp["k"] - 2) + (hp["extra"] if hp["kind"] == "fancy" else 0.5)


def stack(hp: HyperParameters) -> None:
    """A space that only shows itself as it is built: most users write theirs like this."""
    hp.Int("units_0", 1, 3)
    for index in range(1, hp.Int("layers", 1, 3)):
        hp.Int(f"units_{index}", 1, 3)


def stacked(trial: Trial) -> float:
    stack(trial.hyperparameters)
    return float(sum(trial.hyperparameters.values.values()))


class Killed(BaseException):
    """As if the process had been killed: nothing of KerasTuner's catches it."""


class Searching(BaseTuner):
    """Calls a function for the result of each trial; `ran` are their names in order."""

    def __init__(self, directory, oracle=None, run=lambda trial: loss(trial.hyperparameters), hypermodel=build, **more):
        oracle = oracle or oracles.Random(objective=LOSS, max_trials=8)
        oracle.verbose = 0
        self.run, self.ran = run, []
        super().__init__(oracle, hypermodel, directory=str(directory), project_name="p", **more)

    def run_trial(self, trial):
        self.ran.append(trial.trial_id)
        return self.run(trial)

    def values(self) -> list[dict]:
        """The values of all trials in order."""
        return [trial.hyperparameters.values for trial in self.oracle.trials.values()]


def results(searching: Searching) -> list[tuple]:
    """Name, values, status and score of every trial in order."""
    trials = searching.oracle.trials.values()
    return [(t.trial_id, t.hyperparameters.values, t.status, t.score) for t in trials]


def killed_in(trial_id: str):
    """A run that is killed in this trial."""

    def run(trial):
        if trial.trial_id == trial_id:
            raise Killed
        return loss(trial.hyperparameters)

    return run


def failing(*trial_ids: str, value: float = math.nan):
    """A run in which these trials come to this value."""
    return lambda trial: value if trial.trial_id in trial_ids else loss(trial.hyperparameters)
