"""The quarantine: what was found damaged, as it was, for good."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from tuner.store.database import Database
from tuner.store.lock import now


@dataclass(frozen=True)
class Quarantined:
    """Something that was damaged or missing, and what became of it.

    what: "trial", "epoch", "identity", "state" or "database". number: of the trial it belongs to, if it belongs to one.
    reason: in words. content: the damaged row as it was, JSON. found: when, UTC.
    """

    what: str
    number: int | None
    reason: str
    content: str = ""
    found: str = ""

    def __str__(self) -> str:
        where = self.what if self.number is None else f"{self.what} {self.number}"
        return f"{where}: {self.reason}"


def quarantine(connection: sqlite3.Connection, found: Iterable[Quarantined]) -> None:
    """Keeps what was found."""
    for one in found:
        connection.execute("INSERT INTO quarantine (body) VALUES (?)", (json.dumps({**asdict(one), "found": now()}),))


def quarantined(database: Database) -> list[Quarantined]:
    """Everything that was ever found, in order."""
    found = []
    for row in database.rows("SELECT body FROM quarantine ORDER BY id"):
        try:
            found.append(Quarantined(**json.loads(row[0])))
        except (ValueError, TypeError):
            found.append(Quarantined("quarantine", None, "an entry of it is damaged itself", as_it_was(row)))
    return found


def as_it_was(row: tuple) -> str:
    """The JSON of a damaged row, whatever is in it."""
    return json.dumps(row, default=repr)
