"""From a merged document to a Recipe: every section read, every mistake found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from factory.blocks.values import Invalid, Section, field_section, parse_section
from factory.spec.reading import Map, Seq
from factory.train.recipe.augmentations import parse_augmentations
from factory.train.recipe.checks import recipe_mistakes, section_mistakes
from factory.train.recipe.merging import NETWORK
from factory.train.recipe.sections import Recipe

_Loc = tuple[str | int, ...]


def parse_recipe(document: Map) -> Recipe:
    """The recipe in a document without `extends`. Raises Invalid with every mistake, each with where it is."""
    found: list[Invalid] = []
    recipe = _section(Recipe, document, (), found)
    if not found:
        found += recipe_mistakes(recipe)
    if found:
        raise together(found)
    return recipe


def check_recipe(recipe: Recipe) -> None:
    """Raises Invalid with every mistake of a recipe that was made in Python, field by field."""
    found: list[Invalid] = []
    for loc, section in _sections(recipe, ()):
        found += [mistake.inside(*loc) for mistake in section_mistakes(section)]
    found += recipe_mistakes(recipe)
    if found:
        raise together(found)


def together(found: Iterable[Invalid]) -> Invalid:
    """One mistake that has the others as its further ones."""
    first, *others = found
    first.more = (*first.more, *others)
    return first


def _section(section: type[Section], raw: Map, loc: _Loc, found: list[Invalid]) -> Any:
    """The section in a mapping, None for one that cannot be read; its mistakes are added to `found`."""
    values = {}
    for key, value in raw.items():
        before = len(found)
        parsed = _value(section, key, value, (*loc, key), found)
        if len(found) == before:
            values[key] = parsed
    try:
        result = parse_section(section, values)
    except Invalid as error:
        found += [_explained(one).inside(*loc) for one in (error, *error.more)]
        return None
    found += [mistake.inside(*loc) for mistake in section_mistakes(result)]
    return result


def _value(section: type[Section], key: Any, value: Any, loc: _Loc, found: list[Invalid]) -> Any:
    """The value of a field, with the sections in it read, so that the mistakes of each are found."""
    inner = field_section(section, key)
    if value is None:
        found.append(Invalid("expected a value, received nothing", "null only removes what a parent has", loc))
    elif key == "augment":
        try:
            return parse_augmentations(value)
        except Invalid as error:
            found.append(error.inside(*loc))
    elif inner and isinstance(value, Map):
        return _section(inner, value, loc, found)
    elif inner and isinstance(value, Seq):
        return [
            _section(inner, item, (*loc, index), found) if isinstance(item, Map) else item
            for index, item in enumerate(value)
        ]
    elif key == NETWORK and isinstance(value, Map):
        return _plain(value)
    return value


def _explained(error: Invalid) -> Invalid:
    """The mistake without its further ones; an expression gets a hint of its own."""
    hint = "recipes have no expressions: write the value" if "received '$" in error.message else error.hint
    return Invalid(error.message, hint, error.loc)


def _plain(value: Any) -> Any:
    """Values without where they stand."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _sections(value: Any, loc: _Loc) -> Iterable[tuple[_Loc, Section]]:
    """A section and all in it, each with where it is."""
    if isinstance(value, Section):
        yield loc, value
        for name in type(value).model_fields:
            yield from _sections(getattr(value, name), (*loc, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _sections(item, (*loc, index))
