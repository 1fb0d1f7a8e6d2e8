"""Checkpoints: named arrays and facts about the run in one file, written whole, read with the one before in reserve."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from factory.files import DAMAGED_NPZ, write_whole

KEPT = 2
"""A damaged checkpoint falls back to the one before it."""
_FACTS = "facts"


@dataclass(frozen=True)
class Checkpoint:
    """`arrays`: the variables of a run by name; `facts`: plain data, what JSON can say."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes one file, whole or not at all. Raises OSError where the disk is full."""
    facts = np.frombuffer(json.dumps(checkpoint.facts).encode(), np.uint8)
    arrays: dict[str, Any] = {_FACTS: facts, **checkpoint.arrays}
    write_whole(path, lambda file: np.savez(file, **arrays))


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file. Raises ValueError for a damaged one: every part carries a checksum."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
    except DAMAGED_NPZ as error:
        raise ValueError(f"{path}: damaged checkpoint: {error}") from error
    return Checkpoint(arrays, facts)


class Checkpoints:
    """The last checkpoints of a run, in a folder of their own."""

    def __init__(self, folder: Path, warn: Callable[[str], None]):
        self.folder, self.warn = folder, warn

    def write(self, step: int, checkpoint: Checkpoint) -> None:
        """Adds the checkpoint of a step and removes all but the last KEPT."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_checkpoint(self._path(step), checkpoint)
        for old in self._paths()[:-KEPT]:
            old.unlink(missing_ok=True)

    def last(self) -> Checkpoint | None:
        """The newest that can be read, None where there is none; warns of each that is damaged, and moves it aside."""
        for path in reversed(self._paths()):
            try:
                return read_checkpoint(path)
            except ValueError as error:
                self.warn(f"{error}; the one before it is used")
                path.rename(path.with_suffix(".damaged"))
        return None

    def newest(self) -> Path | None:
        """The file of the newest, None where there is none."""
        return next(reversed(self._paths()), None)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.npz"))

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:010}.npz"
