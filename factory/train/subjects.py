"""Trained networks to be looked at: .keras files, runs and the data that they learned from. Knows no TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from factory.errors import FactoryError
from factory.models.archive import check_model_path
from factory.train.compare import read_run, short_names
from factory.train.run import MODEL, RUN


@dataclass(frozen=True)
class Subject:
    """A network in a .keras file.

    `data` is what its run learned from, None without a run; `resize` and `corrupt` say how that was read.
    """

    name: str
    file: Path
    data: str | None = None
    resize: Literal["stretch", "crop", "pad"] = "stretch"
    corrupt: float = 0.01


def find_subjects(paths: Sequence[str | Path]) -> list[Subject]:
    """The networks in these .keras files and run folders.

    Raises FactoryError for what is neither, for a run that is not finished, and for a SavedModel, whose layers cannot
    be read.
    """
    return [_subject(Path(path), name) for path, name in zip(paths, short_names(paths), strict=True)]


def _subject(path: Path, name: str) -> Subject:
    if path.suffix == ".keras" and not path.is_dir():
        check_model_path(path)
        return Subject(name, path)
    if path.is_dir() and not (path / RUN).exists() and (path / "saved_model.pb").exists():
        raise FactoryError(f"{path}: a SavedModel hides its layers; expected a .keras file or the folder of a run")
    run = read_run(path, name)
    if not (path / MODEL).exists():
        raise FactoryError(f"{path}: this run is {run.state}, it has no {MODEL} yet")
    check_model_path(path / MODEL)
    reading = run.settings["recipe"].get("data", {})
    given = {key: reading[key] for key in ("resize", "corrupt") if key in reading}
    return Subject(name, path / MODEL, run.settings["data"], **given)


def common_data(subjects: Sequence[Subject]) -> str:
    """The data that all of them learned from. Raises FactoryError where they differ, or no run says which."""
    known = {subject.data: subject.name for subject in reversed(subjects) if subject.data is not None}
    if not known:
        raise FactoryError("a .keras file does not say on which data it was trained: give --data")
    if len(known) > 1:
        listed = ", ".join(f"{name} on {data}" for data, name in reversed(known.items()))
        raise FactoryError(f"these networks were trained on different data ({listed}): choose one with --data")
    return next(iter(known))
