"""A recipe as plain data, every default filled in: what is rendered, compared and changed."""

from __future__ import annotations

from typing import Any

from factory.blocks.values import Section
from factory.train.recipe.augmentation_kinds import Augmentation
from factory.train.recipe.sections import Recipe
from factory.train.recipe.variants import variants_of


def plain_recipe(recipe: Recipe) -> dict[str, Any]:
    """Everything that the recipe says and leaves to defaults, as YAML would write it, in the order of its fields.

    Left out is what has no value, and what its schedule, loss, split, method or optimiser has no use for.
    """
    return _plain(recipe)


def _plain(value: Any) -> Any:
    if isinstance(value, Augmentation):
        return {value.kind: _fields(value)}
    if isinstance(value, Section):
        return _fields(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _fields(section: Section) -> dict[str, Any]:
    section = type(section).model_validate(dict(section))  # a default of 0 becomes the 0.0 that reading it gives
    variants = variants_of(section)
    unused = variants.unused(getattr(section, variants.key)) if variants else ()
    values = {name: getattr(section, name) for name in type(section).model_fields if name not in unused}
    return {name: _plain(value) for name, value in values.items() if value is not None}
