"""Grid search: every combination of values, in order."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Exhausted, Proposal, Trial
from tuner.space import Point


class GridParameters(Section):
    """Parameters of grid search."""

    points: Annotated[int, Field(ge=1)] = Field(5, description="values of a continuum, evenly apart from end to end")


class Grid(Algorithm[GridParameters]):
    """Every feasible point once, the last dimension changing first, in the order of `Space.grid`.

    The next point follows from the one before, as on an odometer; nothing is counted or listed. The state is the last
    point. Without it, or where the space is another one by now, the search begins at the first that is not known.
    """

    Parameters = GridParameters

    def __init__(self, *args: Any, **keywords: Any):
        super().__init__(*args, **keywords)
        self._last: Point | None = None

    def ask(self) -> Proposal | None:
        proposal = super().ask()
        self._last = proposal.point if proposal else None
        return proposal

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        point = self._first({}, 0) if self._last is None else self._after(self._last)
        while point is not None and (self.space.key(point) in self.known or not self.feasible(point)):
            point = self._after(point)
        if point is None:
            raise Exhausted("every feasible point of the grid has been tried")
        return Proposal(point)

    def state(self) -> dict[str, Any]:
        return {"last": self._last}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        last = state.get("last")
        self._last = last if last is not None and self._on_grid(last) else None

    def _on_grid(self, point: Point) -> bool:
        known = zip(self.space, self._positions, strict=True)
        return self.space.contains(point) and all(_typed(point[d.name]) in p for d, p in known if d.name in point)

    @cached_property
    def _values(self) -> list[list[Any]]:
        return [dimension.grid(self.parameters.points) for dimension in self.space]

    @cached_property
    def _positions(self) -> list[dict[tuple[type, Any], int]]:
        return [{_typed(value): position for position, value in enumerate(values)} for values in self._values]

    def _first(self, point: Point, start: int) -> Point:
        """The point with these values of the first `start` dimensions and the first value of those after them."""
        for dimension, values in zip(self.space.dimensions[start:], self._values[start:], strict=True):
            if self.space.takes_part(dimension, point):
                point[dimension.name] = values[0]
        return point

    def _after(self, point: Point) -> Point | None:
        """The point after this one, None after the last."""
        for place in reversed(range(len(self.space))):
            name = self.space.dimensions[place].name
            if name not in point:
                continue
            position = self._positions[place][_typed(point[name])] + 1
            if position < len(self._values[place]):
                before = {d.name: point[d.name] for d in self.space.dimensions[:place] if d.name in point}
                return self._first({**before, name: self._values[place][position]}, place + 1)
        return None


def _typed(value: Any) -> tuple[type, Any]:
    """A value that is not equal to one of another type, as 1 is to true."""
    return type(value), value
