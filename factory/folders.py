"""What folders of long work have in common: one process at a time, and tables of rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from factory.errors import FactoryError


@contextmanager
def held(folder: Path, lock: str) -> Iterator[None]:
    """Makes a folder and lets nobody else who holds it by this lock work in it meanwhile.

    Raises FactoryError where somebody does, and where it cannot be made. A process that dies lets go of it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mine = FileLock(folder / lock)
        mine.acquire(timeout=0)
    except Timeout:
        raise FactoryError(f"{folder}: another process works in this folder; wait for it, or give -o") from None
    except OSError as error:
        raise FactoryError(f"{folder}: cannot make this folder: {error.strerror or error}") from None
    try:
        yield
    finally:
        mine.release()


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """A CSV table of rows that may lack columns."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()
