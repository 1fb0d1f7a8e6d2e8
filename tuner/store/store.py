"""The store of a sweep: what its driver tells it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tuner.store import lock
from tuner.store.database import telling
from tuner.store.mending import file
from tuner.store.opening import open_to_drive, open_to_read
from tuner.store.questions import Questions
from tuner.store.record import SCORED, Status, TrialRecord
from tuner.store.rows import STATE, put_epochs, put_fact, put_trial


class Store(Questions):
    """DIR/sweep.db, DIR/trials/NNNN/, and DIR/sweep.yaml, the file of the sweep as it was.

    Every method is one transaction: it has happened or it has not, whenever a process is killed. Threads may share a
    store. One process writes, the driver; any number may read meanwhile. All methods raise FactoryError where the disk
    is full or may not be written: the store is intact then.
    """

    @classmethod
    def create_or_open(cls, directory: Path, identity: Mapping[str, Any], text: str) -> Store:
        """For a driver, which takes `driver_lock` next. Damaged rows and files are mended; `repairs` says which.

        identity: plain JSON, all that has to stay the same for trials to be comparable. text: the file of the sweep,
        which may change in other ways. Raises FactoryError where the directory holds something else, or trials of
        another identity (it says what differs), or has a driver.
        """
        directory = Path(directory)
        database, found = open_to_drive(directory, identity, text)
        store = cls(directory, database)
        store._found = found
        return store

    @classmethod
    def open(cls, directory: Path) -> Store:
        """For those who read, while a driver writes or not, and may ask it to stop. Raises FactoryError."""
        directory = Path(directory)
        return cls(directory, *open_to_read(directory))

    # ---- one driver

    @contextmanager
    def driver_lock(self) -> Iterator[None]:
        """Nobody else drives meanwhile. An earlier wish that the driver stop is forgotten.

        Raises FactoryError with the process and the machine of who drives.
        """
        with lock.locked(self.directory):
            with telling(self.directory):
                (self.directory / lock.STOP).unlink(missing_ok=True)
            yield

    def driver(self) -> dict[str, Any] | None:
        """Who drives now: pid, host, since (UTC); None where nobody does."""
        return lock.driver(self.directory)

    def request_stop(self) -> None:
        """Asks the driver to stop."""
        with telling(self.directory):
            (self.directory / lock.STOP).touch()

    def stop_requested(self) -> bool:
        """Whether somebody has asked the driver to stop since it began."""
        return (self.directory / lock.STOP).exists()

    # ---- what a driver tells

    def add(self, record: TrialRecord, state: Mapping[str, Any] | None = None) -> TrialRecord:
        """Begins a trial that was proposed; `state` is the algorithm's after the proposal, None where it is unchanged.

        Returns the record with its time. Raises ValueError where it is finished, or its number is not the next one.
        """
        if record.finished:
            raise ValueError(f"trial {record.number} is {record.status}; what is added runs")
        record = replace(record, created=record.created or lock.now())
        with self._database.writing() as connection:
            (count,) = connection.execute("SELECT coalesce(max(number) + 1, 0) FROM trials").fetchone()
            if record.number != count:
                raise ValueError(f"the next trial is {count}, not {record.number}")
            put_trial(connection, record)
            if state is not None:
                put_fact(connection, STATE, state)
        self._file(record.number)
        return record

    def start(self, number: int, worker: str, device: str = "") -> TrialRecord:
        """A worker begins a running trial, or goes on with it. Raises ValueError for one that does not run."""
        with self._database.writing() as connection:
            record = self._running(number)
            began = record.started or lock.now()
            attempts = max(record.attempts, 1)
            record = replace(record, worker=worker, device=device, started=began, attempts=attempts)
            put_trial(connection, record)
        return record

    def retry(self, number: int, error: str, *, afresh: bool = True) -> TrialRecord:
        """An attempt failed and another will follow: counts that one, and keeps the error.

        afresh: whether it begins anew, so that the curve so far is forgotten. Raises ValueError for a trial that does
        not run.
        """
        with self._database.writing() as connection:
            record = self._running(number)
            record = replace(record, attempts=max(record.attempts, 1) + 1, error=error)
            put_trial(connection, record)
            if afresh:
                connection.execute("DELETE FROM epochs WHERE number = ?", (number,))
        return record

    def epoch(self, number: int, run: int, row: Mapping[str, Any]) -> bool:
        """Metrics of an epoch of a run, in the place of an earlier row of the same `row["epoch"]`.

        Returns whether they were taken: late ones, of a trial that does not run any more, are not.
        """
        with self._database.writing() as connection:
            running = connection.execute(
                "SELECT 1 FROM trials WHERE number = ? AND status = ?", (number, str(Status.RUNNING))
            ).fetchone()
            if running:
                put_epochs(connection, number, [(run, row)])
        return bool(running)

    def finish(
        self,
        number: int,
        status: str,
        *,
        scores: Sequence[float] | None = None,
        values: Mapping[str, float] | None = None,
        result: Mapping[str, Any] | None = None,
        error: str = "",
        seconds: float | None = None,
        copied_from: int | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> TrialRecord:
        """What came of a trial; `state` is the algorithm's after it has learned of it, None where it is unchanged.

        error: "" keeps that of the last attempt. Raises ValueError for a trial that does not run; for scores that are
        missing, not finite, or those of a failure: nothing of the kind can ever be the best.
        """
        status = Status(status)
        _check(status, scores)
        with self._database.writing() as connection:
            record = self._running(number)
            record = replace(
                record,
                status=status,
                scores=None if scores is None else tuple(map(float, scores)),
                values=dict(values or {}),
                result=dict(result or {}),
                error=error or record.error,
                seconds=seconds,
                copied_from=copied_from,
                ended=lock.now(),
            )
            put_trial(connection, record)
            if state is not None:
                put_fact(connection, STATE, state)
        self._file(number, state)
        return record

    # ---- inside

    def _running(self, number: int) -> TrialRecord:
        record = next(iter(self._trials("WHERE number = ?", number)), None)
        if record is None or record.finished:
            raise ValueError(f"trial {number} {f'is {record.status}' if record else 'does not exist'}; it does not run")
        return record

    def _file(self, number: int, state: Mapping[str, Any] | None = None) -> None:
        """Files what was committed. The next opening does what a kill in between has prevented."""
        with telling(self.directory):
            file(self._database, self._files, number)
            if state is not None:
                self._files.write_state(state)


def _check(status: Status, scores: Sequence[float] | None) -> None:
    """Raises ValueError for scores that do not go with a status."""
    if status == Status.RUNNING:
        raise ValueError("a trial that has finished does not run")
    if status in SCORED and not (scores and all(map(math.isfinite, scores))):
        raise ValueError(f"a trial that is {status} has finite scores, not {scores}")
    if status not in SCORED and scores is not None:
        raise ValueError(f"a trial that is {status} has no scores, received {scores}")
