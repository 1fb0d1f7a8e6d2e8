"""`factory sweep --fresh`: everything of a sweep is removed, and nothing else."""

from __future__ import annotations

import shutil
from fnmatch import fnmatch
from pathlib import Path

from factory.errors import FactoryError

_OURS = (
    *("sweep.db*", "sweep.json*", "sweep.yaml", "state.json*", "driver.*", "stop"),  # the store's
    *("trials", "workers", "hparams", "export"),
)


def clear(directory: Path) -> None:
    """Removes the sweep in a directory, where there is one.

    Raises FactoryError, with nothing removed, where somebody runs it or the directory holds something else, too.
    """
    from tuner.store.lock import LOCK, locked
    from tuner.store.opening import NAME, SWEEP

    if not any((directory / name).exists() for name in (SWEEP, NAME)):
        return
    with locked(directory):
        there = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
        if others := [path.name for path in there if not any(fnmatch(path.name, name) for name in _OURS)]:
            raise FactoryError(
                f"{directory}: --fresh removes the sweep in it, but it also holds {', '.join(others[:4])}: "
                "move that away, or give another directory with -o"
            )
        try:
            for path in there:
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name != LOCK:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise FactoryError(f"{directory}: cannot be removed: {error.strerror or error}") from error
