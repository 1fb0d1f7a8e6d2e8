"""Finished runs by hand: folders with a network in them that says something of each image, if nothing true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
from run_folders import SPEC, result, write_run

import factory
from factory.models.build import build
from factory.models.compare import perturb
from factory.models.save import save
from factory.spec.render import render

DIGITS = [str(digit) for digit in range(10)]


def finished_run(
    folder: Path, seed: int = 0, *, spec: dict[str, Any] | None = None, classes: list[str] | None = None, **facts: Any
) -> tuple[Path, keras.Model]:
    """A finished run on digits, and its network; `spec` overrides the one of run_folders, `facts` are write_run's."""
    write_run(folder, spec=spec, result=result(), **facts)
    loaded = factory.load(SPEC)
    loaded = loaded.override(spec) if spec else loaded
    model = build(loaded, seed=seed)
    perturb(model, seed)
    save(model, folder, "model", ["keras"], render(loaded), DIGITS if classes is None else classes)
    return folder, model
