"""A sweep, read and checked: what is searched, for what, with what."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.blocks.values import Section
from factory.spec import Spec
from factory.train.recipe.sections import Recipe
from tuner.candidates.building import Candidates
from tuner.candidates.candidate import Candidate
from tuner.candidates.constraints import Constraint
from tuner.candidates.data_facts import DataFacts
from tuner.candidates.objectives import Objective
from tuner.space import Point, Space
from tuner.sweep.identity import identity_of
from tuner.sweep.sections import Budget, Repeats, StopRule, TrialLimits


@dataclass(frozen=True)
class Sweep:
    """A search in one file. Made by `tuner.load`.

    path: its file, None for one from Python; text: the file as it was. spec and recipe: what a point changes; the spec
    has what the recipe changes in it, and the classes and channels of the data as far as `facts` tells them. space: its
    names are paths of the spec, with `recipe.` before them of the recipe. notes: lines worth telling before it runs.
    """

    name: str
    path: Path | None
    text: str = field(repr=False)
    spec: Spec = field(repr=False)
    recipe: Recipe = field(repr=False)
    data: str
    space: Space = field(repr=False)
    constraints: tuple[Constraint, ...]
    objectives: tuple[Objective, ...]
    algorithm: str
    parameters: Section
    budget: Budget
    workers: int
    seed: int
    repeats: Repeats
    stop: StopRule | None
    trial: TrialLimits
    keep: int
    facts: DataFacts | None
    notes: tuple[str, ...]
    candidates: Candidates = field(repr=False, compare=False)

    @property
    def epochs(self) -> int:
        """Epochs of a full trial, unless its point sets them."""
        return self.recipe.epochs

    def candidate(self, point: Point) -> Candidate:
        """The network and the recipe of a point, with costs and key. Raises FactoryError where it cannot be built."""
        return self.candidates.candidate(point)

    def feasible(self, point: Point) -> bool:
        """Whether a point can be built and fulfils every constraint; the same point is not worked out twice."""
        return self.candidates.feasible(point)

    def identity(self) -> dict[str, Any]:
        """What must stay the same for the trials of two sweeps to be comparable, as JSON has it."""
        return identity_of(self)
