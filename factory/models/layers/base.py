"""What the package's own layers have in common: registration, and a configuration made of their arguments."""

from __future__ import annotations

from typing import Any, ClassVar

import keras

register = keras.saving.register_keras_serializable(package="factory")

Sizes = tuple[int | None, ...]
"""A shape with its batch axis; sizes known only at run time are None."""


class ConfiguredLayer(keras.layers.Layer):
    """A layer whose `fields` are at once its arguments, its attributes and its configuration."""

    fields: ClassVar[tuple[str, ...]] = ()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{name: getattr(self, name) for name in self.fields}}


def pairs(values: Any) -> Any:
    """Nested lists, as JSON brings them back, as nested tuples; anything else as it is."""
    return tuple(map(pairs, values)) if isinstance(values, (list, tuple)) else values
