"""Activations of Keras that lack something."""

from __future__ import annotations

from typing import Any

import keras

from factory.models.layers.base import register


@register
class ELU(keras.layers.ELU):
    """Keras' layer with a configuration: without one it cannot be saved when it is given a precision of its own."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}
