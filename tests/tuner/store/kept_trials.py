"""Stores of made-up trials for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tuner.store import Store, TrialRecord

IDENTITY = {"spec": "name: a\nclasses: 10\n", "space": {"width": [1, 2, 3]}, "seed": 0}
TEXT = "sweep: a\n"


def opened(directory: Path, **changes: Any) -> Store:
    """The store of a sweep, with parts of its identity changed."""
    return Store.create_or_open(directory, {**IDENTITY, **changes}, TEXT)


def proposed(number: int, **fields: Any) -> TrialRecord:
    """A trial as a driver adds it."""
    given = {"point": {"width": number % 3 + 1}, "key": f"key {number}", "spec": "name: a\n", "costs": {"macs": number}}
    return TrialRecord(number, **{**given, **fields})


def rows(*epochs: int) -> list[dict[str, Any]]:
    return [{"epoch": epoch, "step": 10 * epoch, "val_loss": 1 / epoch} for epoch in epochs]


def filled(directory: Path, finished: int, running: Iterable[int] = ()) -> list[TrialRecord]:
    """Makes a sweep of so many finished trials of two epochs each, and running ones after them; returns all."""
    with opened(directory) as store:
        for number in range(finished):
            store.add(proposed(number), {"learned": number})
            store.start(number, "w0", "cpu")
            for row in rows(1, 2):
                store.epoch(number, 0, row)
            store.finish(number, "COMPLETED", scores=[number / 100], seconds=1.5, state={"learned": number + 1})
        for number in running:
            store.add(proposed(number))
        return store.trials()
