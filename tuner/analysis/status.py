"""The state of a sweep, as its directory tells it: how far it is, what runs, how long it still takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from factory.errors import FactoryError
from factory.spec.reading import read_text
from tuner.store import FINISHED, Quarantined, Status, Store, TrialRecord


@dataclass(frozen=True)
class State:
    """A sweep as it stands.

    name, algorithm, trials, workers: as in the sweep file of the directory; trials is the budget. driver: who drives
    now, with pid, host and since; None where nobody does. running: trials in progress with the row of the last epoch.
    seconds: of all trials together. seconds_left: an estimate, None before a trial has been trained.
    """

    name: str
    algorithm: str
    trials: int
    workers: int
    driver: Mapping[str, Any] | None
    stopping: bool
    records: Sequence[TrialRecord]
    running: Sequence[tuple[TrialRecord, Mapping[str, Any] | None]]
    quarantined: Sequence[Quarantined]

    @property
    def counts(self) -> Counter[Status]:
        """How many trials there are of each status."""
        return Counter(record.status for record in self.records)

    @property
    def done(self) -> int:
        """Trials that are finished, whatever came of them."""
        return sum(number for status, number in self.counts.items() if status in FINISHED)

    @property
    def seconds(self) -> float:
        return sum(record.seconds or 0.0 for record in self.records)

    @property
    def seconds_left(self) -> float | None:
        """With the workers of the file, or as many as there are trials that run: the command may have said more."""
        return seconds_left(self.records, self.trials, max(self.workers, len(self.running)))


def read_state(store: Store) -> State:
    """What the directory says, driven or not. Raises FactoryError for a sweep.yaml that cannot be read."""
    path = store.directory / "sweep.yaml"
    try:
        file: Mapping[str, Any] = read_text(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise FactoryError(f"{path}: cannot be read: {error}") from None
    records = store.trials()
    return State(
        name=str(file.get("sweep", store.directory.name)),
        algorithm=_name(file.get("algorithm", "random")),
        trials=_whole(file.get("budget"), "trials", 100),
        workers=_whole(file, "workers", 1),
        driver=store.driver(),
        stopping=store.stop_requested(),
        records=records,
        running=[(one, _last(store.curve(one.number))) for one in records if one.status is Status.RUNNING],
        quarantined=store.quarantined(),
    )


def seconds_left(records: Iterable[TrialRecord], trials: int, workers: int) -> float | None:
    """The time that is left: the median time of the trials that were trained, for all that are not done, by workers.

    Copies took no time and do not count, nor do failures, which end early or late. None where nothing was trained yet.
    """
    found = list(records)
    trained = [one.seconds for one in found if one.status in (Status.COMPLETED, Status.STOPPED) and one.seconds]
    if not trained:
        return None
    left = max(trials - sum(one.status in FINISHED for one in found), 0)
    return left * median(trained) / workers


def _last(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return rows[-1] if rows else None


def _name(algorithm: Any) -> str:
    return str(algorithm.get("name", "") if isinstance(algorithm, Mapping) else algorithm)


def _whole(section: Any, key: str, default: int) -> int:
    value = section.get(key) if isinstance(section, Mapping) else None
    return value if isinstance(value, int) else default
