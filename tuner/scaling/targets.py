"""From a target to a network: phi by bisection on exact costs.

Costs are steps of phi, since repeats, channels and pixels are whole. Bisection finds the two networks between which
the target lies. Where neither is near, one multiplier is held where it is on either side of the step, or a little
beside it, the others go on along the strategy, and bisection finds where they cross the target; and so on, until one
alone moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from factory.errors import FactoryError
from tuner.scaling.factors import Factors
from tuner.scaling.family import Base, Member
from tuner.scaling.quantities import Quantity
from tuner.scaling.strategies import Powers, Strategy, Table

MET = 0.01
"""A target is met within this share of it."""
REACH = 1.0
"""How far in phi a multiplier may be from one that is held."""
SHIFTS = (0.0, -0.1, 0.1, -0.2, 0.2, -0.3, 0.3, -0.4, 0.4)
"""How far in phi from the step a multiplier is held, one after the other until the target is met."""
LARGEST, LIMIT = 1_000.0, 100.0
"""No network is looked for that has so many times, or so small a part of, the multiply-accumulates of the base; nor
beyond so large a phi, where factors hardly grow."""


class Candidate(NamedTuple):
    """A network with the cost that the target is about."""

    member: Member
    cost: float


Line = Callable[[float], Factors]
Sides = tuple[Candidate, Candidate]


@dataclass(frozen=True)
class Solution:
    """The network nearest to a target. below, above: the nearest on either side, of which it is one; None for none."""

    target: float
    below: Candidate | None
    above: Candidate | None

    @property
    def nearest(self) -> Candidate:
        sides = [side for side in (self.below, self.above) if side is not None]
        return min(sides, key=lambda side: abs(side.cost - self.target))

    @property
    def error(self) -> float:
        """How far the nearest is from the target, as a share of it; negative below."""
        return self.nearest.cost / self.target - 1


def solve(base: Base, strategy: Strategy, quantity: Quantity, target: float, label: str = "target") -> Solution:
    """The network of a strategy that costs what the target says, as nearly as rounding permits.

    label: what the names of networks have behind that of the strategy. Raises FactoryError where the strategy does not
    lead to the target, and where a network on the way cannot be built.
    """
    search = _Search(base, strategy, quantity, target, f"{strategy.name}_{label}")
    candidates = sorted(search.candidates(), key=lambda one: one.cost)
    below = [one for one in candidates if one.cost <= target]
    above = [one for one in candidates if one.cost > target]
    return Solution(target, below[-1] if below else None, above[0] if above else None)


class _Search:
    def __init__(self, base: Base, strategy: Strategy, quantity: Quantity, target: float, label: str):
        self.base, self.strategy, self.quantity, self.target, self.label = base, strategy, quantity, target, label
        self.seen: dict[Factors, float] = {}
        self.best = float("inf")

    def candidates(self) -> list[Candidate]:
        """Networks near the target, some of them on each side of it where there are any."""
        strategy = self.strategy
        if isinstance(strategy, Table):
            return [self._candidate(strategy.at(phi), phi) for phi in range(len(strategy.rows))]
        if not isinstance(strategy, Powers):
            raise TypeError(f"no way is known to solve {type(strategy).__name__} for a target")
        sides = self._crossing(strategy.at, 0.0, LIMIT)
        return [*sides, *self._beside(strategy.rates, {}, sides, sides[0].member.phi, SHIFTS)]

    def _beside(
        self, rates: Factors, held: Mapping[str, float], sides: Sides, centre: float, shifts: Sequence[float]
    ) -> Iterator[Candidate]:
        """Networks near the target that hold one multiplier more, until one is near enough.

        sides: the networks between which the target lies; centre: the phi where the whole strategy crosses it.
        """
        moving = {part: rate for part, rate in rates._asdict().items() if rate != 1 and part not in held}
        for shift, part, side in product(shifts if len(moving) > 1 else (), moving, sides):
            if self.best <= max(self.quantity.near, MET if shift else 0):
                return
            fixed = {**held, part: getattr(side.member.factors, part) * moving[part] ** shift}
            with suppress(FactoryError):  # this way leads nowhere, or to what cannot be built
                found = self._crossing(_holding(rates, fixed), centre, REACH)
                yield from found
                yield from self._beside(rates, fixed, found, centre, (0.0,))

    def _crossing(self, line: Line, start: float, reach: float) -> Sides:
        """The neighbours on a line between which the target lies, the cheaper first.

        reach: how far from `start`, in phi, they may be. Raises FactoryError where there are none.
        """
        low, high = self._bracket(line, start, reach)
        while True:
            phi = (low.member.phi + high.member.phi) / 2
            middle = self._candidate(line(phi), phi)
            if middle.member.scale in (low.member.scale, high.member.scale):
                return low, high
            if middle.cost <= self.target:
                low = middle
            else:
                high = middle

    def _bracket(self, line: Line, start: float, reach: float) -> Sides:
        """Two networks on a line with the target between them, a phi of 1 from each other."""
        here = self._candidate(line(start), start)
        first = f"{here.cost:,.10g} at phi {start:.4g}"
        step = 1 if here.cost <= self.target else -1
        while abs(here.member.phi - start) < reach and 1 / LARGEST <= here.member.factors.growth <= LARGEST:
            there = self._candidate(line(here.member.phi + step), here.member.phi + step)
            if (there.cost <= self.target) != (here.cost <= self.target):
                return (here, there) if step > 0 else (there, here)
            here = there
        raise FactoryError(
            f"{self.base.name}: strategy '{self.strategy.name}' does not lead to {self.quantity.name} of "
            f"{self.target:,.10g}: from {first} it comes to {here.cost:,.10g} at phi {here.member.phi:.4g}"
        )

    def _candidate(self, factors: Factors, phi: float) -> Candidate:
        member = self.base.scaled(factors, self.label, phi, self.strategy.dropout(phi))
        if member.scale not in self.seen:
            self.seen[member.scale] = self.quantity.of(member.spec)
            self.best = min(self.best, abs(self.seen[member.scale] / self.target - 1))
        return Candidate(member, self.seen[member.scale])


def _holding(rates: Factors, held: Mapping[str, float]) -> Line:
    """The factors of each phi, some of them held."""
    return lambda phi: rates.power(phi)._replace(**held)
