"""`factory recipe render`: the resolved recipe as YAML, every default filled in."""

from __future__ import annotations

from typing import Any

from factory.spec.writing import WIDE, flow
from factory.train.recipe.plain import plain_recipe
from factory.train.recipe.sections import Recipe


def render_recipe(recipe: Recipe) -> str:
    """The recipe's text, which stands by itself. Reading it gives an equal recipe, rendering that the same text."""
    return "\n".join(line for key, value in plain_recipe(recipe).items() for line in _entry(key, value)) + "\n"


def _entry(key: str, value: Any) -> list[str]:
    """A key on one line, or with a line for each item of a value that is too long for that."""
    line = f"{key}: {flow(value)}"
    if len(line) <= WIDE or not value or not isinstance(value, (dict, list)):
        return [line]
    if isinstance(value, dict):
        return [f"{key}:", *(f"  {flow(name)}: {flow(item)}" for name, item in value.items())]
    return [f"{key}:", *(f"  - {flow(item)}" for item in value)]
