"""The table of a machine: milliseconds of each operation, in one JSON file that many processes share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from filelock import FileLock

from factory.errors import FactoryError
from factory.files import write_whole
from tuner.latency.machine import machine, table_path

CALL = "call"
"""The entry of what a call of a network takes beside its operations."""

Table = Mapping[str, float]
"""Milliseconds by `Unit.key`, and of CALL."""


def read_table() -> Table:
    """The table of this machine, empty where nothing was measured. Raises FactoryError for a file that is no table."""
    path = table_path()
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise FactoryError(f"{path}: cannot be read: {error.strerror or error}") from error
    return _read(path, stat.st_mtime_ns, stat.st_ino)


def add(measured: Table) -> None:
    """Puts entries into the table, all of them or none; called while this process is `measuring`."""
    path = table_path()
    operations = {**read_table(), **measured}
    text = json.dumps({"machine": machine(), "milliseconds": operations}, indent=0) + "\n"
    try:
        write_whole(path, text)
    except OSError as error:
        raise FactoryError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def measuring() -> Iterator[None]:
    """Nobody else on this machine measures meanwhile: two would disturb each other. Waits for who does."""
    path = table_path()
    lock = FileLock(path.with_suffix(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise FactoryError(f"{path.parent}: cannot keep a table here: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, number: int) -> Table:
    """The table in a file, read once for each time it was written."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["milliseconds"]
        return {str(key): float(value) for key, value in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FactoryError(f"{path}: no table of latencies, remove it: {type(error).__name__}: {error}") from error
