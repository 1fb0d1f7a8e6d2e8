"""Which trials keep their weights: the best few; records, metrics and TensorBoard's files of all stay."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from tuner.analysis.pareto import front
from tuner.store import SCORED, Status, Store, TrialRecord

BIG = ("checkpoints", "model.keras")


class Keeper:
    """Deletes the big files of trials that are no longer among the best.

    keep: how many of the best stay; with several objectives the whole front stays. epochs: of a full trial. Those that
    were paused before keep their checkpoints until `close`, since an algorithm may go on with any of them.
    """

    def __init__(self, store: Store, keep: int, epochs: int):
        self.store, self.keep, self.epochs = store, keep, epochs
        self.heavy: dict[int, TrialRecord] = {}
        """Finished trials whose big files may be there."""
        self.closed = False

    def resume(self, records: Iterable[TrialRecord]) -> None:
        """Learns of the trials of an earlier driver, and does what its end may have kept it from."""
        for record in records:
            if record.status is not Status.RUNNING and _big(self.store.folder(record.number)):
                self.heavy[record.number] = record
        self._clean()

    def finished(self, record: TrialRecord) -> None:
        """A trial has ended."""
        if record.status is not Status.COPIED:
            self.heavy[record.number] = record
            self._clean()

    def close(self) -> None:
        """The search is over: what was paused goes on no more."""
        self.closed = True
        self._clean()

    def _clean(self) -> None:
        kept = self._best()
        if not self.closed:
            kept |= {number for number, record in self.heavy.items() if self._paused(record)}
        for number in [number for number in self.heavy if number not in kept]:
            _delete(self.store.folder(number))
            del self.heavy[number]

    def _paused(self, record: TrialRecord) -> bool:
        return record.status is Status.COMPLETED and record.epochs is not None and record.epochs < self.epochs

    def _best(self) -> set[int]:
        scored = [record for record in self.heavy.values() if record.status in SCORED and record.scores]
        if scored and len(scored[0].scores or ()) > 1:
            return {scored[index].number for index in front([record.scores or () for record in scored])}
        scored.sort(key=lambda record: (-(record.scores or (0.0,))[0], record.number))
        return {record.number for record in scored[: self.keep]}


def _big(folder: Path) -> list[Path]:
    return [path for name in BIG for path in folder.glob(f"run-*/{name}")]


def _delete(folder: Path) -> None:
    for path in _big(folder):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
