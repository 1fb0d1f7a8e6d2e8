"""One dimension of a search: what all of them are, and the choice of one of several values."""

from __future__ import annotations

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
        """The place of a value, inside its share: `at(place(value))` is the value, but for rounding on a continuum."""

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Whether this is one of the values."""

    @abstractmethod
    def neighbours(self, value: Any) -> list[Any]:
        """The values next to this one: all others where there is no order, on a continuum one on each side."""

    def nth(self, index: int) -> Any:
        """The value at a position, from 0, where there is a finite number of values."""
        raise ValueError(f"{self.name} has no finite number of values")

    def index(self, value: Any) -> int:
        """The position of a value where there is a finite number of them."""
        raise ValueError(f"{self.name} has no finite number of values")

    def exact(self, value: Any) -> Any:
        """One of the values as points hold it: 1 of a continuum is 1.0, NumPy's numbers are Python's."""
        return value

    def values(self) -> list[Any]:
        """All values in order. Raises ValueError for a continuum."""
        return [self.nth(index) for index in range(self.count)] if self.count is not None else [self.nth(0)]

    def grid(self, points: int) -> list[Any]:
        """All values in order; of a continuum so many evenly apart from end to end, its middle where it is one."""
        if self.count is not None:
            return self.values()
        return [self.at(i / (points - 1)) for i in range(points)] if points > 1 else [self.at(0.5)]

    def sample(self, random: np.random.Generator) -> Any:
        """A value at random."""
        return self.at(random.uniform())

    def other(self, value: Any, random: np.random.Generator) -> Any:
        """Another value at random, all of them equally probable; the same one where there is no other."""
        if self.count is None:
            return self.sample(random)
        if self.count == 1:
            return value
        index = int(random.integers(self.count - 1))
        return self.nth(index + (index >= self.index(value)))


@dataclass(frozen=True)
class Choice(Dimension):
    """One of several values. Points hold labels; `meaning` has what each stands for in a spec or recipe.

    labels: scalars, told apart by value and type. ordered: whether neighbours in the list are alike, as of numbers.
    """

    labels: tuple[Any, ...]
    meanings: tuple[Any, ...] = ()
    ordered: bool = False
    when: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        twice = any(_same(a, b) for i, a in enumerate(self.labels) for b in self.labels[:i])
        if not self.labels or twice or len(self.meanings) not in (0, len(self.labels)):
            raise ValueError(f"{self.name}: expected labels, none twice, received {list(self.labels)}")

    @property
    def count(self) -> int:
        return len(self.labels)

    def at(self, unit: float) -> Any:
        return self.labels[min(int(unit * len(self.labels)), len(self.labels) - 1)]

    def nth(self, index: int) -> Any:
        return self.labels[index]

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
