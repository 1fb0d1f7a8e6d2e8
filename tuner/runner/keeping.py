"""Which trials keep their weights: the best few; records, metrics and TensorBoard's files of all stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from tuner.analysis.ranking import objectives, pareto_front, scored
from tuner.store import Status, Store, TrialRecord

CHECKPOINTS, MODEL = "checkpoints", "model.keras"
BIG = (CHECKPOINTS, MODEL)


class Keeper:
    """Deletes the big files of trials that are no longer among the best.

    keep: how many of the best stay; with several objectives the whole front stays. epochs: of a full trial. Those that
    were paused before keep their checkpoints until `close`, since an algorithm may go on with any of them. parents: the
    trials whose weights others may inherit, which keep their model, also for a larger budget.
    """

    def __init__(self, store: Store, keep: int, epochs: int, parents: Callable[[], set[int]] = set):
        self.store, self.keep, self.epochs, self.parents = store, keep, epochs, parents
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
        parents = self.parents()
        for number in [number for number in self.heavy if number not in kept]:
            if number in parents:
                _delete(self.store.folder(number), (CHECKPOINTS,))
            else:
                _delete(self.store.folder(number), BIG)
                del self.heavy[number]

    def _paused(self, record: TrialRecord) -> bool:
        shorter = record.epochs is not None and record.epochs < self.epochs
        return record.status is Status.COMPLETED and shorter and record.inherits is None

    def _best(self) -> set[int]:
        found = scored(self.heavy.values())
        if objectives(found) > 1:
            return {record.number for record in pareto_front(found)}
        found.sort(key=lambda record: (-(record.scores or (0.0,))[0], record.number))
        return {record.number for record in found[: self.keep]}


def has_weights(store: Store, number: int) -> bool:
    """Whether the trained networks of a trial are there."""
    return bool(_big(store.folder(number), (MODEL,)))


def _big(folder: Path, names: Iterable[str] = BIG) -> list[Path]:
    return [path for name in names for path in folder.glob(f"run-*/{name}")]


def _delete(folder: Path, names: Iterable[str]) -> None:
    for path in _big(folder, names):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
