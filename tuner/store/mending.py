"""Makes the database and the files of the trials say the same, from whichever of the two is whole."""

from __future__ import annotations

import sqlite3

from tuner.store.damage import Quarantined, as_it_was, quarantine
from tuner.store.database import Database
from tuner.store.record import Status, TrialRecord
from tuner.store.rows import (
    EPOCHS,
    FACTS,
    STATE,
    TRIALS,
    epochs_of,
    is_whole,
    put_epochs,
    put_fact,
    put_trial,
    trial_of,
)
from tuner.store.trial_files import TrialFiles


def mend(database: Database, files: TrialFiles) -> list[Quarantined]:
    """Moves damaged rows to the quarantine, brings back what the files have, and reports each, in one transaction.

    The files are ahead of the database where it was rebuilt, and where a power cut or damage has taken the end of its
    log. Files that are missing are written afterwards. Raises FactoryError.
    """
    with database.writing() as connection:
        found, known, behind = _mend_trials(connection, files)
        for number in (number for number, status in known.items() if status == Status.RUNNING):
            found += mend_epochs(connection, files, number)
        found += _mend_facts(connection, files, behind)
        quarantine(connection, found)
    for number, status in known.items():
        if not files.path(number, status != Status.RUNNING).exists():
            file(database, files, number)
    return found


def mend_epochs(connection: sqlite3.Connection, files: TrialFiles, number: int) -> list[Quarantined]:
    """Moves damaged rows of a trial's curve to the quarantine and brings back what files have of it.

    Done for trials that run at each opening, for others where their curve is asked for: it takes as long as there are
    epochs.
    """
    damaged = [row for row in connection.execute(f"{EPOCHS} WHERE number = ?", (number,)) if not is_whole(row)]
    for row in damaged:
        connection.execute("DELETE FROM epochs WHERE number IS ? AND run IS ? AND epoch IS ?", row[:3])
    if damaged:
        record, curve, _ = files.salvage(number)
        put_epochs(connection, number, curve if record else files.metrics(number))
    reason = "a row of its curve does not match its checksum"
    return [Quarantined("epoch", number, reason, as_it_was(row)) for row in damaged]


def file(database: Database, files: TrialFiles, number: int) -> None:
    """Writes the file of a trial as the database has it. Raises OSError."""
    record = trial_of(database.rows(f"{TRIALS} WHERE number = ?", number)[0])
    curve = database.rows(f"{EPOCHS} WHERE number = ? ORDER BY run, epoch", number) if record.finished else ()
    files.write(record, epochs_of(curve))


GONE = "nothing is left of it: it counts as FAILED"


def lost(number: int, reason: str) -> TrialRecord:
    """Stands for a trial of which nothing is left: numbers have no gaps, and nothing is made of what is not known."""
    return TrialRecord(number, {}, Status.FAILED, error=f"the record of this trial was lost: {reason}")


def _mend_trials(
    connection: sqlite3.Connection, files: TrialFiles
) -> tuple[list[Quarantined], dict[int, Status], bool]:
    """Returns what was found, the status of each trial, and whether the database was behind the files."""
    known: dict[int, Status] = {}
    damaged: dict[int, str] = {}
    for row in connection.execute(TRIALS).fetchall():
        if is_whole(row):
            known[row[0]] = Status(row[1])
        else:
            damaged[row[0]] = as_it_was(row)
            connection.execute("DELETE FROM trials WHERE number = ?", row[:1])
    rebuilt = not known and not damaged
    end = _end(known, damaged, files)
    found, behind = [], False
    for number in sorted({*range(end), *damaged}):
        running = known.get(number) == Status.RUNNING
        if number in known and not (running and files.path(number, True).exists()):
            continue
        record, curve, problems = files.salvage(number, move=True)
        if running and not (record and record.finished):
            continue
        if number not in damaged:
            behind = True
            problems.insert(0, "the database did not have it as it is")
        else:
            problems.insert(0, "its row does not match its checksum")
        if not rebuilt or record is None or len(problems) > 1:
            end_of_it = f"restored from {files.path(number, record.finished).name}" if record else GONE
            found.append(Quarantined("trial", number, "; ".join([*problems, end_of_it]), damaged.get(number, "")))
        if number < end:
            record = record or lost(number, "; ".join(problems))
            put_trial(connection, record)
            put_epochs(connection, number, curve)
            known[number] = record.status
    if rebuilt and known:
        found.append(Quarantined("database", None, f"{len(known)} trials were restored from their files"))
    return found, known, behind


def _end(known: dict[int, Status], damaged: dict[int, str], files: TrialFiles) -> int:
    """How many trials there are. The number of a damaged row counts where it follows the others: it may be wrong."""
    end = max(known, default=-1) + 1
    while end in damaged:
        end += 1
    beyond = (number for number in reversed(files.numbers()) if number >= end and files.salvage(number)[0])
    return next(beyond, end - 1) + 1


def _mend_facts(connection: sqlite3.Connection, files: TrialFiles, behind: bool) -> list[Quarantined]:
    rows = connection.execute(FACTS).fetchall()
    damaged = [row for row in rows if not is_whole(row)]
    connection.executemany("DELETE FROM facts WHERE name IS ?", [row[:1] for row in damaged])
    filed = files.read_state()
    if filed is not None and (behind or STATE not in {row[0] for row in rows if row not in damaged}):
        put_fact(connection, STATE, filed)
    reason = "its row does not match its checksum; restored from its file if there was one"
    return [Quarantined(str(row[0]), None, reason, as_it_was(row)) for row in damaged]
