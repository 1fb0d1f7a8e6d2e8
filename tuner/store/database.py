"""The SQLite file: its tables, how it is opened, transactions, and what its errors mean to a user.

Write-ahead logging (WAL) was chosen over an append-only journal with locks of our own, as Optuna has: SQLite's log is
one as well, with a checksum a frame, and brings what a journal would have to be taught: readers see whole transactions
while a driver writes, a trial is found by its key without reading all, and nothing has to be compacted. A process that
is killed loses nothing that was committed, since the system holds it. With `synchronous=NORMAL` a power cut may cost
the last transactions, never the file; FULL would wait for the disk (2 to 3 ms) at each epoch of each trial. What must
outlive a power cut, proposals and finished trials, is on the disk as a file of its own (trial_files.py), from which the
next opening takes what the database has not.
WAL needs shared memory: the directory has to be on a disk of the machine, not on a network share.
"""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from factory.errors import FactoryError

NAME = "sweep.db"
APPLICATION = 0x4B4D4653
"""Marks the file as ours: "KMFS"."""
VERSION = 1
BUSY = 30.0
"""Seconds to wait for another process that writes; a transaction takes less than a millisecond."""

_TABLES = f"""
CREATE TABLE trials (number INTEGER PRIMARY KEY, status TEXT, key TEXT, body TEXT, checksum TEXT);
CREATE INDEX trials_by_status ON trials (status);
CREATE INDEX trials_by_key ON trials (key);
CREATE TABLE epochs (
    number INTEGER, run INTEGER, epoch INTEGER, body TEXT, checksum TEXT, PRIMARY KEY (number, run, epoch)
) WITHOUT ROWID;
CREATE TABLE facts (name TEXT PRIMARY KEY, body TEXT, checksum TEXT) WITHOUT ROWID;
CREATE TABLE quarantine (id INTEGER PRIMARY KEY, body TEXT);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""
_SCHEMA = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"


class Database:
    """A connection that threads share. `directory` is what errors speak of."""

    def __init__(self, path: Path, directory: Path, *, writable: bool):
        self.directory, self.writable = directory, writable
        self._lock = threading.RLock()
        mode = "rwc" if writable else "ro"
        with telling(directory):
            self.connection = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode={mode}",
                uri=True,
                timeout=BUSY,
                isolation_level=None,
                check_same_thread=False,
            )
        # what is no UTF-8 is damaged: its checksum says so, where SQLite would refuse to read any row of the answer
        self.connection.text_factory = lambda text: text.decode(errors="replace")

    def create(self) -> None:
        """Makes the tables in an empty file. Raises FactoryError."""
        with telling(self.directory):
            self.connection.executescript(f"PRAGMA journal_mode=WAL; BEGIN; {_TABLES} COMMIT;")

    def prepare(self) -> None:
        """Sets up a connection that writes. Raises FactoryError where it may not."""
        with telling(self.directory):
            self.connection.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE; ROLLBACK;"
            )

    def check(self) -> None:
        """Raises FactoryError for a file of other tables than ours."""
        found = self.pragma("application_id"), self.pragma("user_version"), self.rows(_SCHEMA)
        with closing(sqlite3.connect(":memory:")) as ours:
            ours.executescript(_TABLES)
            if found != (APPLICATION, VERSION, ours.execute(_SCHEMA).fetchall()):
                raise FactoryError(f"{self.directory / NAME}: its tables are not those of a sweep")

    def pragma(self, name: str) -> int | str:
        """What SQLite answers. Raises FactoryError."""
        return self.rows(f"PRAGMA {name}")[0][0]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, or a part of the one that goes on: all of it or, where anything is raised, nothing."""
        with self._lock, telling(self.directory):
            if self.connection.in_transaction:
                yield self.connection
                return
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # SQLite has rolled back by itself after some errors
                    self.connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: object) -> list[tuple]:
        """The rows of one question, all of one moment."""
        with self._lock, telling(self.directory):
            return self.connection.execute(query, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self.connection.close()


@contextmanager
def telling(directory: Path) -> Iterator[None]:
    """Says errors of the database and the disk as FactoryError, with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise FactoryError(f"{directory / NAME}: {_explained(error)}") from error
    except OSError as error:
        told = _NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "{}; what was there is intact"
        raise FactoryError(f"{directory}: {told.format(error.strerror or error)}") from error


_NO_ROOM = "cannot write: {}; what was there is intact: make room and start the same command again"


def _explained(error: sqlite3.Error) -> str:
    code = _code(error)
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return _NO_ROOM.format(error)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return f"cannot be opened or written here: {error}"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"another process has kept it locked for {BUSY:g} seconds"
    if is_damage(error):
        return f"damaged: {error}; starting the sweep again sets the file aside and rebuilds it from trials/"
    return str(error)


def is_damage(error: BaseException | None) -> bool:
    """Whether an error says that the file itself is at fault."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)


def is_passing(error: BaseException | None) -> bool:
    """Whether an error comes from outside: no room, a lock, a disk that fails."""
    return _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: BaseException | None) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the upper bits tell varieties
