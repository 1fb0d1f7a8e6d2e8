"""From a name, a path or a mapping to a recipe: reading, inheritance, overrides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.blocks.values import Invalid
from factory.errors import Problem, Source, SpecError
from factory.spec.extending import find_parent
from factory.spec.problems import problems_in
from factory.spec.reading import Map, from_python, read_file
from factory.spec.zoo import find_file, names_in, zoo_directory
from factory.train.recipe.merging import ITS_OWN, merge
from factory.train.recipe.overrides import RECIPE, apply_overrides, split_settings
from factory.train.recipe.parsing import check_recipe, parse_recipe
from factory.train.recipe.plain import plain_recipe
from factory.train.recipe.sections import Recipe

__all__ = ["find_recipe", "load_recipe", "recipe_names", "split_settings"]

_RATE = "learning_rate"


def load_recipe(source: str | os.PathLike[str] | Mapping[str, Any] | Recipe, /, **overrides: Any) -> Recipe:
    """The recipe of a name (`factory recipe list`), at a path, or in a plain mapping, with values at paths overridden.

    `load_recipe("cifar10", epochs=3, **{"optimizer.weight_decay": 0.1, "augment.mixup": 0.4})`; `learning_rate` is
    `schedule.peak`; mappings merge, None removes. Raises SpecError with every mistake and its position.
    """
    if isinstance(source, Recipe):
        document = from_python(plain_recipe(source), Source("<recipe>"), RECIPE)
        try:
            check_recipe(source)
        except Invalid as error:
            raise SpecError(problems_in(document, error, mark=document.mark)) from None
        return _parsed(document, [], overrides) if overrides else source
    problems: list[Problem] = []
    if isinstance(source, Mapping):
        given = source if isinstance(source, Map) else dict(source)
        document = _inherit(from_python(given, Source("<mapping>"), RECIPE), None, [], problems)
    else:
        path = find_recipe(os.fspath(source))
        document = _inherit(_read_file(path), path, [path.resolve()], problems)
        if "recipe" not in document:
            document.put("recipe", path.stem, None, None)
    return _parsed(document, problems, overrides)


def recipe_names() -> list[str]:
    """Names of all recipes that come with the package, sorted."""
    return names_in(_directory())


def find_recipe(name: str, beside: Path | None = None) -> Path:
    """The file of a recipe given by path or name; beside another recipe, one of its folder comes first.

    Raises FactoryError for neither.
    """
    return find_file(name, beside, _directory(), "a recipe of the zoo", "factory recipe list")


def _directory() -> Path:
    return zoo_directory() / "recipes"


def _read_file(path: Path) -> Map:
    return read_file(path, kind=RECIPE)


def _parsed(document: Map, problems: list[Problem], overrides: Mapping[str, Any]) -> Recipe:
    """The recipe in a merged document; mistakes of merging and of reading are told together."""
    document = apply_overrides(document, overrides)
    try:
        recipe = parse_recipe(document)
    except Invalid as error:
        raise SpecError([*problems, *problems_in(document, error, mark=document.mark)]) from None
    if problems:
        raise SpecError(problems)
    return recipe


def _inherit(document: Map, path: Path | None, trail: list[Path], problems: list[Problem]) -> Map:
    """The document over its parents; what does not fit is added to `problems`."""
    child = _with_peak(document, problems)
    found = find_parent(document, path, trail, find_recipe, "recipe")
    if found is None:
        return child
    base = _inherit(_read_file(found), found, [*trail, found.resolve()], problems)
    child.remove("extends")
    for key in ITS_OWN:
        base.remove(key)
    return merge(base, child, problems)


def _with_peak(document: Map, problems: list[Problem]) -> Map:
    """A copy of the document with `learning_rate` as the peak of its schedule."""
    result = document.copy()
    if _RATE not in document:
        return result
    key_at, value_at = document.keys_at[_RATE], document.values_at[_RATE]
    schedule = result.get("schedule", Map(value_at))
    result.remove(_RATE)
    if not isinstance(schedule, Map) or "peak" in schedule:
        message = "the learning rate is schedule.peak, and the schedule is given too"
        problems.append(Problem(_RATE, message, key_at, "leave out one of the two", len(_RATE)))
        return result
    schedule = schedule.copy()
    schedule.put("peak", document[_RATE], key_at, value_at)
    result["schedule"] = schedule
    result.keys_at.setdefault("schedule", key_at)
    result.values_at.setdefault("schedule", value_at)
    return result
