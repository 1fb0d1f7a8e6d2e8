"""How a network was trained, for those who use it afterwards. Knows no TensorFlow."""

from __future__ import annotations

from pathlib import Path

from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Recipe
from factory.train.run import RECIPE, RUN
from factory.train.subjects import Subject, find_subjects


def recipe_of(subject: Subject) -> Recipe:
    """The recipe of a network's run; the defaults for a .keras file without one. Raises FactoryError."""
    return Recipe() if subject.data is None else load_recipe(subject.file.parent / RECIPE)


def is_run(path: Path) -> bool:
    """Whether a folder holds a run."""
    return (path / RUN).is_file()


def network_of(path: Path) -> tuple[Path, Recipe]:
    """The saved model that a path means, the network of a run or the model itself, and how it was trained.

    Raises FactoryError for a run that is not finished.
    """
    if not is_run(path):
        return path, Recipe()
    [subject] = find_subjects([path])
    return subject.file, recipe_of(subject)
