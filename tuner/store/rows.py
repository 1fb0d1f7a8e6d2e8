"""Rows of the database and what they mean; each carries a checksum of all its other columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from tuner.store.plain import checksum, dumps, loads
from tuner.store.record import TrialRecord

TRIALS = "SELECT number, status, key, body, checksum FROM trials"
EPOCHS = "SELECT number, run, epoch, body, checksum FROM epochs"
FACTS = "SELECT name, body, checksum FROM facts"

IDENTITY, STATE = "identity", "state"


def is_whole(row: tuple) -> bool:
    """Whether a row is as it was written; its last column is the checksum."""
    try:
        return checksum(*row[:-1]) == row[-1]
    except (TypeError, ValueError):  # bytes, where somebody has put them
        return False


def put_trial(connection: sqlite3.Connection, record: TrialRecord) -> None:
    """Writes a trial in the place of what is there."""
    body = record.plain()
    fields = body.pop("number"), str(body.pop("status")), body.pop("key"), dumps(body)
    connection.execute("INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?)", (*fields, checksum(*fields)))


def trial_of(row: tuple) -> TrialRecord:
    """The trial of a whole row."""
    number, status, key, body, _ = row
    return TrialRecord.of({**loads(body), "number": number, "status": status, "key": key})


def put_epochs(connection: sqlite3.Connection, number: int, curve: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Writes epochs of a trial in the place of those that are there."""
    for run, row in curve:
        fields = number, run, int(row["epoch"]), dumps(row)
        connection.execute("INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?)", (*fields, checksum(*fields)))


def epochs_of(rows: Iterable[tuple]) -> list[tuple[int, dict[str, Any]]]:
    """Number of the run and metrics of the whole rows among these."""
    return [(row[1], loads(row[3])) for row in rows if is_whole(row)]


def put_fact(connection: sqlite3.Connection, name: str, value: Any) -> None:
    body = dumps(value)
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (name, body, checksum(name, body)))
