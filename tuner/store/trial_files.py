"""A file for each trial, and what can be read back from them: the reserve from which a lost database is rebuilt.

DIR/trials/NNNN/proposal.json stands there while a trial runs, trial.json once it is finished. Both are on the disk
before `Store.add` and `Store.finish` return. DIR/state.json is the state of the algorithm after the last result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuner.store.checked_files import read_checked, set_aside, write_checked
from tuner.store.record import TrialRecord

FOLDER, TRIAL, PROPOSAL, STATE = "trials", "trial.json", "proposal.json", "state.json"

Curve = Sequence[tuple[int, dict[str, Any]]]
"""The epochs of a trial: number of the run, row of metrics; in order."""


class TrialFiles:
    """The folders of the trials of a sweep, and the file beside them."""

    def __init__(self, directory: Path):
        self.directory, self.folder = directory, directory / FOLDER

    def __getitem__(self, number: int) -> Path:
        return self.folder / f"{number:04}"

    def numbers(self) -> list[int]:
        """Of which trials there is a folder, in order."""
        if not self.folder.is_dir():
            return []
        return sorted(int(one.name) for one in self.folder.iterdir() if one.name.isdecimal())

    def path(self, number: int, finished: bool) -> Path:
        """Where a trial is filed."""
        return self[number] / (TRIAL if finished else PROPOSAL)

    # ---- trials

    def write(self, record: TrialRecord, curve: Curve = ()) -> None:
        """Files a trial as it is now. Raises OSError."""
        path = self.path(record.number, record.finished)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_checked(path, {"record": record.plain(), "curve": [list(epoch) for epoch in curve]})
        if record.finished:
            self.path(record.number, False).unlink(missing_ok=True)

    def read(self, number: int, finished: bool) -> tuple[TrialRecord, Curve]:
        """A trial and its curve. Raises FileNotFoundError, and ValueError for a damaged file."""
        path = self.path(number, finished)
        content = read_checked(path)
        try:
            record, curve = TrialRecord.of(content["record"]), [(run, row) for run, row in content["curve"]]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path.name} holds no trial: {error!r}") from error
        if (record.number, record.finished) != (number, finished):
            raise ValueError(f"{path.name} is that of another trial: {record.number}, {record.status}")
        return record, curve if finished else self.metrics(number)

    def salvage(self, number: int, *, move: bool = False) -> tuple[TrialRecord | None, Curve, list[str]]:
        """A trial from what there is of it, None where nothing is, and what was wrong with its files.

        move: whether damaged files are renamed.
        """
        problems: list[str] = []
        for finished in (True, False):
            path = self.path(number, finished)
            try:
                return *self.read(number, finished), problems
            except FileNotFoundError:
                pass
            except ValueError as error:
                problems.append(f"{error}, set aside as {set_aside(path).name}" if move else str(error))
        return None, (), problems

    def metrics(self, number: int) -> Curve:
        """The epochs that the runs of a trial have filed themselves; a line that cannot be read ends a run's."""
        curve = []
        for path in sorted(self[number].glob("run-*/metrics.jsonl")):
            run = path.parent.name.removeprefix("run-")
            try:
                rows = [json.loads(line) for line in path.read_bytes().splitlines()]
                curve += [(int(run), row) for row in rows if int(row["epoch"]) > 0]
            except (OSError, ValueError, TypeError, KeyError):
                continue
        return curve

    # ---- the state of the algorithm

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Files a state; an empty one only in the place of another. Raises OSError."""
        path = self.directory / STATE
        if state or path.exists():
            write_checked(path, {"state": state})

    def read_state(self) -> dict[str, Any] | None:
        """The state as last filed, None where there is none that can be read."""
        try:
            return read_checked(self.directory / STATE)["state"]
        except (FileNotFoundError, ValueError, KeyError):
            return None
