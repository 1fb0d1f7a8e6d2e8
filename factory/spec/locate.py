"""Where in the text a part of a call's parameter stands."""

from __future__ import annotations

from typing import Any

from factory.errors import Mark
from factory.spec.calls import Call
from factory.spec.problems import length_of
from factory.spec.reading import Map, Seq

Place = tuple[str, Mark | None, int]
"""Path, mark, and how many characters to underline."""


def locate(document: Map, call: Call, loc: tuple[str | int, ...]) -> Place:
    """The place of a parameter of a call, or of a part of it, as far as the text has it.

    The parameter stands in the call, in what its first or last repeat changes, or among the defaults of its block.
    """
    assert call.block is not None
    raw = _at(document, call.path)
    owners = [(raw, call.path)]
    if isinstance(raw, Map):
        owners += [(raw.get(key), f"{call.path}.{key}") for key in ("first", "last")]
    owners.append((_at(document, f"defaults.{call.block.name}"), f"defaults.{call.block.name}"))
    for owner, path in owners:
        if isinstance(owner, Map) and loc and loc[0] in owner:
            return _inside(owner, path, call.mark, loc)
    return call.path, call.mark, max(1, len(call.name))


def _at(document: Map, path: str) -> Any:
    """The value at a path of calls; branches in a list are b1, b2, ... in paths. None where there is none."""
    value: Any = document
    for part in path.split("."):
        if isinstance(value, Map):
            value = value.get(part)
        elif isinstance(value, Seq):
            index = int(part) if part.isdigit() else int(part[1:]) - 1 if part[1:].isdigit() else -1
            value = value[index] if 0 <= index < len(value) else None
        else:
            return None
    return value


def _inside(value: Any, path: str, mark: Mark | None, loc: tuple[str | int, ...]) -> Place:
    for part in loc:
        if isinstance(value, Map) and part in value:
            value, mark = value[part], value.values_at.get(part, mark)
        elif isinstance(value, Seq) and isinstance(part, int) and part < len(value):
            value, mark = value[part], value.items_at[part] or mark
        else:
            break
        path = f"{path}.{part}"
    return path, mark, length_of(value)
