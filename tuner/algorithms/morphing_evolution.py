"""Regularised evolution whose children inherit the weights of their parents."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tuner.algorithms.algorithm import Proposal, Trial
from tuner.algorithms.evolution import Evolution, EvolutionParameters
from tuner.space import Point


class MorphingParameters(EvolutionParameters):
    """Parameters of evolution with inherited weights."""

    child_epochs: Annotated[int, Field(ge=1)] = Field(
        3, description="epochs of a child, which begins with its parent's weights; the first trials have the budget's"
    )


class MorphingEvolution(Evolution):
    """Evolution in which a child begins as its parent's function where it is a growth of it (Net2Net, Chen et al. 2016;
    with evolution Elsken et al. 2017), elsewhere with as many of its weights as fit, and is trained for few epochs.

    The members of the population keep their weights.
    """

    Parameters = MorphingParameters
    parameters: MorphingParameters

    def total_epochs(self, trials: int) -> float:
        first = min(trials, self.parameters.population)
        return float(first * self.epochs + (trials - first) * min(self.parameters.child_epochs, self.epochs))

    def parents(self) -> set[int]:
        return set(self.population)

    def _child(self, point: Point, parent: Trial) -> Proposal:
        return Proposal(point, min(self.parameters.child_epochs, self.epochs), inherits=parent.number)
