"""One driver a sweep: the lock, who holds it, and the wish that it stop."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from factory.errors import FactoryError
from factory.files import write_whole

LOCK, DRIVER, STOP = "driver.lock", "driver.json", "stop"
PATIENCE = 1.0
"""Seconds to wait for the lock: whoever asks who drives holds it for a moment, and so does a driver that was killed."""


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Nobody else drives in this directory meanwhile. The system frees the lock of a process that dies, however.

    Raises FactoryError with the process and the machine of whoever does.
    """
    lock = FileLock(directory / LOCK)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise FactoryError(_refusal(directory)) from None
    except OSError as error:
        raise FactoryError(f"{directory}: cannot be locked: {error.strerror or error}") from None
    try:
        _write_driver(directory)
        yield
    finally:
        (directory / DRIVER).unlink(missing_ok=True)
        lock.release()


def driver(directory: Path) -> dict[str, Any] | None:
    """Who drives in this directory now: pid, host, since; None where nobody does."""
    known = _read_driver(directory)
    if known is None or not (directory / LOCK).exists():
        return None
    lock = FileLock(directory / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return known
    except OSError:  # somebody else's directory, which we may only read
        return known
    lock.release()
    return None


def _write_driver(directory: Path) -> None:
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}
    try:
        write_whole(directory / DRIVER, json.dumps(facts) + "\n")
    except OSError as error:
        raise FactoryError(f"{directory}: cannot write: {error.strerror or error}") from None


def _read_driver(directory: Path) -> dict[str, Any] | None:
    try:
        return json.loads((directory / DRIVER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _refusal(directory: Path) -> str:
    known = _read_driver(directory) or {}
    who = f"process {known['pid']} on {known['host']}, since {known['since']}" if known else "another process"
    return (
        f"{directory}: {who} drives this sweep already; a second driver would train everything twice\n"
        f"    wait for it, or end it with: factory sweep stop {directory}"
    )


def now() -> str:
    """The time, UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
