"""Trials for measuring everything but training: workers without TensorFlow, epochs that wait, scores from a digest."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from factory.files import write_whole
from tuner.runner.tasks import RECIPE, SPEC, Task
from tuner.runner.worker import Line

EPOCHS = 4
EPOCH_SECONDS = float(os.environ.get("PRETENDED_EPOCH_SECONDS", "0.02"))


class Pretender:
    """Runs a trial as training does, as far as files and messages go.

    Every epoch adds a line "TRIAL EPOCH" to DIR/executed before it is told and kept.
    """

    def __init__(self, threads: int):
        self.device = "none"

    def run(self, task: Task, line: Line) -> list[dict[str, Any]]:
        trial = Path(task.folder)
        [run] = task.runs()
        folder = run.inside(trial)
        folder.mkdir(exist_ok=True)
        rows = _rows(folder)
        for epoch in range(len(rows) + 1, EPOCHS + 1):
            time.sleep(EPOCH_SECONDS)
            with (trial.parent.parent / "executed").open("a") as file:
                file.write(f"{task.number} {epoch}\n")
            rows.append({"epoch": epoch, "val_accuracy": score(trial) * epoch / EPOCHS})
            line.epoch(run, rows[-1])
            write_whole(folder / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        return [{"epochs": EPOCHS, "seconds": EPOCHS * EPOCH_SECONDS}]

    def tidy(self) -> None:
        """Nothing was taken."""


def score(trial: Path) -> float:
    """From 0 to 1, the same for the same network and recipe."""
    digest = hashlib.blake2b((trial / SPEC).read_bytes() + (trial / RECIPE).read_bytes(), digest_size=6)
    return int.from_bytes(digest.digest(), "big") / 2**48


def _rows(folder: Path) -> list[dict[str, Any]]:
    path = folder / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
