"""Operations on channels: split, gather, shuffle, pad, scale."""

from __future__ import annotations

from dataclasses import dataclass

from factory.errors import ShapeError
from factory.graph.ops.base import Op, Pair, Shape, Weight, image


@dataclass(frozen=True, slots=True)
class Split(Op):
    """Cuts the channels into parts of these sizes, one output each."""

    sizes: tuple[int, ...]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = inputs[0][-1]
        if sum(self.sizes) != channels:
            raise ShapeError(f"parts of {self.sizes} channels do not add up to {channels}", values=(channels or 0,))
        return tuple((*inputs[0][:-1], size) for size in self.sizes)


@dataclass(frozen=True, slots=True)
class ChannelGather(Op):
    """Takes these channels, in this order."""

    channels: tuple[int, ...]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        there: int = inputs[0][-1]  # type: ignore[assignment]
        if wrong := [index for index in self.channels if not 0 <= index < there]:
            raise ShapeError(f"channel {wrong[0]} does not exist: there are {there}, counted from 0", values=(there,))
        return ((*inputs[0][:-1], len(self.channels)),)


@dataclass(frozen=True, slots=True)
class ChannelShuffle(Op):
    """Reshapes the channels to (groups, c / groups), transposes, flattens (Zhang et al. 2018, ShuffleNet, fig. 1)."""

    groups: int

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image("channel shuffle", inputs[0])[2]
        if channels % self.groups:
            raise ShapeError(f"{channels} channels are not divisible by {self.groups} groups", values=(channels,))
        return (inputs[0],)


@dataclass(frozen=True, slots=True)
class ChannelZeroPad(Op):
    """Adds (before, behind) channels of zeros (He et al. 2016, shortcut option A)."""

    padding: Pair

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return ((*inputs[0][:-1], inputs[0][-1] + sum(self.padding)),)  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Rescale(Op):
    """x * scale + offset with constants, one for all channels or one each."""

    scale: float | tuple[float, ...] = 1.0
    offset: float | tuple[float, ...] = 0.0

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        for values in (self.scale, self.offset):
            if isinstance(values, tuple) and len(values) != inputs[0][-1]:
                raise ShapeError(
                    f"{len(values)} values for {inputs[0][-1]} channels", "give one value, or one a channel"
                )
        return (inputs[0],)


@dataclass(frozen=True, slots=True)
class Affine(Op):
    """x * gamma + beta, both learned, one a channel (LeCun et al. 1998, sub-sampling layers)."""

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        channels: int = inputs[0][-1]  # type: ignore[assignment]
        return Weight("gamma", (channels,)), Weight("beta", (channels,))


@dataclass(frozen=True, slots=True)
class LayerScale(Op):
    """x * gamma, learned, one a channel, started small (Touvron et al. 2021, CaiT)."""

    start: float = 1e-6

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return (Weight("gamma", (inputs[0][-1],)),)  # type: ignore[arg-type]
