"""Plain data as YAML text in the style of the zoo: a line a stage, blocks and long bodies broken up."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

from factory.errors import Source, SpecError
from factory.spec.reading import read_value

WIDE = 120
_BROKEN_UP = ("stages", "blocks", "defaults")


_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the C emitter is four times faster where it is there


class _Dumper(_DUMPER):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@lru_cache(maxsize=4096)
def _is_plain_text(text: str) -> bool:
    """Whether our reader takes this text without quotes for the text itself, not for a number or a word."""
    try:
        return read_value(text, Source("")) == text
    except SpecError:
        return False


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if _is_plain_text(text) else "'" if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def write(document: dict[str, Any]) -> str:
    """The YAML text of a spec; reading it gives the document again."""
    lines: list[str] = []
    for key, value in document.items():
        if key in _BROKEN_UP:
            lines.append(f"{key}:")
            for name, item in value.items():
                lines += _entry(f"{name}: ", item, "  ")
        else:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join(lines) + "\n"


def _entry(label: str, value: Any, indent: str) -> list[str]:
    """One entry of a mapping or list: on one line where it is short or nothing in it is a call."""
    line = f"{indent}{label}{flow(value)}"
    if len(line) <= WIDE or not _has_parts(value):
        return [line]
    deeper = indent + "  "
    if isinstance(value, list):
        items = [line for item in value for line in _item(item, deeper)]
    else:
        items = [line for key, item in value.items() for line in _entry(f"{flow(key)}: ", item, deeper)]
    return [f"{indent}{label}".rstrip(), *items]


def _item(value: Any, indent: str) -> list[str]:
    """An item of a list: a mapping that is broken up begins on the line of its dash."""
    lines = _entry("- ", value, indent)
    if len(lines) == 1 or isinstance(value, list):
        return lines
    inner = [line for key, item in value.items() for line in _entry(f"{flow(key)}: ", item, indent + "  ")]
    return [f"{indent}- {inner[0].lstrip()}", *inner[1:]]


def _has_parts(value: Any) -> bool:
    """Whether a value holds calls, or is the definition of a block."""
    if isinstance(value, dict):
        return "body" in value or any(_is_call(item) or _has_parts(item) for item in value.values())
    return isinstance(value, list) and any(_is_call(item) or _has_parts(item) for item in value)


def _is_call(value: Any) -> bool:
    return isinstance(value, dict) and "block" in value


def flow(value: Any) -> str:
    """The value on one line."""
    text = yaml.dump([value], Dumper=_Dumper, default_flow_style=True, width=10**9, sort_keys=False, allow_unicode=True)
    return text.strip()[1:-1]
