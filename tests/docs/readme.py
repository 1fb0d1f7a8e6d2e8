"""The commands shown in README.md and what they print; `python tests/docs/readme.py` writes the outputs anew."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PROMPT = "    $ factory "

MY_NET = """\
extends: efficientnet_b0
name: my_net
stages:
  s3: {kernal: 7}
  s6: {block: fused_mbconvv, expand: 4}
scale: {width: wide}
"""


@dataclass(frozen=True)
class Shown:
    """A command and the output that the page shows; first and last line of that output, counted from 0."""

    command: str
    output: str
    begin: int
    end: int

    @property
    def static(self) -> bool:
        return self.command.split()[0] not in ("build", "predict")


def shown_commands() -> list[Shown]:
    """Every `$ factory ...` of the page with the indented lines behind it."""
    lines = README.read_text(encoding="utf-8").splitlines()
    found = []
    for number, line in enumerate(lines):
        if line.startswith(PROMPT):
            end = number + 1
            while end < len(lines) and (lines[end].startswith("    ") or (not lines[end] and _goes_on(lines, end))):
                end += 1
            output = "\n".join(text[4:] for text in lines[number + 1 : end])
            found.append(Shown(line.removeprefix(PROMPT), output, number + 1, end))
    return found


def _goes_on(lines: list[str], number: int) -> bool:
    following = lines[number + 1] if number + 1 < len(lines) else ""
    return following.startswith("    ") and not following.startswith(PROMPT)


def run(command: str, folder: Path) -> str:
    """What the command prints, errors included, in a folder that holds my_net.yaml with its mistakes."""
    (folder / "my_net.yaml").write_text(MY_NET, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "factory", *shlex.split(command)], cwd=folder, capture_output=True, text=True
    )
    return re.sub(r"[ \t]+$", "", result.stdout + result.stderr, flags=re.MULTILINE).strip("\n")


def main() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "examples").symlink_to(ROOT / "examples")
        outputs = [(shown, run(shown.command, folder)) for shown in shown_commands()]
    for shown, output in reversed(outputs):
        lines[shown.begin : shown.end] = [f"    {line}".rstrip() for line in output.splitlines()]
    README.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
