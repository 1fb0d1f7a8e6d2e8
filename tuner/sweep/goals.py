"""The constraints and objectives of a sweep file, read with the places of their mistakes."""

from __future__ import annotations

from factory.errors import Mark, Problem
from factory.spec.problems import length_of
from factory.spec.reading import Map, Seq
from tuner.candidates.constraints import BASE, Constraint, parse_constraint
from tuner.candidates.costs import Costs
from tuner.candidates.data_facts import DataFacts
from tuner.candidates.formulas import Formula, FormulaError, parse_formula
from tuner.candidates.objectives import Objective, known_names
from tuner.sweep.sections import ObjectiveSection, SweepFile

_LIKE = {"latency_ms": "macs"}
"""What is known of a network where something else is, too."""


def read_constraints(document: Map, costs: Costs | None, problems: list[Problem]) -> list[Constraint]:
    """The constraints; mistakes are added to `problems`. costs: of the base network, None where it has none."""
    raw = document.get("constraints")
    found = []
    for index, text in enumerate(raw if isinstance(raw, Seq) else ()):
        if not isinstance(text, str):
            continue  # told already
        path, mark = f"constraints.{index}", raw.items_at[index] if isinstance(raw, Seq) else None
        try:
            constraint = parse_constraint(text, costs)
        except FormulaError as error:
            problems.append(_misread(path, text, mark, error))
            continue
        problems += _unknown_costs(path, constraint.formula, mark, costs)
        found.append(constraint)
    return found


def read_objectives(
    document: Map, file: SweepFile, facts: DataFacts | None, costs: Costs | None, problems: list[Problem]
) -> list[Objective]:
    """The objectives; mistakes are added to `problems`. facts: of the data, None where they are not known."""
    raw = document.get("objective")
    known = known_names(facts.task, facts.classes) if facts else known_names()
    sections = file.objective if isinstance(file.objective, tuple) else (file.objective,)
    if raw is not None and not sections:
        problems.append(Problem("objective", "there is nothing to search for", document.values_at.get("objective")))
    found: list[Objective] = []
    for index, section in enumerate(sections):
        given = raw[index] if isinstance(raw, Seq) and index < len(raw) else raw
        path = f"objective.{index}" if isinstance(raw, Seq) else "objective"
        at = raw.items_at[index] if isinstance(raw, Seq) and index < len(raw) else document.values_at.get("objective")
        objective = _objective(section, given if isinstance(given, Map) else Map(at), path, known, costs, problems)
        if objective and any(objective.name == other.name for other in found):
            problems.append(Problem(path, f"a second objective is called '{objective.name}'", at, "give it a name"))
        elif objective:
            found.append(objective)
    return found


def _objective(
    section: ObjectiveSection, raw: Map, path: str, known: list[str], costs: Costs | None, problems: list[Problem]
) -> Objective | None:
    if (section.maximize is None) == (section.minimize is None):
        both = " and ".join(key for key in ("maximize", "minimize") if key in raw) or "neither"
        problems.append(Problem(path, f"expected maximize or minimize, received {both}", raw.mark))
        return None
    key = "minimize" if section.maximize is None else "maximize"
    text, mark = getattr(section, key), raw.values_at.get(key)
    try:
        formula = parse_formula(text, known)
    except FormulaError as error:
        problems.append(_misread(f"{path}.{key}", text, mark, error))
        return None
    if not formula.names:
        hint = "val_accuracy, or an expression with it"
        problems.append(Problem(f"{path}.{key}", "an objective needs a metric or a cost", mark, hint, length_of(text)))
        return None
    problems += _unknown_costs(f"{path}.{key}", formula, mark, costs)
    return Objective(section.name or text, formula, key == "maximize", section.take)


def _unknown_costs(path: str, formula: Formula, mark: Mark | None, costs: Costs | None) -> list[Problem]:
    """A problem where a formula reads a cost that the base network does not have."""
    read = {name: name.removeprefix(BASE) for name in formula.names}
    unknown = sorted(name for name, cost in read.items() if costs and costs.get(_LIKE.get(cost, cost), 0) is None)
    if not unknown:
        return []
    message = f"{unknown[0]} is not known: the input size of the spec is 'any'"
    place, length = _inside(formula.text, mark, unknown[0])
    return [Problem(path, message, place, "give the spec input.resolution", length)]


def _misread(path: str, text: str, mark: Mark | None, error: FormulaError) -> Problem:
    place, length = _inside(text, mark, error.part)
    return Problem(path, error.message, place, error.hint, length)


def _inside(text: str, mark: Mark | None, part: str) -> tuple[Mark | None, int]:
    """Where a part of a text of one line stands, and its length."""
    if mark is None or mark.line >= len(mark.source.lines):
        return mark, len(part)
    column = mark.source.lines[mark.line].find(text, mark.column)
    if column < 0:
        return mark, 1
    return Mark(mark.source, mark.line, column + max(text.find(part), 0), mark.note), len(part)
