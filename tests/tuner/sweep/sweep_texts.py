"""Sweeps as texts, for tests: read without a file, so that mistakes stand in s.yaml."""

from __future__ import annotations

import pytest

from factory import SpecError
from factory.spec.reading import read_text
from tuner.sweep.compiling import compile_sweep
from tuner.sweep.reading import SWEEP
from tuner.sweep.sweep import Sweep

TINY = (
    "{name: tiny, input: {resolution: 8, channels: 1}, classes: 10, stages: {a: {block: conv, filters: 4, kernel: 3}, "
    "b: {block: conv, filters: 8, kernel: 3, stride: 2}, head: {block: classifier}}}"
)
"""A network of two convolutions with batch norm and a classifier; its costs are worked out by hand in the tests."""
SPACE = "space: {stages.a.filters: {choice: [4, 8]}}"


def sweep_of(text: str, *, spec: str = TINY, space: str = SPACE) -> Sweep:
    """The sweep of a text; spec and space go behind it where it has none, so that its lines keep their numbers."""
    ends = [line for key, line in (("spec:", f"spec: {spec}"), ("space:", space)) if f"\n{key}" not in f"\n{text}"]
    whole = "\n".join([text, *ends]) if text else "\n".join(ends)
    return compile_sweep(read_text(whole, "s.yaml", SWEEP), None, whole)


def message_of(text: str, **parts: str) -> str:
    """All that is wrong with a sweep."""
    with pytest.raises(SpecError) as caught:
        sweep_of(text, **parts)
    return str(caught.value)
