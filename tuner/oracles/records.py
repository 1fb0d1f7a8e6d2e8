"""Trials and the state of an oracle as files: written whole, standard JSON; damaged ones are set aside, not fatal."""

from __future__ import annotations

import re
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keras_tuner.engine.trial import Trial

from factory.errors import FactoryError
from factory.files import write_whole
from tuner.algorithms.algorithm import Proposal, Result
from tuner.store.plain import dumps, loads

STATE = "oracle.json"


@dataclass
class Record:
    """A trial of KerasTuner's with what KerasTuner does not keep.

    proposal: what it came from, `continues` and `inherits` as the identities of trials. attempts: runs that ended.
    ended: its place in the order of ends, None until it has ended for good; result: what came of it then.
    number: which trial of the algorithm it is; the identity, too, unless records of trials before it were lost.
    """

    trial: Trial
    proposal: Proposal
    attempts: int = 0
    ended: int | None = None
    result: Result | None = None
    number: int = -1

    @property
    def identity(self) -> int:
        """The number in its name, which no other trial of the directory ever has."""
        return int(self.trial.trial_id)


def write_record(project: Path, record: Record) -> None:
    """Puts a trial into its file, in KerasTuner's own form with a few more keys."""
    directory = project / f"trial_{record.trial.trial_id}"
    directory.mkdir(parents=True, exist_ok=True)
    ours = {"proposal": asdict(record.proposal), "attempts": record.attempts, "ended": record.ended}
    write_whole(directory / "trial.json", dumps({**record.trial.get_state(), **ours}))


def read_records(project: Path) -> tuple[list[Record], int]:
    """The trials of a project in order, and the number of the next one, which no trial ever had.

    A damaged file is set aside, with a warning. Raises FactoryError where another oracle searched here.
    """
    records, numbers = [], [-1]
    for directory in project.glob("trial_*"):
        file = directory / "trial.json"
        if number := re.fullmatch(r"trial_(\d+)", directory.name):
            numbers.append(int(number.group(1)))
        if file.exists() and (state := _read(file)) is not None:
            try:
                records.append(_record(project, state))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                _set_aside(file, f"{type(error).__name__}: {error}")
    return sorted(records, key=lambda record: record.identity), max(numbers) + 1


def read_state(project: Path) -> dict[str, Any]:
    """The state that an oracle wrote; empty where there is none, or a damaged one, which is set aside."""
    file = project / STATE
    return (_read(file) or {}) if file.exists() else {}


def set_damaged_aside(project: Path) -> None:
    """Sets aside what cannot be read among the files that KerasTuner itself reads before it asks the oracle."""
    for file in project.glob("*.json"):
        if file.name != STATE:
            _read(file)


def _record(project: Path, state: dict[str, Any]) -> Record:
    if "proposal" not in state:
        raise FactoryError(
            f"{project}: holds the trials of another oracle, which this one cannot go on with\n"
            "    give it another directory or project_name, or overwrite=True"
        )
    return Record(Trial.from_state(state), Proposal(**state["proposal"]), state["attempts"], state["ended"])


def _read(file: Path) -> dict[str, Any] | None:
    """A mapping of JSON; None where the file is damaged, which it is set aside for."""
    try:
        content = loads(file.read_text(encoding="utf-8"))
    except ValueError as error:  # UnicodeDecodeError is one
        _set_aside(file, str(error))
        return None
    if isinstance(content, dict):
        return content
    _set_aside(file, f"expected a mapping, received {type(content).__name__}")
    return None


def _set_aside(file: Path, reason: str) -> None:
    taken = len(list(file.parent.glob(f"{file.name}.damaged*")))
    aside = file.with_name(f"{file.name}.damaged" + (f"-{taken + 1}" if taken else ""))
    file.rename(aside)
    warnings.warn(f"{file} is damaged ({reason}); it is kept as {aside.name}, the search goes on without", stacklevel=2)
