"""Points of a space and what each of them came to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tuner.space import Point, Space


@dataclass(frozen=True, eq=False)
class Landscape:
    """Points, every one once, with their values of one objective.

    values: (points,) float64, as the objective is written; maximize: whether more of it is better. runs: (points, runs)
    float64, the values of single runs that differ in their seeds, None where each point had one run. short: how many
    points were trained for fewer epochs than others, so that their values may be worse than they could be.
    """

    space: Space
    points: tuple[Point, ...]
    values: np.ndarray
    objective: str
    maximize: bool
    runs: np.ndarray | None = None
    short: int = 0

    def __post_init__(self) -> None:
        shape = (len(self.points),)
        if self.values.shape != shape or (self.runs is not None and self.runs.shape[:1] != shape):
            raise ValueError(f"{len(self.points)} points with {self.values.shape} values")

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def losses(self) -> np.ndarray:
        """(points,) float64: the values with a sign, so that less is better."""
        return -self.values if self.maximize else self.values

    def value(self, loss: float) -> float:
        """The value of the objective that a loss stands for."""
        return -loss if self.maximize else loss
