"""What the RNN controllers have in common: proposing from a policy, rewards against a baseline, the state."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Proposal, Trial
from tuner.algorithms.policy import Policy, Weights, as_text, first_weights, from_text, weights_from_text
from tuner.algorithms.tokens import Tokens
from tuner.space import Point

if TYPE_CHECKING:
    from tuner.algorithms.trainer import Trainer

WARMING = 1.1
"""By this factor the temperature rises with every draw after the first few."""
COLD = 10
"""So many draws of a proposal are made at temperature 1."""


class ControllerParameters(Section):
    """What both controllers have."""

    learning_rate: float = Field(0.03, gt=0, description="of Adam")
    hidden: int = Field(16, ge=1, description="units of the LSTM, and width of the embedding")
    entropy: float = Field(0.1, ge=0, description="weight of the entropy of the policy, which keeps it exploring")
    decay: float = Field(0.9, ge=0, lt=1, description="of the moving averages that scores are compared with")
    bins: int = Field(10, ge=2, description="tokens of a number with more than 16 values")


P = TypeVar("P", bound=ControllerParameters)


class Controller(Algorithm[P]):
    """An LSTM predicts the values of a point one after the other (Zoph & Le 2017); its weights are trained by scores.

    A dimension that takes no part is skipped, so that the sequences vary in length. A draw that is infeasible or known
    is made again, after COLD of them at a rising temperature, and teaches nothing. What a trial teaches is its
    *advantage*: its score, less a moving average of scores, divided by their moving standard deviation, so that the
    unit of the objective does not matter. A failed trial counts as the worst score so far.

    Proposals need NumPy alone; Keras is imported when the first results are learnt from. With several objectives it
    sees the first.
    """

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.tokens = Tokens(self.space, self.parameters.bins)
        self.policy = self._policy(self._first_weights(self.random(0, stream=1)))
        self.baseline = Baseline(self.parameters.decay)
        self._optimizer: tuple[np.ndarray, ...] = ()

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        draws = 0

        def draw() -> Point:
            nonlocal draws
            draws += 1
            return self.policy.draw(random, min(WARMING ** max(draws - COLD, 0), 1e6))

        return Proposal(self.fresh(draw))

    def learn(self, trial: Trial) -> None:
        score = trial.score if math.isfinite(trial.score) else None
        advantage = self.baseline.advantage(score)
        if advantage is not None:
            self.reinforce(trial, advantage)

    @abstractmethod
    def reinforce(self, trial: Trial, advantage: float) -> None:
        """Learns from a trial that was better than expected by so many standard deviations."""

    def train(
        self, trials: Sequence[Trial], advantages: Sequence[float], proposed: Sequence[float], steps: int
    ) -> None:
        """So many steps on finished trials. proposed: the logarithms of the probabilities they were proposed with."""
        from tuner.algorithms.controller_network import Batch

        sequences = [self.tokens.sequence(trial.proposal.point) for trial in trials]
        inputs, targets, present = (np.stack(column) for column in zip(*sequences, strict=True))
        numbers = np.array([advantages, proposed], "float32")
        self._train(Batch(inputs, targets, present, advantages=numbers[0], proposed=numbers[1]), steps)

    def _train(self, batch: Any, steps: int) -> None:
        from tuner.algorithms.trainer import Learned

        learned = self._trainer().train(Learned(self.policy.weights, self._optimizer), batch, steps)
        self.policy, self._optimizer = self._policy(learned.weights), learned.optimizer

    # ---- the state

    def state(self) -> dict[str, Any]:
        """Weights and optimiser as base64 of float32, and the baseline."""
        weights = dict(zip(self.policy.weights, as_text(list(self.policy.weights.values())), strict=True))
        return {"weights": weights, "optimizer": as_text(self._optimizer), "baseline": self.baseline.state()}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        if not state:
            for trial in self.trials:
                if trial.result is not None:
                    self.learn(trial)
        else:
            self.policy = self._policy(weights_from_text(state["weights"], self.policy.weights))
            self.baseline = Baseline(self.parameters.decay, state["baseline"])
            texts = state["optimizer"]
            self._optimizer = tuple(from_text(texts, self._trainer().optimizer_shapes)) if texts else ()

    def _first_weights(self, random: np.random.Generator) -> Weights:
        return first_weights(self.tokens, self.parameters.hidden, random)

    def _policy(self, weights: Weights) -> Policy:
        return Policy(self.tokens, weights)

    def _trainer(self) -> Trainer:
        from tuner.algorithms.controller_network import trainer

        parameters = self.parameters
        counts, rate, entropy = tuple(self.tokens.counts), parameters.learning_rate, parameters.entropy
        return trainer(counts, parameters.hidden, rate, entropy, self._clip)

    @property
    def _clip(self) -> float | None:
        """PPO's epsilon; None for REINFORCE."""
        return None


class Baseline:
    """Exponential moving averages of scores and of their squared distance from it, and the worst score."""

    def __init__(self, decay: float, state: Sequence[float] = ()):
        self.decay = decay
        self.mean: float | None = None
        self.variance, self.worst = 0.0, math.inf
        if state:
            self.mean, self.variance, self.worst = state

    def state(self) -> list[float]:
        """Empty before the first score."""
        return [] if self.mean is None else [self.mean, self.variance, self.worst]

    def advantage(self, score: float | None) -> float | None:
        """By how many standard deviations a score is better than expected; None where nothing can be expected yet.

        score: None for a failure, which is as bad as the worst so far, and leaves the averages as they are.
        """
        if score is None:
            return self._scaled(self.worst) if self.mean is not None and self.variance else None
        self.worst = min(self.worst, score)
        if self.mean is None:
            self.mean = score
            return None
        distance = score - self.mean
        if not self.variance:
            self.variance = distance**2
        found = self._scaled(score)
        self.mean += (1 - self.decay) * distance
        self.variance = self.decay * self.variance + (1 - self.decay) * distance**2
        return found

    def _scaled(self, score: float) -> float:
        return (score - (self.mean or 0.0)) / math.sqrt(self.variance) if self.variance else 0.0
