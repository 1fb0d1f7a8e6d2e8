"""Running the command line: in this process where that is enough, as a process of its own where it matters."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from factory.cli.main import main

TINY = """\
name: tiny
input: {resolution: 16, preprocess: unit}
classes: 4
stages:
  stem: {block: conv, filters: 8, stride: 2}
  s1: {block: mbconv, repeats: 2, filters: 8}
  head: {block: classifier}
"""


@dataclass
class Result:
    code: int
    out: str
    err: str


def process(*arguments: str | Path, cwd: Path | None = None) -> Result:
    """`python -m factory ...` with its output in pipes."""
    command = [sys.executable, "-m", "factory", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    return Result(done.returncode, done.stdout, done.stderr)


class Command:
    """The command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]):
        self.capsys = capsys

    def __call__(self, *arguments: str | Path) -> Result:
        code = main([str(argument) for argument in arguments])
        return Result(code, *self.capsys.readouterr())
