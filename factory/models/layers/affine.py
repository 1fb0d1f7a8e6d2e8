"""Learned scale and offset of every channel."""

from __future__ import annotations

from typing import Any

import keras

from factory.models.layers.base import ConfiguredLayer, Sizes, register


@register
class ChannelAffine(ConfiguredLayer):
    """x * gamma + beta, one of each a channel: (batch, ..., c) -> (batch, ..., c)."""

    def build(self, input_shape: Sizes) -> None:
        self.gamma = self.add_weight(name="gamma", shape=(input_shape[-1],), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        return inputs * self.gamma + self.beta

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        return input_shape


@register
class ChannelScale(ConfiguredLayer):
    """x * gamma, one a channel: (batch, ..., c) -> (batch, ..., c)."""

    def __init__(self, gamma_initializer: Any = "ones", **kwargs: Any):
        super().__init__(**kwargs)
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, input_shape: Sizes) -> None:
        self.gamma = self.add_weight(name="gamma", shape=(input_shape[-1],), initializer=self.gamma_initializer)

    def call(self, inputs: Any) -> Any:
        return inputs * self.gamma

    def compute_output_shape(self, input_shape: Sizes) -> Sizes:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gamma_initializer": keras.initializers.serialize(self.gamma_initializer)}
