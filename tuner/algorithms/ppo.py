"""The RNN controller trained by proximal policy optimisation: NASNet (Zoph et al. 2018), MnasNet (Tan et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from tuner.algorithms.algorithm import Trial
from tuner.algorithms.controller import Controller, ControllerParameters


class PPOParameters(ControllerParameters):
    """The controller's, and those of PPO."""

    learning_rate: float = Field(0.06, gt=0, description="of Adam")
    batch: int = Field(5, ge=1, description="results that are learnt from at once")
    steps: int = Field(5, ge=1, description="steps on each batch")
    clip: float = Field(0.2, gt=0, lt=1, description="how far a probability moves on one batch, as a ratio")


class PPO(Controller[PPOParameters]):
    """Several steps on each batch of results, along the clipped surrogate (Schulman et al. 2017, equation 7).

    The probabilities that the new ones are compared with are those with which the points were proposed. They and the
    advantages of results that wait for their batch to fill are part of the state.
    """

    Parameters = PPOParameters

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._proposed: dict[int, float] = {}
        self._waiting: dict[int, float] = {}

    def learn(self, trial: Trial) -> None:
        super().learn(trial)
        if trial.number not in self._waiting:
            self._proposed.pop(trial.number, None)

    def reinforce(self, trial: Trial, advantage: float) -> None:
        self._waiting[trial.number] = advantage
        if trial.number not in self._proposed:  # the state is lost: compared with the policy that finds it
            self._proposed[trial.number] = self.policy.log_probability(trial.proposal.point)
        if len(self._waiting) < self.parameters.batch:
            return
        trials = [self.trials[number] for number in self._waiting]
        proposed = [self._proposed.pop(number) for number in self._waiting]
        self.train(trials, list(self._waiting.values()), proposed, steps=self.parameters.steps)
        self._waiting.clear()

    def state(self) -> dict[str, Any]:
        proposed = {str(number): value for number, value in self._proposed.items()}
        return {**super().state(), "proposed": proposed, "waiting": list(self._waiting.items())}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        if state:
            self._proposed = {int(number): value for number, value in state["proposed"].items()}
            self._waiting = {number: advantage for number, advantage in state["waiting"]}

    @property
    def _clip(self) -> float | None:
        return self.parameters.clip

    def _add(self, trial: Trial) -> None:
        super()._add(trial)
        if trial.result is None:
            self._proposed[trial.number] = self.policy.log_probability(trial.proposal.point)
