"""What differs between the sweep that a directory holds and the one that it is asked to go on with."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from tuner.store.plain import dumps

SHOWN = 12
"""So many lines of differences are told."""
_WIDTH = 100


def differences(there: Any, now: Any) -> list[str]:
    """Lines of what two identities, plain JSON, do not share: `- path: value` of the one, `+ path: value` of the other.

    Texts of several lines, such as a spec, are compared line by line.
    """
    old, new = dict(_leaves("", there)), dict(_leaves("", now))
    lines: list[str] = []
    for path in dict.fromkeys([*old, *new]):
        if path in old and path in new and dumps(old[path]) == dumps(new[path]):
            continue
        before, after = old.get(path), new.get(path)
        if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
            changed = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
            lines += [f"{line[0]} {path}: {line[1:].strip()}" for line in changed if line[0] in "-+"]
            continue
        texts = [dumps(one) if path in side else None for one, side in ((before, old), (after, new))]
        begin = max(0, _first_difference(*texts) - _WIDTH // 2)
        lines += [f"{sign} {path}: {_part(text, begin)}" for sign, text in zip("-+", texts, strict=True) if text]
    return lines


def told(lines: list[str]) -> str:
    """The first of such lines, indented, and how many there are besides."""
    more = [f"... and {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    return "".join(f"    {line}\n" for line in [*lines[:SHOWN], *more])


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Everything without named parts, by path; a list of plain values is one leaf."""
    if isinstance(value, dict) and (value or not path):
        for key, one in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), one)
    elif isinstance(value, (list, tuple)) and any(isinstance(one, (dict, list, tuple)) for one in value):
        for index, one in enumerate(value):
            yield from _leaves(f"{path}[{index}]", one)
    else:
        yield path, value


def _first_difference(a: str | None, b: str | None) -> int:
    if a is None or b is None:
        return 0
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _part(text: str, begin: int) -> str:
    """Of a long text the part from `begin`."""
    if len(text) <= _WIDTH:
        return text
    end = begin + _WIDTH
    return ("..." if begin else "") + text[begin:end] + ("..." if end < len(text) else "")
