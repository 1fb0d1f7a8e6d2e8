"""Static constraints: conditions on costs such as `macs <= 400M`, decided before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from factory.errors import FactoryError
from tuner.candidates.costs import ADDITIVE, QUANTITIES
from tuner.candidates.formulas import Formula, FormulaError, parse_formula


@dataclass(frozen=True)
class Constraint:
    """A condition that every candidate fulfils. Made by `parse_constraint`."""

    formula: Formula

    @property
    def text(self) -> str:
        """The condition as it was written."""
        return self.formula.text

    @property
    def additive(self) -> bool:
        """Whether sums over the stages decide it, without a graph."""
        return self.formula.names <= ADDITIVE

    def holds(self, costs: Mapping[str, int | None]) -> bool:
        """Whether these costs fulfil it. Raises FactoryError where one that it reads is not known."""
        return bool(self.formula(costs))


def parse_constraint(text: str) -> Constraint:
    """The constraint in a text. Raises FormulaError for what is no condition on costs."""
    formula = parse_formula(text, QUANTITIES)
    if not formula.names:
        raise FormulaError("a constraint needs a cost", "known: " + ", ".join(QUANTITIES), text)
    try:
        outcome = formula(dict.fromkeys(QUANTITIES, 1))
    except FactoryError:
        return Constraint(formula)  # it has no value for these numbers, which says nothing about others
    if not isinstance(outcome, bool):
        raise FormulaError(f"'{text}' is no condition", "compare it: macs <= 400M", text)
    return Constraint(formula)
