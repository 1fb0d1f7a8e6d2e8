"""Static constraints: conditions on costs such as `macs <= 400M`, decided before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from factory.errors import FactoryError
from tuner.candidates.costs import ADDITIVE, QUANTITIES
from tuner.candidates.formulas import Formula, FormulaError, parse_formula

BASE = "base_"
"""Before the name of a cost: that of the network around which is searched."""


@dataclass(frozen=True)
class Constraint:
    """A condition that every candidate fulfils. Made by `parse_constraint`.

    base: costs of the network around which is searched, by name with BASE before it.
    """

    formula: Formula
    base: Mapping[str, float | None] = field(default_factory=dict, compare=False)

    @property
    def text(self) -> str:
        """The condition as it was written."""
        return self.formula.text

    @property
    def additive(self) -> bool:
        """Whether sums over the stages decide it, without a graph."""
        return self.formula.names - self.base.keys() <= ADDITIVE

    def holds(self, costs: Mapping[str, float | None]) -> bool:
        """Whether these costs fulfil it. Raises FactoryError where one that it reads is not known."""
        return bool(self.formula({**self.base, **costs}))


def parse_constraint(text: str, base: Mapping[str, float | None] | None = None) -> Constraint:
    """The constraint in a text. base: costs of the network around which is searched, for `macs <= 2 * base_macs`.

    Raises FormulaError for what is no condition on costs.
    """
    known = {f"{BASE}{name}": value for name, value in (base or dict.fromkeys(QUANTITIES)).items()}
    formula = parse_formula(text, [*QUANTITIES, *known])
    if formula.names <= known.keys():
        raise FormulaError("a constraint needs a cost", "known: " + ", ".join(QUANTITIES), text)
    try:
        outcome = formula(dict.fromkeys((*QUANTITIES, *known), 1))
    except FactoryError:
        return Constraint(formula, known)  # it has no value for these numbers, which says nothing about others
    if not isinstance(outcome, bool):
        raise FormulaError(f"'{text}' is no condition", "compare it: macs <= 400M", text)
    return Constraint(formula, known)
