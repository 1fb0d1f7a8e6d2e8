"""Dimensions of numbers: whole ones and others, even or logarithmic, in steps or a continuum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.space.conditions import Condition
from tuner.space.dimensions import Dimension

NEARBY = 0.05
"""How far the neighbours of a value on a continuum lie, as a share of its range."""


@dataclass(frozen=True)
class Int(Dimension):
    """A whole number from low to high, both included, in steps; `log` gives every doubling the same share."""

    low: int
    high: int
    step: int = 1
    log: bool = False
    when: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high, self.step, self.log)

    @property
    def count(self) -> int:
        return (self.high - self.low) // self.step + 1

    def at(self, unit: float) -> int:
        return self.nth(_step_at(unit, self.count, self.low / self.step if self.log else None))

    def place(self, value: Any) -> float:
        return _place_of(self.index(value), self.count, self.low / self.step if self.log else None)

    def nth(self, index: int) -> int:
        return self.low + self.step * index

    def index(self, value: Any) -> int:
        return int(value - self.low) // self.step

    def exact(self, value: Any) -> int:
        return int(value)

    def contains(self, value: Any) -> bool:
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        return whole and self.low <= value <= self.high and (value - self.low) % self.step == 0

    def neighbours(self, value: Any) -> list[Any]:
        return [other for other in (value - self.step, value + self.step) if self.contains(other)]


@dataclass(frozen=True)
class Float(Dimension):
    """A number from low to high, both included; in steps from low where there is a step. `log`: in equal ratios."""

    low: float
    high: float
    step: float | None = None
    log: bool = False
    when: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high, self.step, self.log)

    @property
    def count(self) -> int | None:
        if self.high == self.low:
            return 1
        return None if self.step is None else math.floor((self.high - self.low) / self.step + 1e-9) + 1

    def at(self, unit: float) -> float:
        if self.count is not None:
            return self.nth(_step_at(unit, self.count, self._start))
        if unit in (0, 1):
            return float(self.high if unit else self.low)
        if self.log:
            value = math.exp(math.log(self.low) + unit * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + unit * (self.high - self.low)
        return float(min(max(value, self.low), self.high))

    def place(self, value: Any) -> float:
        if self.count is not None:
            return _place_of(self.index(value), self.count, self._start)
        if self.log:
            place = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        else:
            place = (value - self.low) / (self.high - self.low)
        return float(min(max(place, 0.0), 1.0))

    def nth(self, index: int) -> float:
        if self.count is None:
            return super().nth(index)
        value = self.low + (self.step or 0.0) * index
        return (
            float(min(float(f"{value:.12g}"), self.high)) if index else float(self.low)
        )  # 0.3, not 0.30000000000000004

    def index(self, value: Any) -> int:
        if self.count is None:
            return super().index(value)
        return round((value - self.low) / self.step) if self.step else 0

    def exact(self, value: Any) -> float:
        return float(value) if self.count is None else self.nth(self.index(value))

    def contains(self, value: Any) -> bool:
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not self.low <= value <= self.high:
            return False
        return self.count is None or math.isclose(self.exact(value), value, rel_tol=1e-9, abs_tol=1e-12)

    def neighbours(self, value: Any) -> list[Any]:
        if self.count is not None:
            index = self.index(value)
            return [self.nth(i) for i in (index - 1, index + 1) if 0 <= i < self.count]
        places = [self.place(value) + sign * NEARBY for sign in (-1, 1)]
        found = [self.at(place) for place in places if 0 <= place <= 1]
        return [other for other in found if other != value]

    @property
    def _start(self) -> float | None:
        return self.low / self.step if self.log and self.step else None


def _check_range(name: str, low: float, high: float, step: float | None, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"{name}: expected numbers from low to high, received {low} to {high}")
    if step is not None and not step > 0:
        raise ValueError(f"{name}: expected a step above 0, received {step}")
    if log and not low > 0:
        raise ValueError(f"{name}: expected numbers above 0 for log, received {low} to {high}")


def _step_at(unit: float, count: int, start: float | None) -> int:
    """Which of `count` steps has a place. start: None, or with log the first value in steps; the shares of the steps
    are then those of the ranges start to start + 1, start + 1 to start + 2, ... on a logarithmic scale.
    """
    index = unit * count if start is None else start * (1 + count / start) ** unit - start
    return min(max(int(index), 0), count - 1)


def _place_of(index: int, count: int, start: float | None) -> float:
    """The place of a step, within its share."""
    if start is None:
        return (index + 0.5) / count
    return math.log1p((index + 0.5) / start) / math.log1p(count / start)
