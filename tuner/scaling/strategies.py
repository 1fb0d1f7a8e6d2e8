"""Strategies of scaling: how a network's depth, width and resolution grow together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from factory.errors import FactoryError
from tuner.scaling.factors import Factors


class Strategy(ABC):
    """How a family grows with phi; phi = 0 is the network itself."""

    name: str
    about: str

    @abstractmethod
    def at(self, phi: float) -> Factors:
        """The factors of a phi. Raises FactoryError for one that there is not."""

    @abstractmethod
    def dropout(self, phi: float) -> float | None:
        """The rate of dropout in the head; None where it stays as it is."""

    @property
    @abstractmethod
    def law(self) -> str:
        """What multiply-accumulates would follow without rounding, as the heading of a column."""


@dataclass(frozen=True)
class Powers(Strategy):
    """Factors to the power of phi, any real number: below 0 the network shrinks. rates: alpha, beta and gamma."""

    name: str
    about: str
    rates: Factors

    def at(self, phi: float) -> Factors:
        return self.rates.power(phi)

    def dropout(self, phi: float) -> float | None:
        return None

    @property
    def law(self) -> str:
        return f"{self.rates.growth:.3g}^phi"


class Row(NamedTuple):
    """A network of a published family. resolution: pixels."""

    width: float
    depth: float
    resolution: int
    dropout: float


@dataclass(frozen=True)
class Table(Strategy):
    """A published family: phi is the number of a row, and the row of number 0 what factors are relative to."""

    name: str
    about: str
    rows: Sequence[Row]

    def at(self, phi: float) -> Factors:
        row, first = self._row(phi), self.rows[0]
        return Factors(row.depth / first.depth, row.width / first.width, row.resolution / first.resolution)

    def dropout(self, phi: float) -> float | None:
        return self._row(phi).dropout

    @property
    def law(self) -> str:
        return "d*w^2*r^2"

    def _row(self, phi: float) -> Row:
        if phi not in range(len(self.rows)):
            last = len(self.rows) - 1
            raise FactoryError(f"strategy '{self.name}': expected a phi of 0, 1, ... {last}, received {phi:g}")
        return self.rows[int(phi)]


B0_TO_B7 = (
    Row(1.0, 1.0, 224, 0.2),
    Row(1.0, 1.1, 240, 0.2),
    Row(1.1, 1.2, 260, 0.3),
    Row(1.2, 1.4, 300, 0.3),
    Row(1.4, 1.8, 380, 0.4),
    Row(1.6, 2.2, 456, 0.4),
    Row(1.8, 2.6, 528, 0.5),
    Row(2.0, 3.1, 600, 0.5),
)
"""EfficientNet-B0 to B7 as published by their authors (tensorflow/tpu, efficientnet_builder.py)."""

_PARTS = {"d": "depth", "w": "width", "r": "resolution"}


def shares(depth: float = 0.0, width: float = 0.0, resolution: float = 0.0) -> Factors:
    """Rates that double the cost at each phi, of which each dimension makes this share; they sum to 1.

    A network s times as large has s^depth the repeats, s^(width / 2) the channels and s^(resolution / 2) the side of
    the image (Dollar et al. 2021, section 3).
    """
    return Factors(2.0**depth, 2.0 ** (width / 2), 2.0 ** (resolution / 2))


def _alike(letters: str) -> Powers:
    """Some dimensions, each of which makes the same share of the growth."""
    parts = [_PARTS[letter] for letter in letters]
    about = " and ".join(parts) + (" alike" if parts[1:] else " alone") + ", twice the cost at each phi"
    return Powers(letters, about, shares(**dict.fromkeys(parts, 1 / len(parts))))


COMPOUND = Powers("compound", "alpha 1.2, beta 1.1, gamma 1.15 (Tan & Le 2019)", Factors(1.2, 1.1, 1.15))
FAST = Powers("fast", "mostly width, alpha 0.8 (Dollar et al. 2021)", shares(0.1, 0.8, 0.1))
TABLE = Table("table", "B0 to B7 as published, with their dropout (Tan & Le 2019)", B0_TO_B7)
STRATEGIES: dict[str, Strategy] = {
    one.name: one for one in (COMPOUND, FAST, TABLE, *map(_alike, ("d", "w", "r", "dw", "dr", "wr", "dwr")))
}
"""By name; d, w and r and what is made of them are depth, width and resolution."""
