"""One dimension of a search: a choice, a whole number, a number."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.space.conditions import Condition


@dataclass(frozen=True)
class Dimension(ABC):
    """A named set of values, some of them nearer to each other than others.

    name: a path of a spec, or of a recipe with `recipe.` before it. when: conditions, all of which must hold for the
    dimension to take part; they name dimensions declared before it.
    """

    name: str

    @property
    @abstractmethod
    def when(self) -> tuple[Condition, ...]:
        """The conditions under which it takes part."""

    @property
    @abstractmethod
    def count(self) -> int | None:
        """How many values there are, None for a continuum."""

    @abstractmethod
    def at(self, unit: float) -> Any:
        """The value at a place from 0 to 1; equal shares of the places belong to equally probable values."""

    @abstractmethod
    def place(self, value: Any) -> float:
        """The place of a value, the middle of its share: `at(place(value)) == value`."""

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Whether this is one of the values."""

    @abstractmethod
    def neighbours(self, value: Any) -> list[Any]:
        """The values next to this one: all others where there is no order, a twentieth to both sides on a continuum."""

    def values(self) -> list[Any]:
        """All values in order. Raises ValueError for a continuum."""
        if self.count is None:
            raise ValueError(f"{self.name} has no finite number of values")
        return [self.at((index + 0.5) / self.count) for index in range(self.count)]

    def sample(self, random: np.random.Generator) -> Any:
        """A value at random."""
        return self.at(random.uniform())

    def other(self, value: Any, random: np.random.Generator) -> Any:
        """Another value at random; the same one where there is no other."""
        if self.count is None:
            return self.sample(random)
        others = [one for one in self.values() if one != value]
        return others[random.integers(len(others))] if others else value


@dataclass(frozen=True)
class Choice(Dimension):
    """One of several values. Points hold labels; `meaning` has what each stands for in a spec or recipe.

    labels: scalars, told apart by value and type. ordered: whether neighbours in the list are alike, as of numbers.
    """

    labels: tuple[Any, ...]
    meanings: tuple[Any, ...] = ()
    ordered: bool = False
    when: tuple[Condition, ...] = ()

    @property
    def count(self) -> int:
        return len(self.labels)

    def at(self, unit: float) -> Any:
        return self.labels[min(int(unit * len(self.labels)), len(self.labels) - 1)]

    def place(self, value: Any) -> float:
        return (self.index(value) + 0.5) / len(self.labels)

    def contains(self, value: Any) -> bool:
        return any(_same(value, label) for label in self.labels)

    def neighbours(self, value: Any) -> list[Any]:
        index = self.index(value)
        if self.ordered:
            return [self.labels[i] for i in (index - 1, index + 1) if 0 <= i < len(self.labels)]
        return [label for i, label in enumerate(self.labels) if i != index]

    def index(self, value: Any) -> int:
        """The position of a label. Raises ValueError for anything else."""
        for index, label in enumerate(self.labels):
            if _same(value, label):
                return index
        raise ValueError(f"{value!r} is no value of {self.name}: {list(self.labels)}")

    def meaning(self, value: Any) -> Any:
        """What a label stands for."""
        return self.meanings[self.index(value)] if self.meanings else value


def _same(a: Any, b: Any) -> bool:
    """1, 1.0 and true are three values."""
    return type(a) is type(b) and a == b


@dataclass(frozen=True)
class Int(Dimension):
    """A whole number from low to high, both included, in steps; `log` gives every doubling the same share."""

    low: int
    high: int
    step: int = 1
    log: bool = False
    when: tuple[Condition, ...] = ()

    @property
    def count(self) -> int:
        return (self.high - self.low) // self.step + 1

    def at(self, unit: float) -> int:
        if not self.log:
            return self.low + self.step * min(int(unit * self.count), self.count - 1)
        low, high = math.log(self.low), math.log(self.low + self.step * self.count)
        value = math.exp(low + unit * (high - low))
        return self.low + self.step * min(max(int((value - self.low) / self.step), 0), self.count - 1)

    def place(self, value: Any) -> float:
        if not self.log:
            return ((value - self.low) // self.step + 0.5) / self.count
        low, high = math.log(self.low), math.log(self.low + self.step * self.count)
        return (math.log(value + self.step / 2) - low) / (high - low)

    def contains(self, value: Any) -> bool:
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        return whole and self.low <= value <= self.high and (value - self.low) % self.step == 0

    def neighbours(self, value: Any) -> list[Any]:
        return [other for other in (value - self.step, value + self.step) if self.contains(other)]

    def values(self) -> list[Any]:
        return list(range(self.low, self.high + 1, self.step))


@dataclass(frozen=True)
class Float(Dimension):
    """A number from low to high, both included; in steps from low where there is a step. `log`: in equal ratios."""

    low: float
    high: float
    step: float | None = None
    log: bool = False
    when: tuple[Condition, ...] = ()

    @property
    def count(self) -> int | None:
        return None if self.step is None else math.floor((self.high - self.low) / self.step + 1e-9) + 1

    def at(self, unit: float) -> float:
        if self.count is not None:
            assert self.step is not None
            index = min(int(unit * self.count), self.count - 1)
            return round(self.low + self.step * index, 12)
        if self.log:
            value = math.exp(math.log(self.low) + unit * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + unit * (self.high - self.low)
        return float(min(max(value, self.low), self.high))

    def place(self, value: Any) -> float:
        if self.count is not None:
            assert self.step is not None
            return (round((value - self.low) / self.step) + 0.5) / self.count
        if self.high == self.low:
            return 0.5
        if self.log:
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def contains(self, value: Any) -> bool:
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not self.low <= value <= self.high:
            return False
        return self.count is None or math.isclose(self.at(self.place(value)), value, rel_tol=1e-9, abs_tol=1e-12)

    def neighbours(self, value: Any) -> list[Any]:
        distance = 1 / self.count if self.count is not None else 0.05
        places = [self.place(value) + sign * distance for sign in (-1, 1)]
        found = [self.at(place) for place in places if 0 <= place <= 1]
        return [other for other in found if other != value]
