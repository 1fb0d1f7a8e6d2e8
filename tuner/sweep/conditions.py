"""`when:` of an entry of the space: from tests on other dimensions to conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from factory.blocks.values import Invalid, show
from factory.errors import did_you_mean
from factory.spec.reading import Map, Seq
from tuner.space import Choice, Condition, Dimension, Float
from tuner.space.conditions import TESTS

_ORDER = ("lt", "le", "gt", "ge")


def parse_when(raw: Map, before: Mapping[str, Dimension], declared: Iterable[str]) -> tuple[Condition, ...]:
    """The conditions of `when`: {path: value}, {path: {lt: 1}} or {path: {in: [a, b]}}; several all have to hold.

    before: the dimensions that were declared before; declared: the names of all. Raises Invalid with what names no
    dimension before it, and for tests that no value passes.
    """
    conditions = []
    for name, given in raw.items():
        dimension = before.get(name)
        if dimension is None:
            if name in declared:
                raise Invalid(f"'{name}' is declared further below", "a condition names what stands before it", (name,))
            raise Invalid(f"unknown key: there is no dimension '{name}'", did_you_mean(name, before, many=8), (name,))
        tests = given if isinstance(given, Map) else {"eq": given}
        mine = []
        for test, operand in tests.items():
            loc = (name, test) if isinstance(given, Map) else (name,)
            if test not in TESTS:
                raise Invalid(f"unknown key: no test is called '{test}'", did_you_mean(test, TESTS), loc)
            _check(dimension, test, operand, loc)
            mine.append(Condition(name, test, tuple(operand) if test == "in" else operand))
        values = dimension.values() if dimension.count is not None and dimension.count <= 1000 else None
        if values is not None and not any(all(one.holds({name: value}) for one in mine) for value in values):
            raise Invalid(f"no value of {name} is like this", _values_of(dimension), (name,))
        conditions += mine
    return tuple(conditions)


def _check(dimension: Dimension, test: str, operand: Any, loc: tuple[str, ...]) -> None:
    """Raises Invalid for an operand that a value of the dimension cannot be compared with."""
    if test in _ORDER:
        numbers = not isinstance(dimension, Choice) or all(map(_is_number, dimension.labels))
        if not numbers:
            raise Invalid(f"the values of {dimension.name} are not all numbers", "compare with eq, ne or in", loc)
        if not _is_number(operand):
            raise Invalid(f"expected a number, received {show(operand)}", loc=loc)
        return
    if test == "in" and not isinstance(operand, Seq):
        raise Invalid(f"expected a list of values, received {show(operand)}", loc=loc)
    if isinstance(operand, Seq) and test != "in":
        raise Invalid(f"expected one value, received {show(operand)}", "of several: {in: [a, b]}", loc)
    for index, value in enumerate(operand if test == "in" else [operand]):
        if not dimension.contains(value):
            place: tuple[str | int, ...] = (*loc, index) if test == "in" else loc
            hint = did_you_mean(value, dimension.labels, many=8) if isinstance(dimension, Choice) else ""
            raise Invalid(f"{show(value)} is no value of {dimension.name}", hint or _values_of(dimension), place)


def _values_of(dimension: Dimension) -> str:
    if isinstance(dimension, Choice):
        return "it is " + ", ".join(map(show, dimension.labels[:8]))
    low, high = dimension.at(0.0), dimension.at(1.0)
    return f"it is {low:g} to {high:g}" if isinstance(dimension, Float) else f"it is {low} to {high}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
