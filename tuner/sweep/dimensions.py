"""From `space:` of a sweep file to a Space, and where in the text each value of it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from factory.blocks.values import Invalid, show
from factory.errors import Mark, Problem
from factory.spec.problems import length_of, problems_in
from factory.spec.reading import Map, Seq
from factory.spec.writing import flow
from factory.train.recipe.overrides import PREFIX
from tuner.space import Choice, Condition, Dimension, Float, Int, Space
from tuner.sweep.conditions import parse_when
from tuner.sweep.entries import ChoiceEntry, EachEntry, EdgesEntry, Entry, FloatEntry, IntEntry, parse_entry
from tuner.sweep.expanding import edges_of, is_pattern, items_of, paths_like


@dataclass(frozen=True)
class Place:
    """Where something stands in the text, and how many characters of it."""

    mark: Mark | None
    length: int = 1


@dataclass(frozen=True)
class Places:
    """Where a dimension stands: its key, and its values; of numbers the lowest and the highest."""

    key: Place
    values: tuple[Place, ...]


class SpaceReader:
    """Reads the entries of a space one after the other; mistakes are added to `problems`.

    document: of the base spec, None where that cannot be read: then only what needs no spec is looked at. places: of
    every dimension, by name.
    """

    def __init__(self, document: Map | None, problems: list[Problem]):
        self.document, self.problems = document, problems
        self.failed: set[Any] = set()
        self.dimensions: dict[str, Dimension] = {}
        self.places: dict[str, Places] = {}

    def read(self, raw: Map) -> Space:
        """The space of a mapping of paths; what has mistakes is left out of it."""
        for path, given in raw.items():
            key_at, value_at = raw.keys_at.get(path), raw.values_at.get(path)
            try:
                if not isinstance(path, str):
                    raise Invalid(f"expected a path, received {show(path)}")
                self._entry(path, given, Place(key_at, len(path)), raw)
            except Invalid as error:
                self.failed.add(path)
                mark = key_at if not error.loc and isinstance(given, Map) else value_at
                found = problems_in(given, error, f"space.{path}", mark)
                if not error.loc and isinstance(given, Map):
                    found[0].length = len(str(path))
                self.problems += found
        return Space(list(self.dimensions.values()))

    def _entry(self, path: str, given: Any, key: Place, raw: Map) -> None:
        entry = parse_entry(given)
        _check_path(path)
        conditions = self._conditions(path, given.get("when"), raw)
        if path in self.failed:
            return
        paths = paths_like(self.document, path) if self.document is not None and is_pattern(path) else [path]
        for one in paths:
            for dimension, values in self._dimensions(one, entry, given, conditions):
                if dimension.name in self.dimensions:
                    raise Invalid(f"{dimension.name} is searched already", "another entry stands for it, too")
                self.dimensions[dimension.name] = dimension
                self.places[dimension.name] = Places(key, values)

    def _conditions(self, path: str, when: Any, raw: Map) -> tuple[Condition, ...]:
        if not isinstance(when, Map):
            return ()
        if any(name in self.failed for name in when):
            self.failed.add(path)  # for a mistake that is told already
            return ()
        try:
            return parse_when(when, self.dimensions, raw)
        except Invalid as error:
            raise error.inside("when") from None

    def _dimensions(
        self, path: str, entry: Entry, given: Map, when: tuple[Condition, ...]
    ) -> list[tuple[Dimension, tuple[Place, ...]]]:
        if isinstance(entry, IntEntry):
            low, high = entry.int
            return [(Int(path, low, high, entry.step, entry.log, when), _bounds(given, "int"))]
        if isinstance(entry, FloatEntry):
            smallest, largest = entry.float
            return [(Float(path, smallest, largest, entry.step, entry.log, when), _bounds(given, "float"))]
        if isinstance(entry, EdgesEntry):
            place = Place(given.values_at.get("edges"), 4)
            names = edges_of(self.document, path) if self.document is not None else []
            return [(Choice(name, (0, 1), (), True, when), (place, place)) for name in names]
        key = "choice" if isinstance(entry, ChoiceEntry) else "each"
        labels, meanings, places = _options(given[key], key)
        names = [path]
        if isinstance(entry, EachEntry):
            names = items_of(self.document, path, entry.items) if self.document is not None else []
        ordered = is_ordered(meanings or labels)
        return [(Choice(name, labels, meanings, ordered, when), places) for name in names]


def _check_path(path: str) -> None:
    """Raises Invalid for paths that are not searched in this way."""
    if path.startswith(f"{PREFIX}spec."):
        inner = path.removeprefix(f"{PREFIX}spec.")
        raise Invalid("values of the network are searched by their own path", f"did you mean '{inner}'?")
    if not path or any(not part for part in path.split(".")):
        raise Invalid("expected a path such as stages.s3.kernel")


def _options(raw: Any, key: str) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Place, ...]]:
    """Labels, what they stand for (empty where that is themselves), and where each stands."""
    if isinstance(raw, Map):
        labels = list(raw)
        meanings = tuple(raw.values())
        marks = [raw.values_at.get(label) for label in labels]
    else:
        items = list(raw)
        labels = [flow(plain(item)) if isinstance(item, (Map, Seq)) else item for item in items]
        meanings = tuple(items) if any(isinstance(item, (Map, Seq)) for item in items) else ()
        marks = list(raw.items_at)
    for index, label in enumerate(labels):
        if any(type(label) is type(other) and label == other for other in labels[:index]):
            raise Invalid(f"{show(label)} is given twice", loc=(key, index))
    places = [Place(mark, length_of(value)) for mark, value in zip(marks, meanings or labels, strict=True)]
    return tuple(labels), meanings, tuple(places)


def _bounds(given: Map, key: str) -> tuple[Place, ...]:
    raw = given[key]
    return tuple(Place(mark, length_of(value)) for mark, value in zip(raw.items_at, raw, strict=True))


def is_ordered(values: tuple[Any, ...]) -> bool:
    """Whether these are numbers that only grow, or only fall."""
    if len(values) < 2 or any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in values):
        return False
    pairs = list(pairwise(values))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def plain(value: Any) -> Any:
    """A value of a file as plain data, without where it stands."""
    return json.loads(json.dumps(value))
