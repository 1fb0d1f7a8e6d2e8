"""Recipes as short texts, and their mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factory import SpecError
from factory.errors import Problem
from factory.spec.reading import read_text
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Recipe


def recipe_of(text: str, **overrides: Any) -> Recipe:
    """The recipe in a text that could stand in a file r.yaml."""
    return load_recipe(read_text(text, "r.yaml"), **overrides)


def problems_of(text: str, **overrides: Any) -> list[Problem]:
    with pytest.raises(SpecError) as raised:
        recipe_of(text, **overrides)
    return raised.value.problems


def write(folder: Path, **texts: str) -> Path:
    """Writes NAME.yaml for each; returns the folder."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
