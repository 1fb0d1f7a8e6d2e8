"""Normalisation: batch, layer, group, local response, and the input's own."""

from __future__ import annotations

from dataclasses import dataclass

from factory.errors import ShapeError
from factory.graph.ops.base import Op, Shape, Weight


def _scale_and_center(op: BatchNorm | LayerNorm | GroupNorm, channels: int) -> list[Weight]:
    return [Weight(name, (channels,)) for name, there in (("gamma", op.scale), ("beta", op.center)) if there]


def _channels(shape: Shape) -> int:
    if shape[-1] is None:
        raise ShapeError("normalisation needs a known number of channels", "give the input a resolution")
    return shape[-1]


@dataclass(frozen=True, slots=True)
class BatchNorm(Op):
    """Batch normalisation over the channels (Ioffe & Szegedy 2015); momentum in Keras' sense, kept share a step."""

    epsilon: float = 1e-3
    momentum: float = 0.99
    scale: bool = True
    center: bool = True

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        channels = _channels(inputs[0])
        statistics = [Weight("moving_mean", (channels,), False), Weight("moving_variance", (channels,), False)]
        return (*_scale_and_center(self, channels), *statistics)


@dataclass(frozen=True, slots=True)
class LayerNorm(Op):
    """Layer normalisation over the channels of each position (Ba et al. 2016)."""

    epsilon: float = 1e-3
    scale: bool = True
    center: bool = True

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return tuple(_scale_and_center(self, _channels(inputs[0])))


@dataclass(frozen=True, slots=True)
class GroupNorm(Op):
    """Group normalisation (Wu & He 2018); groups -1 is one group a channel: instance normalisation."""

    groups: int = 32
    epsilon: float = 1e-3
    scale: bool = True
    center: bool = True

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = _channels(inputs[0])
        if self.groups > 0 and channels % self.groups:
            raise ShapeError(
                f"{channels} channels are not divisible by the {self.groups} groups of group normalisation",
                "choose groups that divide the channels, or -1 for one group a channel",
                (channels,),
            )
        return (inputs[0],)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return tuple(_scale_and_center(self, _channels(inputs[0])))


@dataclass(frozen=True, slots=True)
class LocalResponseNorm(Op):
    """x / (bias + alpha * sum of squares over 2 radius + 1 channels) ** beta (Krizhevsky et al. 2012, section 3.3)."""

    radius: int = 5
    bias: float = 1.0
    alpha: float = 1.0
    beta: float = 0.5


@dataclass(frozen=True, slots=True)
class InputNorm(Op):
    """(x - mean) / std of every channel, kept as weights: mean, variance and a count, as Keras' Normalization does."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        if len(self.mean) != inputs[0][-1] or len(self.std) != inputs[0][-1]:
            raise ShapeError(
                f"mean and std have {len(self.mean)} and {len(self.std)} values for {inputs[0][-1]} input channels",
                "give one value a channel",
            )
        return (inputs[0],)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        channels = len(self.mean)
        return Weight("mean", (channels,), False), Weight("variance", (channels,), False), Weight("count", (), False)
