"""Paths of a space that stand for several: patterns, the items of a list, the entries of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from factory.blocks.values import Invalid, show
from factory.errors import did_you_mean
from factory.spec.reading import Map, Seq

NOTHING = object()
"""What is where nothing is: null is a value."""


def is_pattern(path: str) -> bool:
    """Whether a path stands for several."""
    return any(sign in path for sign in "*?[")


def paths_like(document: Map, pattern: str) -> list[str]:
    """The paths that a pattern stands for, `stages.s[1-7].kernel`, in the order of the document.

    In a key, or the number of an item, `*` stands for any part, `?` for one character, `[1-7]` for one of these. What
    follows the last of them need not be there. Raises Invalid where nothing fits.
    """
    parts = pattern.split(".")
    last = max((index for index, part in enumerate(parts) if is_pattern(part)), default=-1)
    found: list[tuple[list[str], Any]] = [([], document)]
    for part in parts[: last + 1]:
        before, found = found, []
        for path, value in before:
            found += [([*path, key], inner) for key, inner in _children(value) if fnmatchcase(key, part)]
        if not found:
            keys = {key for _, value in before for key, _ in _children(value)}
            raise Invalid(f"nothing in the spec is called '{part}' there", did_you_mean(part, keys))
    return [".".join([*path, *parts[last + 1 :]]) for path, _ in found]


def items_of(document: Map, path: str, numbers: Sequence[int] | None) -> list[str]:
    """The paths of the items of the list at a path, all or those of these numbers. Raises Invalid for no list."""
    value = value_at(document, path)
    if not isinstance(value, Seq):
        raise Invalid(_received("each needs a list", path, value))
    if wrong := [number for number in numbers or () if number >= len(value)]:
        loc = ("items", list(numbers or ()).index(wrong[0]))
        raise Invalid(f"there is no item {wrong[0]}: {path} has {len(value)}, counted from 0", loc=loc)
    return [f"{path}.{number}" for number in (range(len(value)) if numbers is None else numbers)]


def edges_of(document: Map, path: str) -> list[str]:
    """The paths of the entries above the diagonal of the matrix at a path. Raises Invalid for no square matrix."""
    value = value_at(document, path)
    size = len(value) if isinstance(value, Seq) else 0
    if size < 2 or not all(isinstance(row, Seq) and len(row) == size for row in value):
        raise Invalid(_received("edges need a square matrix", path, value))
    return [f"{path}.{row}.{column}" for row in range(size) for column in range(row + 1, size)]


def _received(needs: str, path: str, value: Any) -> str:
    there = "nothing is" if value is NOTHING else f"{show(value)} is"
    return f"{needs}, but {there} at {path} in the spec"


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Map):
        return [(str(key), inner) for key, inner in value.items()]
    return [(str(index), item) for index, item in enumerate(value)] if isinstance(value, Seq) else []


def value_at(document: Map, path: str) -> Any:
    """The value at a path of a document, items of lists by their number; NOTHING where there is none."""
    value: Any = document
    for part in path.split("."):
        value = dict(_children(value)).get(part, NOTHING)
    return value
