"""The folder of a run: what was asked for, on which machine, how it went, and the lock that keeps others out."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from factory import __version__
from factory.errors import FactoryError
from factory.files import write_whole
from factory.folders import csv_text, held

SPEC, RECIPE, RUN, ENVIRONMENT = "spec.yaml", "recipe.yaml", "run.json", "environment.json"
METRICS_CSV, METRICS_JSONL, RESULT, MODEL = "metrics.csv", "metrics.jsonl", "result.json", "model.keras"
CHECKPOINTS, BEST, TENSORBOARD = "checkpoints", "best.npz", "tensorboard"

Row = dict[str, Any]


class RunFolder:
    """One run's files. The same command goes on with them; one that asks for something else may not."""

    def __init__(self, path: Path):
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else trains in this folder meanwhile. Raises FactoryError where somebody does."""
        return held(self.path, "run.lock")

    def clear(self) -> None:
        """Removes everything of the run, and nothing else that may be in the folder."""
        for name in (RESULT, MODEL, RUN, SPEC, RECIPE, ENVIRONMENT, METRICS_CSV, METRICS_JSONL):
            (self.path / name).unlink(missing_ok=True)
        for name in (CHECKPOINTS, TENSORBOARD):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def begin(self, texts: Mapping[str, str], facts: Mapping[str, Any]) -> None:
        """Files what was asked for, unless the folder holds this very run already.

        `texts` are spec.yaml and recipe.yaml, `facts` go into run.json. Raises FactoryError where the folder holds a
        run of something else, with what differs.
        """
        if (self.path / RUN).is_file():
            self._check_same({**texts, RUN: _identity(facts)})
            return
        for name, text in {**texts, ENVIRONMENT: json.dumps(environment(), indent=2) + "\n"}.items():
            write_whole(self.path / name, text)
        write_whole(self.path / RUN, json.dumps(facts, indent=2) + "\n")  # last: with it the folder is a run

    def _check_same(self, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            try:
                there = (self.path / name).read_text(encoding="utf-8")
                there = _identity(json.loads(there)) if name == RUN else there
            except (OSError, ValueError) as error:
                raise FactoryError(f"{self.path / name}: cannot be read: {error}; --fresh begins anew") from None
            if there != text:
                differs = "\n".join(_difference(there, text))
                raise FactoryError(
                    f"{self.path} holds a run of something else; its {name} differs (-: there, +: now):\n{differs}\n"
                    "    give another folder with -o, or begin this one anew with --fresh"
                )

    def write_metrics(self, rows: Sequence[Row]) -> None:
        """metrics.csv and metrics.jsonl with a row an epoch."""
        write_whole(self.path / METRICS_CSV, csv_text(rows))
        write_whole(self.path / METRICS_JSONL, "".join(json.dumps(row) + "\n" for row in rows))

    def result(self) -> dict[str, Any] | None:
        """What a finished run came to, None for one that is not finished."""
        try:
            return json.loads((self.path / RESULT).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise FactoryError(f"{self.path / RESULT}: cannot be read: {error}") from None

    def write_result(self, result: Mapping[str, Any]) -> None:
        write_whole(self.path / RESULT, json.dumps(result, indent=2) + "\n")


@contextmanager
def writing(folder: RunFolder) -> Iterator[None]:
    """Says what to do where files cannot be written: nothing that was there is lost."""
    try:
        yield
    except OSError as error:
        raise FactoryError(
            f"{folder.path}: cannot write: {error.strerror or error}; what was there is intact: make room and start "
            "the same command again"
        ) from error


def _identity(facts: Mapping[str, Any]) -> str:
    """What a run is, as lines: all facts but where its data lie, since their fingerprint says which they are."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in facts.items() if key != "data")


def _difference(there: str, now: str) -> list[str]:
    from difflib import unified_diff

    lines = [line.rstrip() for line in unified_diff(there.splitlines(), now.splitlines(), n=0)][2:]
    return ["    " + line for line in lines if not line.startswith("@@")][:12]


def environment() -> dict[str, Any]:
    """The machine and the software that matter for repeating a run."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "packages": {"keras-model-factory": __version__}
        | {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "command": sys.argv,
    }
