"""A look at a space before anything is trained: its size, the share that is feasible, what its points cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from factory.train.recipe.overrides import PREFIX
from tuner.candidates.building import Candidates
from tuner.candidates.costs import QUANTITIES
from tuner.candidates.estimate import SAMPLES, Estimate, Look, estimate
from tuner.landscape.groups import groups_of

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

Columns = dict[str, np.ndarray]
"""Costs (points,) float64 by quantity; without quantities that are not known of all the points."""


@dataclass(frozen=True, eq=False)
class ValueCosts:
    """The points with one value, or a range of values, of a dimension.

    looked_at and feasible: numbers of points. costs: of all that can be built, feasible or not: the cheap ones alone
    would hide what a value adds.
    """

    dimension: str
    label: str
    looked_at: int
    feasible: int
    costs: Columns

    def median(self, cost: str) -> float | None:
        """None where none can be built."""
        return float(np.median(self.costs[cost])) if cost in self.costs else None


@dataclass(frozen=True, eq=False)
class Survey:
    """What was seen of a space. costs: of the feasible points. values: of the dimensions of the network, in order."""

    estimate: Estimate
    costs: Columns
    values: list[ValueCosts]

    def quantiles(self, cost: str) -> np.ndarray:
        """(7,): the costs at QUANTILES, each one of a point."""
        return np.quantile(self.costs[cost], QUANTILES, method="inverted_cdf")


def survey(candidates: Candidates, *, samples: int = SAMPLES, seed: int = 0) -> Survey:
    """Looks at points drawn at random, or at all of a space that is small, as `factory sweep --dry-run` does."""
    found = estimate(candidates, samples=samples, seed=seed, every_cost=True)
    points = [look.point for look in found.looks]
    values = []
    for group in groups_of(candidates.space, points):
        if group.dimension.startswith(PREFIX):
            continue  # a recipe changes no cost
        mine = [look for look, member in zip(found.looks, group.members, strict=True) if member]
        feasible = sum(look.feasible for look in mine)
        values.append(ValueCosts(group.dimension, group.label, len(mine), feasible, _columns(mine)))
    return Survey(found, _columns(look for look in found.looks if look.feasible), values)


def _columns(looks: Iterable[Look]) -> Columns:
    known = [look.costs for look in looks if look.costs is not None]
    columns = {name: [costs.get(name) for costs in known] for name in QUANTITIES if known}
    return {name: np.array(one, dtype="float64") for name, one in columns.items() if None not in one}
