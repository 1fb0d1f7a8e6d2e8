"""Drop-path of fractal networks (Larsson et al. 2017, FractalNet, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from factory.graph.ops.base import Op, Shape
from factory.graph.ops.merge import mismatch


@dataclass(frozen=True, slots=True)
class ChoosePath(Op):
    """Gives every sample of the batch the path that it takes through all fractals of the network.

    With probability `share` in training the sample keeps to one column (global drop-path), otherwise every join decides
    for itself (local drop-path). Reads any tensor of the batch.
    Shape: any -> (1,).
    """

    share: float

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return ((1,),)


@dataclass(frozen=True, slots=True)
class JoinColumns(Op):
    """Mean of what some columns of a fractal end with; in training, of some of them only.

    A fractal has `columns` in all, of which the longest end here: the inputs, the shortest first, and behind them the
    samples' paths. Local: each end is dropped with probability `rate`, but never all. Global: only the end of the
    sample's column counts; where it does not end here, nothing depends on the join.
    Shape: (h, w, c), ..., (1,) -> (h, w, c).
    """

    MAX: ClassVar[int] = 16

    columns: int
    rate: float

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        *ends, _ = inputs
        if len(set(ends)) > 1:
            raise mismatch("a join of columns", tuple(ends))
        return (ends[0],)
