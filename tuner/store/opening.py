"""From a directory to its database: made, checked, compared, set aside and rebuilt where it is damaged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from factory.errors import FactoryError, first_line
from factory.files import write_whole
from tuner.garbage import uncollected
from tuner.store.checked_files import read_checked, set_aside, write_checked
from tuner.store.damage import Quarantined, quarantine
from tuner.store.database import NAME, Database, is_damage, is_passing, telling
from tuner.store.identity import differences, told
from tuner.store.lock import DRIVER, LOCK, STOP, locked
from tuner.store.mending import mend
from tuner.store.plain import dumps, loads
from tuner.store.rows import FACTS, IDENTITY, is_whole, put_fact
from tuner.store.trial_files import TrialFiles

SWEEP, TEXT = "sweep.json", "sweep.yaml"
_OURS_BEFORE = {LOCK, DRIVER, STOP}
"""What a directory may hold that is to become a sweep: what is left where its making was interrupted."""


@uncollected()
def open_to_drive(directory: Path, identity: Mapping[str, Any], text: str) -> tuple[Database, list[Quarantined]]:
    """The database of a sweep, made where there is none, and what had to be mended.

    Raises FactoryError where the directory holds something else, another sweep with trials, or has a driver; nothing
    is changed then.
    """
    _check_free(directory)
    with telling(directory):
        directory.mkdir(parents=True, exist_ok=True)
    with locked(directory), telling(directory), ExitStack() as undo:
        files, wanted = TrialFiles(directory), loads(dumps(identity))
        filed, found = _filed(directory)
        database, wrong = _sound(directory)
        if database is not None:
            undo.callback(database.close)
        there = _recorded(database) or filed
        _check_same(directory, there, wanted, text, empty=_is_empty(database, files))
        if found:
            set_aside(directory / SWEEP)
        if filed != wanted:
            write_checked(directory / SWEEP, {"identity": wanted})
        if database is None:
            database = _rebuild(directory)
            undo.callback(database.close)
            if wrong:
                found.append(Quarantined("database", None, wrong))
        with database.writing() as connection:
            quarantine(connection, found)
        found += mend(database, files)
        with database.writing() as connection:
            put_fact(connection, IDENTITY, wanted)
        if not (directory / TEXT).exists() or (directory / TEXT).read_text(encoding="utf-8") != text:
            write_whole(directory / TEXT, text)
        undo.pop_all()
    return database, found


def open_to_read(directory: Path) -> tuple[Database, TemporaryDirectory | None]:
    """The database of a sweep that may be driven meanwhile, and what to clean up afterwards.

    Where the directory may not be written, in which SQLite cannot read a log, a copy of the file is read. Raises
    FactoryError where there is no sweep, or a damaged one.
    """
    if not (directory / NAME).is_file():
        lost = (directory / SWEEP).exists()
        hint = "; starting the sweep again rebuilds it from trials/" if lost else ": this is not a sweep's directory"
        raise FactoryError(f"{directory}: there is no {NAME}{hint}")
    try:
        return _to_read(directory / NAME, directory), None
    except FactoryError as error:
        if error.__cause__ is None or is_damage(error.__cause__):
            raise
    copy = TemporaryDirectory(prefix="sweep-")
    try:
        with telling(directory):
            for path in directory.glob(f"{NAME}*"):
                if path.name in (NAME, f"{NAME}-wal"):
                    shutil.copyfile(path, Path(copy.name, path.name))
        return _to_read(Path(copy.name, NAME), directory), copy
    except BaseException:
        copy.cleanup()
        raise


def _to_read(path: Path, directory: Path) -> Database:
    database = Database(path, directory, writable=False)
    try:
        database.check()
    except BaseException:
        database.close()
        raise
    return database


def _check_free(directory: Path) -> None:
    """Refuses to make a sweep of a directory that holds something else."""
    if directory.is_file():
        raise FactoryError(f"{directory}: expected the directory of a sweep, this is a file")
    if not directory.exists() or any((directory / name).exists() for name in (SWEEP, NAME)):
        return
    with telling(directory):
        others = sorted(one.name for one in directory.iterdir() if one.name not in _OURS_BEFORE)
    others = [name for name in others if not name.startswith(".")]
    if others:
        shown = ", ".join(others[:4]) + (", ..." if len(others) > 4 else "")
        raise FactoryError(
            f"{directory}: holds something else than a sweep ({shown}); give a directory that is empty or new"
        )


def _sound(directory: Path) -> tuple[Database | None, str]:
    """The database, None where there is none that is whole, and what is wrong with it."""
    if not (directory / NAME).exists():
        return None, f"{NAME} was missing" if TrialFiles(directory).numbers() else ""
    database = Database(directory / NAME, directory, writable=True)
    try:
        database.check()  # which changes nothing, so that a damaged file is kept as it was
        database.prepare()
        wrong = str(database.pragma("integrity_check(1)"))
    except FactoryError as error:
        database.close()
        if is_passing(error.__cause__) or not os.access(directory / NAME, os.R_OK | os.W_OK):
            raise
        wrong = first_line(error)  # a flipped bit has many faces, "no such table" and "readonly" among them
    if wrong == "ok":
        return database, ""
    database.close()
    return None, f"{NAME} was damaged and is set aside: {wrong}"


def _recorded(database: Database | None) -> dict[str, Any] | None:
    """What the sweep was made with, from the database."""
    rows = database.rows(f"{FACTS} WHERE name = ?", IDENTITY) if database is not None else []
    return loads(rows[0][1]) if rows and is_whole(rows[0]) else None


def _filed(directory: Path) -> tuple[dict[str, Any] | None, list[Quarantined]]:
    """What the sweep was made with, from its file, and what is wrong with that."""
    try:
        return read_checked(directory / SWEEP)["identity"], []
    except FileNotFoundError:
        return None, []
    except (ValueError, KeyError) as error:
        return None, [Quarantined("identity", None, f"{error}; written again")]


def _is_empty(database: Database | None, files: TrialFiles) -> bool:
    """Whether the sweep has no trial yet, so that it may still become another."""
    return not files.numbers() and (database is None or not database.rows("SELECT 1 FROM trials LIMIT 1"))


def _check_same(directory: Path, there: Any, wanted: Any, text: str, *, empty: bool) -> None:
    """Refuses to go on with the trials of another sweep."""
    changed = differences(there, wanted)
    if empty or (there is not None and not changed):
        return
    if there is None:
        if (directory / TEXT).is_file() and (directory / TEXT).read_text(encoding="utf-8") == text:
            return
        raise FactoryError(
            f"{directory}: {NAME} and {SWEEP} are damaged or missing, and {TEXT} is not the file of this sweep: "
            "whether the trials there belong to it cannot be told\n    give another directory"
        )
    raise FactoryError(
        f"{directory} holds the trials of another sweep, which would not be comparable (-: there, +: now):\n"
        f"{told(changed)}    give another directory, or put back what was changed; "
        f"{directory / TEXT} is the file as it was"
    )


def _rebuild(directory: Path) -> Database:
    """Puts an empty database in the place of none or of a damaged one, which is kept; `mend` fills it."""
    path, fresh, log = (directory / f"{NAME}{end}" for end in ("", ".new", "-wal"))
    kept = set_aside(path) if path.exists() else path.with_name(f"{NAME}.damaged-0")
    if log.exists():  # before the new file comes to its place: this log would be its ruin
        log.rename(kept.with_name(f"{kept.name}-wal"))
    for one in (directory / f"{NAME}-shm", *directory.glob(f"{fresh.name}*")):
        one.unlink(missing_ok=True)
    database = Database(fresh, directory, writable=True)
    try:
        database.create()
    finally:
        database.close()
    fresh.rename(path)
    database = Database(path, directory, writable=True)
    database.prepare()
    return database
