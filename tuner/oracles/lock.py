"""One process a project directory of KerasTuner's; two would run every trial twice, and the last writer would win."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from factory.errors import FactoryError
from factory.files import write_whole


def lock_project(project: Path) -> BaseFileLock:
    """The lock of a project, held until it is released as often as taken, or the process dies, however.

    The lock lies beside the directory, which KerasTuner deletes when it overwrites. This process may take it again: a
    notebook makes its tuner anew. Raises FactoryError with the process and the machine of whoever else has it.
    """
    project = project.absolute()
    holder = project.with_name(f".{project.name}.holder.json")
    try:
        project.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(project.with_name(f".{project.name}.lock"), is_singleton=True, thread_local=False)
        lock.acquire(timeout=0)
        write_whole(holder, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}) + "\n")
    except Timeout:
        raise FactoryError(
            f"{project}: {_who(holder)} searches here already; two would run every trial twice\n"
            "    wait for it, end it, or give this one another directory or project_name"
        ) from None
    except OSError as error:
        raise FactoryError(f"{project}: cannot be locked: {error.strerror or error}") from None
    return lock


def _who(holder: Path) -> str:
    try:
        known = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {known['pid']} on {known['host']}"
    except (OSError, ValueError, KeyError):
        return "another process"
