"""The fenced examples of a page, each with the comment before it that says how it is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_FENCE = re.compile(r"(?:<!-- (?P<note>.*?) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_SECTIONS_TAIL = "stages: {a: {block: conv, filters: 8}}\n"


@dataclass(frozen=True)
class Example:
    """One fence: its language, its text, its note `WHAT: ARGUMENT`, and where it begins."""

    kind: str
    text: str
    what: str
    argument: str
    line: int

    @property
    def id(self) -> str:
        return f"line {self.line}"

    @property
    def spec(self) -> str:
        """The text as a whole spec: stages and sections alone are completed."""
        if self.what.startswith("stages"):
            body = "".join(f"  {line}\n" for line in self.text.splitlines())
            return f"name: example\ninput: {{resolution: 64}}\nclasses: 10\nstages:\n{body}"
        if self.what.startswith("sections"):
            return self.text + _SECTIONS_TAIL
        return self.text


def examples(page: str) -> list[Example]:
    """All fences of a page of docs/, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        what, _, argument = (match["note"] or "").partition(": ")
        found.append(Example(match["kind"], match["text"], what, argument, text.count("\n", 0, match.start()) + 1))
    return found
