"""The entries of `space:`, closed and typed: choice, int, float, each, edges."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from factory.blocks.values import Invalid, Positive, Section, parse_section, show
from factory.errors import did_you_mean


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# names for annotations: the fields below are called int and float
_Ints = Annotated[tuple[int, int], BeforeValidator(_as_tuple)]
_Floats = Annotated[tuple[float, float], BeforeValidator(_as_tuple)]
_Whole = Annotated[int, Field(ge=1)]
_Items = Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_as_tuple)]
_Values = list[Any] | dict[Any, Any]


class Entry(Section):
    """A part of the space."""

    when: dict[str, Any] = Field(
        {}, description="it takes part where all of these hold: path: value, {lt: 1}, {in: []}"
    )


class ChoiceEntry(Entry):
    """One of several values."""

    choice: _Values = Field(..., description="values, or names with what each stands for, such as a whole call")


class IntEntry(Entry):
    """A whole number."""

    int: _Ints = Field(..., description="[lowest, highest], both included")
    step: _Whole = Field(1, description="between neighbours")
    log: bool = Field(False, description="every doubling is as probable")


class FloatEntry(Entry):
    """A number."""

    float: _Floats = Field(..., description="[lowest, highest], both included")
    step: Positive | None = Field(None, description="between neighbours; else every number in between")
    log: bool = Field(False, description="equal ratios are as probable")


class EachEntry(Entry):
    """A choice for every item of the list that the spec has at this path."""

    each: _Values = Field(..., description="the values of every item")
    items: _Items | None = Field(None, description="numbers of the items, from 0; else all")


class EdgesEntry(Entry):
    """0 or 1 for every entry above the diagonal of the matrix that the spec has at this path."""

    edges: bool = Field(..., description="true")


KINDS: dict[str, type[Entry]] = {
    "choice": ChoiceEntry,
    "int": IntEntry,
    "float": FloatEntry,
    "each": EachEntry,
    "edges": EdgesEntry,
}
"""By the key that an entry has."""


def parse_entry(raw: Any) -> Entry:
    """The entry in a mapping. Raises Invalid with all its mistakes."""
    if not isinstance(raw, dict):
        raise Invalid(f"expected one of {', '.join(KINDS)}, received {show(raw)}", "{choice: [3, 5, 7]}")
    given = [key for key in raw if key in KINDS]
    if len(given) > 1:
        raise Invalid(f"expected one of {', '.join(KINDS)}, received {' and '.join(given)}", loc=(given[1],))
    if not given:
        unknown = next((key for key in raw if key != "when"), None)
        if unknown is None:
            raise Invalid(f"expected one of {', '.join(KINDS)}", "{choice: [3, 5, 7]}")
        raise Invalid("unknown key", did_you_mean(unknown, [*KINDS, "when"]), (unknown,))
    bounds = raw[given[0]]
    if given[0] in ("int", "float") and not (isinstance(bounds, list) and len(bounds) == 2):
        raise Invalid(f"expected [lowest, highest], received {show(bounds)}", loc=(given[0],))
    entry = parse_section(KINDS[given[0]], raw)
    if mistakes := list(_mistakes(entry)):
        first, *more = mistakes
        first.more = tuple(more)
        raise first
    return entry


def _mistakes(entry: Entry):
    if isinstance(entry, (IntEntry, FloatEntry)):
        yield from _of_numbers(entry)
    elif isinstance(entry, (ChoiceEntry, EachEntry)):
        key = "choice" if isinstance(entry, ChoiceEntry) else "each"
        if not getattr(entry, key):
            yield Invalid("there is nothing to choose from", loc=(key,))
    elif isinstance(entry, EdgesEntry) and not entry.edges:
        yield Invalid("expected true, received false", "leave the entry out", ("edges",))


def _of_numbers(entry: IntEntry | FloatEntry):
    key = "int" if isinstance(entry, IntEntry) else "float"
    low, high = getattr(entry, key)
    if low > high:
        yield Invalid(f"the lowest, {low}, is above the highest, {high}", loc=(key,))
    elif entry.log and low <= 0:
        yield Invalid(f"with log the lowest is above 0, received {low}", loc=(key,))
    elif entry.log and key == "float" and entry.step is not None:
        yield Invalid("equal ratios have no step", "leave out log or step", ("step",))
    elif entry.step is not None:
        steps = (high - low) / entry.step
        if abs(steps - round(steps)) > 1e-6:
            last = round(low + int(steps) * entry.step, 12)
            yield Invalid(f"steps of {entry.step} lead from {low} to {last}, not to {high}", loc=("step",))
