"""What KerasTuner's own oracles need to propose for us: hyperparameters, trials, seeds. To be imported late."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine import trial as trials

from tuner.algorithms.algorithm import Trial
from tuner.oracles.hyperparameters import point_of, to_hyperparameters, values_of
from tuner.space import Point, Space

OBJECTIVE = keras_tuner.Objective("score", "max")
Status = trials.TrialStatus


class Translator:
    """Points and trials of a space as KerasTuner has them, and back."""

    def __init__(self, space: Space):
        self.space, self.hyperparameters = space, to_hyperparameters(space)

    def trial(self, trial: Trial, score: float | None) -> trials.Trial:
        """A trial of KerasTuner's under the same number; score: None while it runs."""
        hyperparameters = copy.copy(self.hyperparameters)  # the declarations are shared, the values are not
        hyperparameters.values = values_of(self.space, trial.proposal.point)
        status = Status.RUNNING if score is None else Status.COMPLETED
        made = trials.Trial(hyperparameters, trial_id=str(trial.number), status=status)
        made.score = score
        return made

    def point(self, values: Mapping[str, Any], random: np.random.Generator) -> Point:
        """The point of an oracle's values; values that KerasTuner has inactive though they take part are drawn."""
        try:
            return point_of(self.space, values)
        except (KeyError, ValueError):
            return self.space.complete(values, random)


def spread(random: np.random.Generator) -> int:
    """A seed for KerasTuner, which ignores 0 and gives hyperparameter j the seed + j: far from all others."""
    return int(random.integers(1, 2**31))
