"""Specs as short texts: loading one, its operations, and the message of its first mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory import Graph, Spec, SpecError, plan
from factory.errors import Problem
from factory.spec.document import compile_spec
from factory.spec.reading import read_text

HEAD = "input: {resolution: 32}\nconventions: {norm: none, activation: linear}\n"
"""What most specs below begin with: a small image, convolutions alone."""


def spec_of(text: str, head: str = HEAD) -> Spec:
    return compile_spec(read_text(head + text, "net.yaml"), "net.yaml")


def graph_of(text: str, head: str = HEAD) -> Graph:
    return plan(spec_of(text, head))


def shapes_of(text: str, head: str = HEAD) -> list[tuple[int | None, ...]]:
    """The first output of every operation, in order."""
    return [node.outputs[0] for node in graph_of(text, head).nodes]


def channels_of(text: str, head: str = HEAD) -> list[int | None]:
    """The channels of every operation, in order."""
    return [shape[-1] for shape in shapes_of(text, head)]


def problems_of(text: str, head: str = "") -> list[Problem]:
    """The mistakes of a spec, found while loading or planning."""
    with pytest.raises(SpecError) as raised:
        graph_of(text, head)
    return raised.value.problems


def problem_of(text: str, head: str = "") -> Problem:
    problems = problems_of(text, head)
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


def write(folder: Path, **files: str) -> Path:
    """Writes NAME.yaml for each; returns the folder."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
