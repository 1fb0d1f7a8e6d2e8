"""Layers that take channels apart and put them in another order."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from keras import ops

from factory.models.layers.base import ConfiguredLayer, Sizes, pairs, register


@register
class ChannelSplit(ConfiguredLayer):
    """Parts of these sizes, in order: (batch, ..., c) -> [(batch, ..., size), ...]."""

    fields = ("sizes",)

    def __init__(self, sizes: tuple[int, ...], **kwargs: Any):
        super().__init__(**kwargs)
        self.sizes = pairs(sizes)

    def call(self, inputs: Any) -> list[Any]:
        return list(ops.split(inputs, list(accumulate(self.sizes[:-1])), axis=-1))

    def compute_output_shape(self, input_shape: Sizes) -> list[Sizes]:
        return [(*input_shape[:-1], size) for size in self.sizes]


@register
class GatherChannels(ConfiguredLayer):
    """The channels of these numbers, in this order: (batch, ..., c) -> (batch, ..., len(channels))."""

    fields = ("channels",)

    def __init__(self, channels: tuple[int, ...], **kwargs: Any):
        super().__init__(**kwargs)
        self.channels = pairs(channels)

    def call(self, inputs: Any) -> Any:
        return ops.take(inputs, list(self.channels), axis=-1)

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        return (*input_shape[:-1], len(self.channels))


@register
class ShuffleChannels(ConfiguredLayer):
    """Channels as (groups, c / groups), transposed and flattened: (batch, h, w, c) -> (batch, h, w, c)."""

    fields = ("groups",)

    def __init__(self, groups: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.groups = groups

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = ops.shape(inputs)
        x = ops.reshape(inputs, (-1, height, width, self.groups, channels // self.groups))
        return ops.reshape(ops.transpose(x, (0, 1, 2, 4, 3)), (-1, height, width, channels))

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        return input_shape


@register
class ChannelMaxout(ConfiguredLayer):
    """Maximum over every `pieces` consecutive channels: (batch, ..., c) -> (batch, ..., c / pieces)."""

    fields = ("pieces",)

    def __init__(self, pieces: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.pieces = pieces

    def call(self, inputs: Any) -> Any:
        _, *middle, channels = ops.shape(inputs)
        return ops.max(ops.reshape(inputs, (-1, *middle, channels // self.pieces, self.pieces)), axis=-1)

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        return (*input_shape[:-1], input_shape[-1] // self.pieces)  # type: ignore[operator]
