"""The multipliers of a network's repeats, channels and image size."""

from __future__ import annotations

from typing import NamedTuple

DIGITS = 5
"""Multipliers have so many significant digits, so that what is counted is what is written."""


class Factors(NamedTuple):
    """Multipliers of repeats, channels and image size."""

    depth: float = 1.0
    width: float = 1.0
    resolution: float = 1.0

    @property
    def growth(self) -> float:
        """By how much multiply-accumulates grow, d * w^2 * r^2, but for rounding (Tan & Le 2019, section 3.3)."""
        return self.depth * self.width**2 * self.resolution**2

    def power(self, phi: float) -> Factors:
        """Each factor to the power of phi."""
        return Factors(*(factor**phi for factor in self))

    def times(self, other: Factors) -> Factors:
        """The products, to DIGITS digits."""
        return Factors(*(float(f"{mine * theirs:.{DIGITS}g}") for mine, theirs in zip(self, other, strict=True)))
