"""Operations that act in training only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from factory.graph.ops.base import Op


@dataclass(frozen=True, slots=True)
class Dropout(Op):
    """Sets a share of the values to zero and scales up the rest (Srivastava et al. 2014)."""

    training_only: ClassVar[bool] = True
    rate: float


@dataclass(frozen=True, slots=True)
class SpatialDropout(Op):
    """Sets a share of whole channels to zero (Tompson et al. 2015)."""

    training_only: ClassVar[bool] = True
    rate: float


@dataclass(frozen=True, slots=True)
class StochasticDepth(Op):
    """Drops the whole tensor of a sample with this probability, scales up the others (Huang et al. 2016)."""

    training_only: ClassVar[bool] = True
    rate: float
