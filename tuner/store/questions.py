"""What may be asked of a store, by its driver or by anybody meanwhile."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from tuner.garbage import uncollected
from tuner.store.damage import Quarantined, as_it_was, quarantine, quarantined
from tuner.store.database import Database, telling
from tuner.store.mending import lost, mend, mend_epochs
from tuner.store.plain import loads
from tuner.store.record import Status, TrialRecord
from tuner.store.rows import EPOCHS, FACTS, STATE, TRIALS, epochs_of, is_whole, trial_of
from tuner.store.trial_files import TrialFiles


class Questions:
    """Reads the records of a sweep. A driver's moves what is damaged to the quarantine when it comes upon it.

    Others change nothing: they read what can be restored from the files, and tell of it in `quarantined` too.
    """

    def __init__(self, directory: Path, database: Database, copy: TemporaryDirectory | None = None):
        self.directory, self._database, self._copy = directory, database, copy
        self._files = TrialFiles(directory)
        self._found: list[Quarantined] = []

    def close(self) -> None:
        """Lets go of the file. Nothing has to be saved."""
        self._database.close()
        if self._copy:
            self._copy.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def folder(self, number: int) -> Path:
        """DIR/trials/NNNN."""
        return self._files[number]

    def trials(self) -> list[TrialRecord]:
        """All, in the order of their numbers."""
        return self._trials("ORDER BY number")

    def trial(self, number: int) -> TrialRecord:
        """One. Raises KeyError where there is none."""
        found = self._trials("WHERE number = ?", number)
        if not found:
            raise KeyError(number)
        return found[0]

    def interrupted(self) -> list[TrialRecord]:
        """Trials that run; before a driver has begun any, those of one that is dead. They are to go on."""
        return self._trials("WHERE status = ? ORDER BY number", str(Status.RUNNING))

    def by_key(self, key: str, epochs: int | None = None) -> TrialRecord | None:
        """The first trial trained with this key for these epochs, one that completed if there is one."""
        return next((one for one in self.trained(key) if one.epochs == epochs), None)

    def trained(self, key: str) -> list[TrialRecord]:
        """The trials trained with this key, in order, those that completed first."""
        found = self._trials("WHERE key = ? ORDER BY number", key)
        trained = [one for one in found if one.status in (Status.COMPLETED, Status.STOPPED)]
        return sorted(trained, key=lambda one: one.status != Status.COMPLETED)

    def curve(self, number: int, run: int | None = None) -> list[dict[str, Any]]:
        """The metrics of a trial's epochs in order, run by run, or of one run."""
        query = f"{EPOCHS} WHERE number = ? ORDER BY run, epoch"
        rows = self._database.rows(query, number)
        damaged = [row for row in rows if not is_whole(row)]
        if damaged and self._database.writable:
            with self._database.writing() as connection:
                mended = mend_epochs(connection, self._files, number)
                quarantine(connection, mended)
            self._found += mended
            rows = self._database.rows(query, number)
        elif damaged:
            self._report("epoch", number, "a row of its curve does not match its checksum", damaged[0])
        return [row for of_run, row in epochs_of(rows) if run in (None, of_run)]

    def state(self) -> dict[str, Any]:
        """The state of the algorithm as last told, {} where it never was."""
        rows = self._database.rows(f"{FACTS} WHERE name = ?", STATE)
        if all(map(is_whole, rows)):
            return loads(rows[0][1]) if rows else {}
        if self._database.writable:
            self._mend()
            return self.state()
        self._report("state", None, "its row does not match its checksum", rows[0])
        return self._files.read_state() or {}

    def quarantined(self) -> list[Quarantined]:
        """Everything that was ever found damaged."""
        kept = quarantined(self._database)
        return kept if self._database.writable else kept + self._found

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was found damaged since this opening, and what became of it, in words: a warning each."""
        return tuple(map(str, self._found))

    # ---- inside

    @uncollected()
    def _trials(self, condition: str, *values: object) -> list[TrialRecord]:
        rows = self._database.rows(f"{TRIALS} {condition}", *values)
        if all(map(is_whole, rows)):
            return [trial_of(row) for row in rows]
        if self._database.writable:
            self._mend()
            return self._trials(condition, *values)
        return [trial_of(row) if is_whole(row) else self._restored(row) for row in rows]

    def _restored(self, row: tuple) -> TrialRecord:
        """The trial of a damaged row, for a reader, who changes nothing."""
        record, _, problems = self._files.salvage(row[0])
        told = "; ".join(["its row does not match its checksum", *problems])
        self._report("trial", row[0], told, row)
        return record or lost(row[0], told)

    def _mend(self) -> None:
        with telling(self.directory):
            self._found += mend(self._database, self._files)

    def _report(self, what: str, number: int | None, reason: str, row: tuple) -> None:
        one = Quarantined(what, number, reason, as_it_was(row))
        if one not in self._found:
            self._found.append(one)
