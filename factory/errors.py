"""What goes wrong in a user's hands, and how it is told: position, path, expected, received, nearest match."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


class FactoryError(Exception):
    """A mistake of the user's, told in words; the command line prints it without a traceback and exits with 2."""


class ShapeError(FactoryError):
    """Tensors, parameters and sizes that do not fit each other. `values` are the numbers that the message speaks of."""

    def __init__(self, message: str, hint: str = "", values: tuple[int, ...] = ()):
        super().__init__(message)
        self.message, self.hint, self.values = message, hint, values


class Source:
    """A text that values were read from: a file, an option of the command line, a Python call."""

    __slots__ = ("lines", "name")

    def __init__(self, name: str, text: str = ""):
        self.name = name
        self.lines = text.splitlines()


class Mark:
    """A place in a source; line and column count from 0, as PyYAML's do, and are printed from 1."""

    __slots__ = ("column", "line", "note", "source")

    def __init__(self, source: Source, line: int, column: int, note: str = ""):
        self.source, self.line, self.column, self.note = source, line, column, note

    def __str__(self) -> str:
        if not self.source.lines:
            return self.source.name
        return f"{self.source.name}:{self.line + 1}:{self.column + 1}"

    def excerpt(self, length: int, label: str) -> list[str]:
        """The line of the source with carets under `length` characters and a label behind them."""
        if self.line >= len(self.source.lines):
            return [f"    {label}"] if label else []
        text = self.source.lines[self.line]
        begin = max(0, self.column - 90)  # a very long line is shown around the place
        shown = text[begin : begin + 130].replace("\t", " ")
        indent = len(shown) - len(shown.lstrip())
        carets = "^" * max(1, min(length, len(shown) - (self.column - begin)))
        return [
            "    " + shown[indent:].rstrip(),
            f"    {' ' * (self.column - begin - indent)}{carets} {label}".rstrip(),
        ]


@dataclass
class Problem:
    """One mistake: where it is, what was expected and received, and how to mend it."""

    path: str
    message: str
    mark: Mark | None = None
    hint: str = ""
    length: int = 1
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        where = f"{self.mark}: " if self.mark else ""
        path = f"{self.path}: " if self.path else ""
        lines = [f"{where}{path}{self.message}"]
        if self.mark and self.mark.source.lines:
            lines += self.mark.excerpt(self.length, self.hint)
        elif self.hint:
            lines.append(f"    {self.hint}")
        if self.mark and self.mark.note:
            lines.append(f"    {self.mark.note}")
        lines += [f"    {note}" for note in self.notes]
        return "\n".join(lines)


class SpecError(FactoryError):
    """Everything wrong with a spec, in the order of the file. `problems` holds each one's position and path."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(problems, key=_position)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def single(cls, message: str, *, path: str = "", mark: Mark | None = None, hint: str = "", length: int = 1):
        return cls([Problem(path, message, mark, hint, length)])


def _position(problem: Problem) -> tuple[str, int, int]:
    mark = problem.mark
    return (mark.source.name, mark.line, mark.column) if mark else ("", 0, 0)


def first_line(error: Exception) -> str:
    """What an exception of somebody else's says, as far as it fits into a message of ours."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name nearest to `name`, or None where nothing is near."""
    matches = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: object, known: Iterable[str], *, many: int = 12) -> str:
    """A hint for an unknown name: the nearest one, otherwise the known names when they are few."""
    names = sorted(set(map(str, known)))
    if match := nearest(name, names):
        return f"did you mean '{match}'?"
    if not names or not many:
        return ""
    shown = ", ".join(names[:many]) + (", ..." if len(names) > many else "")
    return f"known: {shown}"
