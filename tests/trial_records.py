"""Trials of a sweep by hand, as the store gives them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tuner.store import Status, Store, TrialRecord

POINT = {"stages.s1.kernel": 3, "recipe.learning_rate": 0.01}


def trial(number: int, accuracy: float | None = None, status: str = "COMPLETED", **changes: Any) -> TrialRecord:
    """A trial of 29 seconds, one a minute, that maximises accuracy; without an accuracy one without scores."""
    running = status == "RUNNING"
    fields: dict[str, Any] = {
        "number": number,
        "status": Status(status),
        "point": dict(POINT),
        "epochs": 3,
        "spec": "name: tiny\n",
        "recipe": "recipe: short\n",
        "key": f"key{number}",
        "costs": {"params": 1000 + number, "macs": 50_000},
        "worker": "w0",
        "attempts": 1,
        "created": f"2026-11-22T10:{number:02}:00+00:00",
        "started": f"2026-11-22T10:{number:02}:01+00:00",
        "ended": "" if running else f"2026-11-22T10:{number:02}:30+00:00",
        "seconds": None if running else 29.0,
        "scores": None if accuracy is None else (accuracy,),
        "values": {} if accuracy is None else {"val_accuracy": accuracy},
    }
    return TrialRecord(**{**fields, **changes})


class Kept(Store):
    """A store of given trials that writes nothing."""

    def __init__(
        self, directory: Path, records: list[TrialRecord], curves: dict[int, list[dict[str, Any]]] | None = None
    ):
        self.directory, self.records, self.curves = directory, records, curves or {}

    def trials(self) -> list[TrialRecord]:
        return self.records

    def folder(self, number: int) -> Path:
        return self.directory / "trials" / f"{number:04}"

    def curve(self, number: int, run: int | None = None) -> list[dict[str, Any]]:
        return self.curves.get(number, [])

    def driver(self) -> None:
        return None

    def stop_requested(self) -> bool:
        return False

    def quarantined(self) -> list[Any]:
        return []


def stored(directory: Path, records: list[TrialRecord], text: str = "sweep: small\nbudget: {trials: 8}\n") -> Path:
    """The directory of a sweep with these trials, as a driver that is gone has left it; times are those of now."""
    with Store.create_or_open(directory, {"spec": "tiny"}, text) as store, store.driver_lock():
        for record in records:
            store.add(replace(record, status=Status.RUNNING, scores=None, values={}, ended="", seconds=None))
            store.start(record.number, record.worker)
            if record.status is not Status.RUNNING:
                told = ("scores", "values", "result", "error", "seconds", "copied_from")
                store.finish(record.number, record.status, **{name: getattr(record, name) for name in told})
    return directory
