"""A controller that reads a network and grows it (Cai et al. 2018, "Efficient Architecture Search by Network
Transformation", AAAI).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from tuner.algorithms.algorithm import Proposal, Trial
from tuner.algorithms.controller import COLD, WARMING, Controller, ControllerParameters
from tuner.algorithms.growing import growable, grown, smallest
from tuner.algorithms.growth_policy import GrowthPolicy, first_growth_weights
from tuner.algorithms.policy import Weights
from tuner.space import Point

if TYPE_CHECKING:
    from tuner.algorithms.trainer import Trainer


class TransformingParameters(ControllerParameters):
    """Parameters of the controller that grows networks."""

    starts: Annotated[int, Field(ge=1)] = Field(
        3, description="trials that are trained from the beginning: the smallest network, then random ones"
    )
    parents: Annotated[int, Field(ge=1)] = Field(4, description="the best so many trials are grown further")
    child_epochs: Annotated[int, Field(ge=1)] = Field(3, description="epochs of a child, which begins as its parent")


class Transforming(Controller[TransformingParameters]):
    """A bidirectional LSTM reads the values of a parent's dimensions, and says of each whether it grows by one step.

    The parent is one of the best trials; its child inherits its weights and is trained for few epochs. What a child
    teaches is its advantage: by how much it is better than its parent, less the moving average of that, in standard
    deviations. Draws that are infeasible, known or change nothing are made again, after COLD of them at a rising
    temperature. Where no parent can grow, a random point begins. Only dimensions of the network that have an order
    grow; the others stay as the first trials had them.
    """

    Parameters = TransformingParameters
    policy: GrowthPolicy  # type: ignore[assignment]

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        able = [trial for trial in self._best() if any(growable(self.space, trial.proposal.point))]
        if number < self.parameters.starts or not able:
            return Proposal(self.fresh(self._starts(number, random)))
        parent = able[random.integers(len(able))]
        drawing, draws = self.policy.drawing(parent.proposal.point), 0

        def draw() -> Point:
            nonlocal draws
            draws += 1
            return self.space.complete(drawing(random, min(WARMING ** max(draws - COLD, 0), 1e6)), random)

        point = self.fresh(draw, known=lambda: self.space.sample(random))
        if grown(self.space, parent.proposal.point, point) is None:  # every growth is known or infeasible
            return Proposal(point)
        return Proposal(point, min(self.parameters.child_epochs, self.epochs), inherits=parent.number)

    def learn(self, trial: Trial) -> None:
        if trial.proposal.inherits is None:
            return
        gain = trial.score - self.trials[trial.proposal.inherits].score
        advantage = self.baseline.advantage(gain if np.isfinite(gain) else None)
        if advantage is not None:
            self.reinforce(trial, advantage)

    def reinforce(self, trial: Trial, advantage: float) -> None:
        from tuner.algorithms.growth_network import GrowthBatch

        assert trial.proposal.inherits is not None
        parent = self.trials[trial.proposal.inherits].proposal.point
        tokens, present = self.policy.sequence(parent)
        able, grew = growable(self.space, parent), grown(self.space, parent, trial.proposal.point)
        decided = np.array([able]), np.array([grew])
        self._train(GrowthBatch(tokens[None], present[None], *decided, np.array([advantage], "float32")), steps=1)

    def _starts(self, number: int, random: np.random.Generator) -> Callable[[], Point]:
        """Draws a point to begin with; the very first is a smallest one."""
        first = [self.space.complete(smallest(self.space, self.space.sample(random)), random)] if not number else []
        return lambda: first.pop() if first else self.space.sample(random)

    def total_epochs(self, trials: int) -> float:
        first = min(trials, self.parameters.starts)
        return float(first * self.epochs + (trials - first) * min(self.parameters.child_epochs, self.epochs))

    def parents(self) -> set[int]:
        return {trial.number for trial in self._best()}

    def _best(self) -> list[Trial]:
        return heapq.nlargest(self.parameters.parents, self.finished, key=lambda trial: (trial.score, -trial.number))

    def _first_weights(self, random: np.random.Generator) -> Weights:
        return first_growth_weights(self.tokens, self.parameters.hidden, random)

    def _policy(self, weights: Weights) -> GrowthPolicy:  # type: ignore[override]
        return GrowthPolicy(self.tokens, weights)

    def _trainer(self) -> Trainer:
        from tuner.algorithms.growth_network import growth_trainer

        own = self.parameters
        return growth_trainer(
            sum(self.tokens.counts), len(self.tokens.counts), own.hidden, own.learning_rate, own.entropy
        )
