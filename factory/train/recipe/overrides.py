"""Values at paths of a recipe: `--set recipe.epochs=3`, keyword arguments of `load_recipe`, points of a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from factory.errors import Mark, Problem, Source, SpecError, did_you_mean
from factory.spec.overrides import Setting
from factory.spec.reading import Kind, Map, Seq, from_python
from factory.train.recipe.augmentation_kinds import KINDS
from factory.train.recipe.merging import NETWORK, merge

RECIPE = Kind("a recipe", "'epochs:' and 'optimizer:'")
PREFIX = "recipe."
SHORT = {"learning_rate": "schedule.peak"}


def split_settings(settings: Iterable[str] | None) -> tuple[list[str], dict[str, Setting]]:
    """Those of the command line that are for the spec, as they are, and those for the recipe by path.

    `["classes=3", "recipe.epochs=5"]` gives `["classes=3"]` for `load_spec` and `{"epochs": ...}` for `load_recipe`.
    Raises SpecError for a text that is not PATH=VALUE.
    """
    given = list(settings or ())
    return [text for text in given if not _is_for_recipe(text)], recipe_settings(filter(_is_for_recipe, given))


def recipe_settings(settings: Iterable[str] | None) -> dict[str, Setting]:
    """Those of a command that knows recipes only, by path; `recipe.` before a path may stand or not."""
    given = map(Setting, settings or ())
    return {setting.path.removeprefix(PREFIX): setting for setting in given}


def _is_for_recipe(text: str) -> bool:
    return text.startswith(PREFIX)


def apply_overrides(document: Map, changes: Mapping[str, Any]) -> Map:
    """The document with the values at these paths changed; mappings merge, None removes.

    `phases.0.epochs` is in the first phase, `augment.mixup` in the augmentation of that name, which is put behind the
    others where there is none. What follows `spec.` is a path of the network. Raises SpecError for a path that leads
    through a value that has no parts; whether there is such a key, reading the document will tell.
    """
    for path, value in changes.items():
        path = SHORT.get(path, path)
        if isinstance(value, Setting):
            value, mark = value.value, value.mark
        else:
            mark = Mark(Source(f"override {path}={value}"), 0, 0)
            value = from_python(value, mark.source, RECIPE)
        document = _Override(path, value, mark).over(document, path.split("."), "")
    return document


class _Override:
    """One value on its way down to its place."""

    def __init__(self, path: str, value: Any, mark: Mark):
        self.path, self.value, self.mark = path, value, mark

    def over(self, base: Any, parts: list[str], above: str) -> Any:
        """The base, which stands at the path `above`, with the value put where `parts` lead."""
        if isinstance(base, Seq):
            return self._in_list(base, parts, above)
        key, rest = parts[0], parts[1:]
        here = f"{above}.{key}" if above else key
        inner = base.get(key)
        if rest and inner is not None and not isinstance(inner, (Map, Seq)):
            raise self._wrong(f"{here} is a value, it has no '{rest[0]}'")
        if rest and key != NETWORK:
            empty = Seq(self.mark) if key == "augment" else Map(self.mark)
            result = base.copy()
            result[key] = self.over(empty if inner is None else inner, rest, here)
            result.keys_at.setdefault(key, self.mark)
            result.values_at.setdefault(key, self.mark)
            return result
        value = self._entry(".".join(rest), self.value) if rest else self.value
        return self._merged(base, self._entry(key, value), above)

    def _in_list(self, base: Seq, parts: list[str], above: str) -> Seq:
        """A list with one item changed, removed by None, or, in `augment`, added."""
        part, rest = parts[0], parts[1:]
        named = _is_augment(above) and not part.isdigit()
        index = self._named(base, part, above) if named else self._numbered(base, part, above)
        items: list[tuple[Any, Mark | None]] = list(zip(base, base.items_at, strict=True))
        if self.value is None and not rest:
            if index == len(items):
                raise self._wrong(f"null removes nothing: there is no '{part}'", did_you_mean(part, map(_name, base)))
            del items[index]
        elif named:
            old = _written_out(items[index][0], bool(rest)) if index < len(items) else Map(self.mark)
            items[index : index + 1] = [(self.over(old, parts, f"{above}.{index}"), self.mark)]
        elif rest and isinstance(items[index][0], (Map, Seq)):
            items[index] = self.over(items[index][0], rest, f"{above}.{index}"), items[index][1]
        elif rest:
            raise self._wrong(f"{above}.{index} is a value, it has no '{rest[0]}'")
        elif isinstance(items[index][0], Map) and isinstance(self.value, Map) and not _is_augment(above):
            items[index] = self._merged(items[index][0], self.value, f"{above}.{index}"), items[index][1]
        else:
            items[index] = self.value, self.mark
        result = Seq(base.mark)
        for item, at in items:
            result.put(item, at)
        return result

    def _named(self, base: Seq, name: str, above: str) -> int:
        """Where the augmentation of this name stands; behind all where there is none."""
        found = [index for index, item in enumerate(base) if _name(item) == name]
        if len(found) > 1:
            message = f"'{name}' stands in the list {above} {len(found)} times"
            raise self._wrong(message, f"{above}.{found[0]} is the first")
        return found[0] if found else len(base)

    def _numbered(self, base: Seq, part: str, above: str) -> int:
        if not part.isdigit() or int(part) >= len(base):
            hint = f"there are {len(base)} items, counted from 0"
            raise self._wrong(f"'{part}' is no item of the list {above}", hint)
        return int(part)

    @staticmethod
    def _merged(base: Map, change: Map, above: str) -> Map:
        problems: list[Problem] = []
        result = merge(base, change, problems, above)
        if problems:
            raise SpecError(problems)
        return result

    def _entry(self, key: str, value: Any) -> Map:
        entry = Map(self.mark)
        entry.put(key, value, self.mark, self.mark)
        return entry

    def _wrong(self, message: str, hint: str = "") -> SpecError:
        return SpecError.single(message, path=self.path, mark=self.mark, hint=hint)


def _is_augment(path: str) -> bool:
    """Whether this is the path of a list of augmentations, a recipe's or a phase's."""
    return path.rpartition(".")[2] == "augment"


def _name(item: Any) -> Any:
    """The name in an item of `augment`."""
    return next(iter(item), None) if isinstance(item, Map) else item


def _written_out(item: Any, fields: bool) -> Map:
    """An item of `augment` as a mapping of its name; with `fields`, what a short value stands for too."""
    name = _name(item)
    value = item[name] if isinstance(item, Map) else Map()
    if fields and not isinstance(value, Map) and (kind := KINDS.get(name)) and kind.short:
        short, value = value, Map()
        value.put(kind.short, short, None, None)
    result = item.copy() if isinstance(item, Map) else Map()
    result[name] = value
    return result
