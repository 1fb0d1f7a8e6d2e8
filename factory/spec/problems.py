"""Where the mistakes of a value stand in the text that it was read from."""

from __future__ import annotations

from typing import Any

from factory.blocks.values import Invalid
from factory.errors import Mark, Problem
from factory.spec.reading import Map, Seq


def problems_in(raw: Any, error: Invalid, path: str = "", mark: Mark | None = None) -> list[Problem]:
    """A mistake somewhere inside a value, and its further ones: walks down to where each stands.

    `path` leads to the value, `mark` is where it stands; parts that have no place of their own stand there too.
    """
    value, here, at = raw, path, mark
    for depth, part in enumerate(error.loc, 1):
        here = f"{here}.{part}" if here else str(part)
        if isinstance(value, Map):
            unknown = depth == len(error.loc) and error.message.startswith(("unknown key", "unknown parameter"))
            at = (value.keys_at if unknown else value.values_at).get(part, at)
            value = part if unknown else value.get(part)
        elif isinstance(value, Seq) and isinstance(part, int) and part < len(value):
            at, value = value.items_at[part] or at, value[part]
    first = Problem(here, error.message, at, error.hint, length_of(value))
    return [first, *(problem for other in error.more for problem in problems_in(raw, other, path, mark))]


def length_of(value: Any) -> int:
    """How many characters a value takes in the text, as far as that is known: the length of its underline."""
    if value is True:
        return 4
    return len(str(value)) if isinstance(value, (str, int, float)) and value is not False else 1
