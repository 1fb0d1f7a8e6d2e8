"""Activation functions, with and without weights."""

from __future__ import annotations

from dataclasses import dataclass

from factory.errors import ShapeError
from factory.graph.ops.base import Op, Shape, Weight

FUNCTIONS: dict[str, dict[str, float]] = {
    "relu": {},
    "relu6": {},
    "leaky_relu": {"slope": 0.01},
    "elu": {"alpha": 1.0},
    "selu": {},
    "swish": {},
    "hard_swish": {},
    "sigmoid": {},
    "hard_sigmoid": {},
    "gelu": {},
    "tanh": {},
    "scaled_tanh": {"amplitude": 1.7159, "slope": 2 / 3},
    "softmax": {},
    "mish": {},
    "softplus": {},
}
"""The functions of `Activation` and their parameters with defaults; hard_sigmoid is relu6(x + 3) / 6."""


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """A fixed function of every value (softmax: over the channels); `parameters` in the order of FUNCTIONS."""

    kind: str
    parameters: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PRelu(Op):
    """max(x, 0) + a * min(x, 0) with learned a, one a channel or one shared by all (He et al. 2015)."""

    shared: bool = False
    start: float = 0.25

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        channels: int = inputs[0][-1]  # type: ignore[assignment]
        return (Weight("alpha", (1,) * (len(inputs[0]) - 1) + (1 if self.shared else channels,)),)


@dataclass(frozen=True, slots=True)
class Maxout(Op):
    """Maximum over groups of `pieces` consecutive channels: (..., c) -> (..., c / pieces) (Goodfellow et al. 2013)."""

    pieces: int = 2

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels: int = inputs[0][-1]  # type: ignore[assignment]
        if channels % self.pieces:
            raise ShapeError(
                f"{channels} channels are not divisible by {self.pieces} pieces of maxout", values=(channels,)
            )
        return ((*inputs[0][:-1], channels // self.pieces),)
