"""The oracle of a sweep."""

from __future__ import annotations

from keras_tuner import Objective

from tuner.oracles.named import ORACLES
from tuner.oracles.oracle import AlgorithmOracle
from tuner.sweep import Sweep


def of_sweep(sweep: Sweep) -> AlgorithmOracle:
    """The oracle of a sweep: its algorithm over its space, for its objectives, with the feasible points alone.

    A trial ends with a value for every objective, under its name: `update_trial(trial_id, {name: value})`. Latencies
    that this machine's table lacks are measured when a point asks for them.
    """
    sweep.candidates.measure_latency()
    objectives = [Objective(one.name, "max" if one.maximize else "min") for one in sweep.objectives]
    return ORACLES[sweep.algorithm](
        objective=objectives if len(objectives) > 1 else objectives[0],
        max_trials=sweep.budget.trials,
        hyperparameters=sweep.space,
        seed=sweep.seed,
        feasible=sweep.feasible,
        max_retries_per_trial=sweep.trial.retries,
        epochs=sweep.epochs,
        **dict(sweep.parameters),
    )
