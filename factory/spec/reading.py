"""Reading YAML 1.2 core into plain values that remember where they stand in the text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from factory.errors import Mark, Problem, Source, SpecError

MAX_BYTES = 1_000_000
MAX_NESTING = 64
MAX_ALIASED = 100_000
MAX_KEPT = 20_000  # characters of a text that is kept once it has been read

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times faster where it is there
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NON_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# what may begin a number; anything else is text without trying the patterns
_NUMERIC_START = frozenset("+-.0123456789")


class Kind(NamedTuple):
    """What a text is, for messages about it: with its article, and the keys that it may begin with."""

    what: str
    keys: str


SPEC = Kind("a spec", "'name:' and 'stages:'")


class Map(dict):
    """A mapping that knows where it, its keys and their values stand."""

    __slots__ = ("keys_at", "mark", "values_at")

    def __init__(self, mark: Mark | None = None):
        super().__init__()
        self.mark = mark
        self.keys_at: dict[Any, Mark] = {}
        self.values_at: dict[Any, Mark] = {}

    def put(self, key: Any, value: Any, key_at: Mark | None, value_at: Mark | None) -> None:
        self[key] = value
        if key_at is not None:
            self.keys_at[key] = key_at
        if value_at is not None:
            self.values_at[key] = value_at

    def take(self, key: Any, other: Map) -> None:
        """Copies one entry of another mapping, with where it stands."""
        self.put(key, other[key], other.keys_at.get(key), other.values_at.get(key))

    def remove(self, key: Any) -> None:
        for table in (self, self.keys_at, self.values_at):
            table.pop(key, None)

    def copy(self) -> Map:
        new = Map(self.mark)
        new.update(self)
        new.keys_at, new.values_at = dict(self.keys_at), dict(self.values_at)
        return new


class Seq(list):
    """A list that knows where it and its items stand."""

    __slots__ = ("items_at", "mark")

    def __init__(self, mark: Mark | None = None):
        super().__init__()
        self.mark = mark
        self.items_at: list[Mark | None] = []

    def put(self, value: Any, at: Mark | None) -> None:
        self.append(value)
        self.items_at.append(at)

    @classmethod
    def of(cls, value: Any, at: Mark | None) -> Seq:
        """A list of one item."""
        new = cls(at)
        new.put(value, at)
        return new


def read_file(path: Path, shown: str | None = None, kind: Kind = SPEC) -> Map:
    """The mapping in a YAML file. Raises SpecError for a missing, too large or broken file."""
    name = shown or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpecError.single(f"{name}: larger than {MAX_BYTES:,} bytes, the limit of {kind.what}")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError.single(f"{name}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise SpecError.single(f"{name}: {error.strerror or error}") from None
    return read_text(text, name, kind)


def read_text(text: str, name: str, kind: Kind = SPEC) -> Map:
    """The mapping in a YAML text. It may be given to others too: copy it before changing it."""
    return _read_again(text, name, kind) if len(text) <= MAX_KEPT else _read(text, name, kind)


def _read(text: str, name: str, kind: Kind) -> Map:
    source = Source(name, text)
    value = _Reader(source, text, kind).document()
    if not isinstance(value, Map):
        hint = f"it must begin with keys such as {kind.keys}"
        raise SpecError.single(f"{kind.what} is a mapping", mark=Mark(source, 0, 0), hint=hint)
    return value


_read_again = lru_cache(maxsize=64)(_read)  # parents are read for each of their children


def read_value(text: str, source: Source) -> Any:
    """The value in a YAML text, as on the command line."""
    return _Reader(source, text, SPEC).document()


class _Reader:
    """Walks the parser's events once, building values and collecting mistakes."""

    def __init__(self, source: Source, text: str, kind: Kind):
        self.source, self.text, self.kind = source, text, kind
        self.events: Iterator[Any] = iter(())
        self.anchors: dict[str, tuple[Any, int, Mark]] = {}
        self.aliased = 0
        self.problems: list[Problem] = []

    def document(self) -> Any:
        value: Any = None
        try:
            # what yaml.parse does, without its generator: half the time of reading
            self.events = iter(_LOADER(self.text).get_event, None)
            for event in self.events:
                if isinstance(event, yaml.DocumentStartEvent):
                    if value is not None:
                        self.fail(
                            "a second document begins here", event, f"{self.kind.what} is one document: remove the ---"
                        )
                        break
                elif isinstance(event, yaml.NodeEvent):
                    value = self.value(event, 1)[0]
        except yaml.YAMLError as error:
            self.problems.append(self.syntax(error))
        except RecursionError:
            self.problems.append(Problem("", f"nested deeper than {MAX_NESTING} levels", Mark(self.source, 0, 0)))
        if self.problems:
            raise SpecError(self.problems)
        return value

    def mark(self, event: Any) -> Mark:
        return Mark(self.source, event.start_mark.line, event.start_mark.column)

    def fail(self, message: str, event: Any, hint: str = "") -> None:
        length = event.end_mark.column - event.start_mark.column if event.end_mark.line == event.start_mark.line else 1
        self.problems.append(Problem("", message, self.mark(event), hint, max(1, length)))

    def syntax(self, error: yaml.YAMLError) -> Problem:
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
            mark = Mark(self.source, error.problem_mark.line, error.problem_mark.column)
            begun = f" that begins in line {error.context_mark.line + 1}" if error.context_mark else ""
            return Problem("", f"not YAML: {error.problem}", mark, error.context + begun if error.context else "")
        return Problem("", f"not YAML: {error}".split("\n")[0], Mark(self.source, 0, 0))

    def value(self, event: Any, depth: int) -> tuple[Any, Mark, int]:
        """The value that begins with this event, where it stands, and its number of nodes."""
        at = Mark(self.source, event.start_mark.line, event.start_mark.column)
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self.alias(event, at)
        if depth > MAX_NESTING:
            self.fail(f"nested deeper than {MAX_NESTING} levels", event)
            raise SpecError(self.problems)
        if event.tag is not None and event.tag != "!":
            self.fail(f"tag {event.tag} is not allowed", event, f"{self.kind.what} is plain data: remove the tag")
        if kind is yaml.ScalarEvent:
            value, size = self.scalar(event), 1
        elif kind is yaml.MappingStartEvent:
            value, size = self.mapping(at, depth)
        else:
            value, size = self.sequence(at, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = value, size, at
        return value, at, size

    def scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:  # quoted or block style: text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text[0] in _NUMERIC_START:
            if _INT.fullmatch(text):
                if len(text) > 25:
                    self.fail("a number of more than 25 digits", event)
                    return 0
                return int(text, 0) if text[1:2] in ("o", "x") else int(text)
            if _FLOAT.fullmatch(text):
                number = float(text)
                if math.isfinite(number):
                    return number
                self.fail(f"{text} is not a finite number", event, "numbers must be finite")
            elif _NON_FINITE.fullmatch(text):
                self.fail(f"{text} is not a finite number", event, "numbers must be finite")
        elif text.startswith("$(") and text.count("(") > text.count(")"):
            # `{filters: $(max(8, x)), kernel: 1}` would parse as two keys
            self.fail(
                f"expression {text} is cut off by its comma", event, 'put the whole expression in quotes: "$(...)"'
            )
        return text

    def mapping(self, at: Mark, depth: int) -> tuple[Map, int]:
        result, total = Map(at), 1
        for event in self.events:
            if type(event) is yaml.MappingEndEvent:
                break
            broken = len(self.problems)
            key, key_at, _ = self.value(event, depth + 1)
            value, value_at, size = self.value(next(self.events), depth + 1)
            total += size + 1
            if len(self.problems) > broken and not isinstance(key, str):
                continue
            if isinstance(key, (Map, Seq)):
                self.fail("a key must be a name", event, "quote the braces, or remove the '?'")
            elif key in result:
                first = result.keys_at[key].line + 1
                self.fail(f"key '{key}' is given twice", event, f"first given in line {first}")
            elif key is None and value is None:
                self.fail("an empty key", event)
            else:
                result.put(key, value, key_at, value_at)
        return result, total

    def sequence(self, at: Mark, depth: int) -> tuple[Seq, int]:
        result, total = Seq(at), 1
        for event in self.events:
            if type(event) is yaml.SequenceEndEvent:
                break
            value, item_at, size = self.value(event, depth + 1)
            result.put(value, item_at)
            total += size
        return result, total

    def alias(self, event: Any, at: Mark) -> tuple[Any, Mark, int]:
        if event.anchor not in self.anchors:
            self.fail(
                f"alias *{event.anchor} has no anchor before it", event, f"write &{event.anchor} at the value first"
            )
            return None, at, 1
        value, size, anchor = self.anchors[event.anchor]
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            self.fail(f"aliases expand to more than {MAX_ALIASED:,} values", event)
            raise SpecError(self.problems)
        note = f"used through alias *{event.anchor} at {at} (anchor at {anchor})"
        return _noted(value, note), Mark(at.source, at.line, at.column, note), size


def _noted(value: Any, note: str) -> Any:
    """A copy of an anchored value whose marks say through which alias it is used."""

    def noted(mark: Mark | None) -> Mark | None:
        return Mark(mark.source, mark.line, mark.column, note) if mark else None

    if isinstance(value, Map):
        result = Map(noted(value.mark))
        for key, item in value.items():
            result.put(key, _noted(item, note), noted(value.keys_at.get(key)), noted(value.values_at.get(key)))
        return result
    if isinstance(value, Seq):
        items = Seq(noted(value.mark))
        for item, mark in zip(value, value.items_at, strict=True):
            items.put(_noted(item, note), noted(mark))
        return items
    return value


def from_python(value: Any, source: Source, kind: Kind = SPEC, depth: int = 1) -> Any:
    """Plain Python mappings and lists as values with places (their source has no lines)."""
    mark = Mark(source, 0, 0)
    if depth > MAX_NESTING:
        raise SpecError.single(f"nested deeper than {MAX_NESTING} levels", mark=mark)
    if isinstance(value, Map | Seq):
        return value
    if isinstance(value, dict):
        result = Map(mark)
        for key, item in value.items():
            result.put(key, from_python(item, source, kind, depth + 1), mark, mark)
        return result
    if isinstance(value, (list, tuple)):
        items = Seq(mark)
        for item in value:
            items.put(from_python(item, source, kind, depth + 1), mark)
        return items
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):  # a NumPy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError.single(f"{value} is not a finite number", mark=mark)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise SpecError.single(f"{kind.what} holds plain data, received {type(value).__name__}", mark=mark)
