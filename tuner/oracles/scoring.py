"""What a trial of KerasTuner's is worth: its objective, as a number that is one, and scores for an algorithm."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from keras_tuner import Objective
from keras_tuner.engine.trial import Trial
from keras_tuner.src.engine.objective import MultiObjective


def single_objectives(objective: Objective) -> list[Objective]:
    """The objectives of a list, or the only one."""
    return list(objective.objectives) if isinstance(objective, MultiObjective) else [objective]


def measure(trial: Trial, objective: Objective, metrics: Mapping[str, float], step: int = 0) -> None:
    """Adds metrics at a step, KerasTuner's sum of several objectives among them; each objective knows its direction."""
    if isinstance(objective, MultiObjective):
        metrics = {objective.name: objective.get_value(metrics), **metrics}
    directions = {one.name: one.direction for one in (objective, *single_objectives(objective))}
    for name, value in metrics.items():
        if not trial.metrics.exists(name):
            trial.metrics.register(name, direction=directions.get(name))
        trial.metrics.metrics[name].update(float(value), step=step)  # the tracker's own update warns of every NaN


def best(trial: Trial, objective: Objective) -> tuple[float, int]:
    """The best value of an objective and its step; NaN where there is none. KerasTuner's own fails without a value."""
    found = (math.nan, 0)
    history = trial.metrics.get_history(objective.name) if trial.metrics.exists(objective.name) else []
    for observation in history:
        value = float(np.mean(observation.value))
        if not math.isnan(value) and (math.isnan(found[0]) or objective.better_than(value, found[0])):
            found = (value, int(observation.step))
    return found


def scores(trial: Trial, objectives: list[Objective]) -> tuple[float, ...]:
    """A score for each objective, greater is better, all of the step at which the trial was best."""
    return tuple(_signed(one, _at(trial, one)) for one in objectives)


def value_of(score: float, objective: Objective) -> float:
    """The value of an objective that has this score."""
    return _signed(objective, score)


def _at(trial: Trial, objective: Objective) -> float:
    for observation in trial.metrics.get_history(objective.name):
        if observation.step == trial.best_step:
            return float(np.mean(observation.value))
    return best(trial, objective)[0]


def _signed(objective: Objective, value: float) -> float:
    return value if objective.direction == "max" else -value
