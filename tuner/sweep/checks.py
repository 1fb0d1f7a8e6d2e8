"""What is checked of a space before anything runs: that every value can be built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from factory.blocks.values import show
from factory.errors import FactoryError, Mark, Problem, SpecError
from factory.spec import totals
from factory.spec.document import compile_spec
from factory.spec.overrides import apply_overrides
from factory.spec.reading import Map, Seq
from factory.spec.resolve import SHORT
from factory.spec.spec import KEYS
from factory.train.recipe.overrides import PREFIX
from factory.train.recipe.overrides import SHORT as RECIPE_SHORT
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Recipe
from tuner.candidates.building import Candidates
from tuner.space import Choice, Dimension, Point, Space
from tuner.sweep.dimensions import Place, Places
from tuner.sweep.setting import Placed

_NO_SUCH_PATH = ("unknown key", "unknown parameter", "unknown augmentation")
_TRIED = 32
"""So many values of a range are tried, and so many points with a value that cannot be built by itself."""


def problems_of_values(candidates: Candidates, places: Mapping[str, Places]) -> list[Problem]:
    """What cannot be built of a space: every value is tried by itself, in the base spec and recipe.

    A value with a condition is tried where that holds. One that cannot be built by itself is tried in random points,
    too: an edge of a matrix may need another one.
    """
    found: dict[tuple[str, str], Problem] = {}  # entries that stand for several dimensions may repeat a mistake
    for dimension in candidates.space:
        for problem in _Trial(candidates, dimension, places[dimension.name]).problems():
            found.setdefault((str(problem.mark), problem.message), problem)
    return list(found.values())


class _Trial:
    """The values of one dimension, tried one after the other."""

    def __init__(self, candidates: Candidates, dimension: Dimension, places: Places):
        self.candidates, self.dimension, self.places = candidates, dimension, places
        self.name, self.path = dimension.name, f"space.{dimension.name}"

    def problems(self) -> Iterator[Problem]:
        before = _where_it_takes_part(self.candidates.space, self.dimension)
        key = self.places.key
        if before is None:
            yield Problem(self.path, "its conditions never hold together", key.mark, "", key.length)
            return
        told = 0
        for index, (value, place) in enumerate(_values(self.dimension, self.places.values)):
            if told and index > 1 and not isinstance(self.dimension, Choice):
                return  # an end of the range, which was tried first, says enough
            if self._builds({**before, self.name: value}) or self._builds_elsewhere(before, value):
                continue
            if wrong_path := self._wrong_path(before, value):
                yield wrong_path
                return
            told += 1
            yield from self._wrong_value(before, value, place)

    def _builds(self, point: Point) -> bool:
        try:
            totals(self.candidates.network(point))
            self.candidates.recipe_of(point)
        except FactoryError:
            return False
        return True

    def _builds_elsewhere(self, before: Point, value: Any) -> bool:
        """Whether a point with this value can be built."""
        random, space = np.random.default_rng(0), self.candidates.space
        points = (space.complete({**before, self.name: value}, random) for _ in range(_TRIED))
        return any(self._builds(point) for point in points if self.name in point and point[self.name] == value)

    def _wrong_path(self, before: Point, value: Any) -> Problem | None:
        """What is wrong with the path itself, whatever the value."""
        try:
            if self.name.startswith(PREFIX):
                self._recipe(before, value, None)
            elif self._meaning(value) is not None:
                apply_overrides(self.candidates.network(before), {self.name: self._meaning(value)})
        except SpecError as error:
            first = error.problems[0]
            if self.name.startswith(PREFIX) and not first.message.startswith(_NO_SUCH_PATH):
                return None
            hint = _hint(self.name) or first.hint
            return Problem(self.path, first.message, self.places.key.mark, hint, self.places.key.length)
        return None

    def _wrong_value(self, before: Point, value: Any, place: Place) -> Iterator[Problem]:
        """Why a value cannot be built, with its place in the sweep file."""
        try:
            if self.name.startswith(PREFIX):
                self._recipe(before, value, place)
            else:
                spec = self.candidates.network(before)
                placed = Placed(self.name, self._meaning(value), place.mark)
                totals(compile_spec(apply_overrides(spec, {self.name: placed}), spec.source, spec))
        except SpecError as error:
            marks = [place.mark, *_marks(self._meaning(value))]
            ours = [one for one in error.problems if one.mark and any(one.mark is mark for mark in marks)]
            for one in ours:
                yield Problem(self._inside(one.path, value), one.message, one.mark, one.hint, one.length)
            if not ours:
                first = error.problems[0]
                message = f"{show(value)} cannot be built: {first.path}: {first.message}"
                notes = [f"{first.path} stands at {first.mark}"] if first.mark and first.mark.source.lines else []
                yield Problem(self.path, message, place.mark, first.hint, place.length, notes)

    def _recipe(self, before: Point, value: Any, place: Place | None) -> None:
        path = self.name.removeprefix(PREFIX)
        placed = Placed(path, self._meaning(value), place.mark if place else None)
        load_recipe(self.candidates.recipe_of(before), **{path: placed})

    def _meaning(self, value: Any) -> Any:
        return self.dimension.meaning(value) if isinstance(self.dimension, Choice) else value

    def _inside(self, path: str, value: Any) -> str:
        """The path of a mistake inside a value: of a whole call with its label."""
        rest = path.removeprefix(f"{self.name}.")
        return f"{self.path}.{value}.{rest}" if rest != path else self.path


def _where_it_takes_part(space: Space, dimension: Dimension) -> Point | None:
    """A small point in which a dimension takes part, without it; None where its conditions never hold together."""
    point: Point = {}
    for other in space:
        if other is dimension:
            return point if space.takes_part(dimension, point) else None
        conditions = [condition for condition in _needed(space, dimension) if condition.name == other.name]
        if conditions and space.takes_part(other, point):
            values = (value for value, _ in _values(other, ()))
            fitting = (value for value in values if all(one.holds({other.name: value}) for one in conditions))
            point[other.name] = next(fitting, other.at(0.5))
    return None


def _needed(space: Space, dimension: Dimension) -> list[Any]:
    """The conditions of a dimension, and those of the dimensions that they name."""
    return [one for condition in dimension.when for one in (condition, *_needed(space, space.by_name[condition.name]))]


def _values(dimension: Dimension, places: tuple[Place, ...]) -> list[tuple[Any, Place]]:
    """The values to try, all where they are few, each with where it stands; the ends of a range come first."""
    if isinstance(dimension, Choice):
        return list(zip(dimension.labels, places or [Place(None)] * len(dimension.labels), strict=True))
    few = dimension.count is not None and dimension.count <= _TRIED
    values = dimension.values() if few else [dimension.at(unit) for unit in (0.0, 0.25, 0.5, 0.75, 1.0)]
    low, high = places or (Place(None), Place(None))
    if len(values) == 1:
        return [(values[0], low)]
    return [(values[0], low), (values[-1], high), *((value, low) for value in values[1:-1])]


def _marks(value: Any) -> Iterator[Mark | None]:
    """Where everything in a value stands."""
    if isinstance(value, Map):
        yield from (value.mark, *value.keys_at.values(), *value.values_at.values())
        for item in value.values():
            yield from _marks(item)
    elif isinstance(value, Seq):
        yield from value.items_at
        for item in value:
            yield from _marks(item)


def _hint(path: str) -> str:
    """The path that may be meant by one that is short for another, or the recipe's."""
    first = path.partition(".")[0]
    if path.startswith(PREFIX):
        return ""
    if path in SHORT:
        return f"did you mean '{SHORT[path]}'?"
    if first not in KEYS and (first in Recipe.model_fields or first in RECIPE_SHORT):
        return f"did you mean '{PREFIX}{path}'?"
    return ""
