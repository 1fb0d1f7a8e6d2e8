"""The RNN controller trained by REINFORCE with a baseline: neural architecture search (Zoph & Le 2017)."""

from __future__ import annotations

from tuner.algorithms.algorithm import Trial
from tuner.algorithms.controller import Controller, ControllerParameters


class Reinforce(Controller[ControllerParameters]):
    """After every result, one step along advantage * gradient of the log-probability of its point (equation 3)."""

    Parameters = ControllerParameters

    def reinforce(self, trial: Trial, advantage: float) -> None:
        self.train([trial], [advantage], [0.0], steps=1)
