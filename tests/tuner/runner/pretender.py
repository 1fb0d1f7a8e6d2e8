"""Trials that only pretend to run, in worker processes that need no TensorFlow.

A trial is a point of {x: 0 to 19, do: how it behaves}, in the note of its recipe; without one, x comes from a digest.
Each of its epochs takes DELAY seconds, appends a line to DIR/executed, and scores x / (1 + epochs to the last one) +
the run's seed: best in the last epoch.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from factory.files import write_whole
from tuner.runner.tasks import RECIPE, SPEC

DELAY = float(os.environ.get("PRETEND_DELAY", "0.002"))
EPOCHS = 4


class Pretender:
    """A trainer that trains nothing."""

    def __init__(self, threads: int):
        self.device = "paper"

    def run(self, task: Any, line: Any) -> list[dict[str, Any]]:
        point = _point(Path(task.folder))
        results = []
        for run in task.runs():
            folder = run.inside(task.folder)
            folder.mkdir(exist_ok=True)
            if task.inherits and not (run.inside(task.inherits) / "model.keras").is_file():
                raise RuntimeError("the weights to inherit are not there")
            rows = self._before(run, folder, task)
            for epoch in range(len(rows) + 1, (task.until or task.epochs or EPOCHS) + 1):
                time.sleep(DELAY)
                self._behave(point["do"], epoch, Path(task.folder))
                with (Path(task.folder).parent.parent / "executed").open("a") as file:
                    file.write(f"{task.number} {run.number} {epoch}\n")
                left = (task.epochs or EPOCHS) - epoch
                rows.append({"epoch": epoch, "val_accuracy": point["x"] / (1 + left) + run.seed})
                if point["do"] == "nan":
                    rows[-1]["val_accuracy"] = float("nan")
                stop = line.epoch(run, rows[-1])
                write_whole(folder / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
                (folder / "model.keras").write_text("large")
                if stop:
                    return [*results, {"epochs": epoch}]
            results.append({"epochs": len(rows)})
            if task.stopped:
                break
        return results

    def tidy(self) -> None:
        pass

    def _before(self, run: Any, folder: Path, task: Any) -> list[dict[str, Any]]:
        own, parents = folder / "metrics.jsonl", None
        if task.continues:
            parents = run.inside(task.continues) / "metrics.jsonl"
        for path in (own, parents):
            if path is not None and path.is_file():
                return [json.loads(line) for line in path.read_text().splitlines()]
        return []

    def _behave(self, do: str, epoch: int, folder: Path) -> None:
        if epoch != 2:
            return
        if do == "once":
            if (folder / "once").exists():
                return
            (folder / "once").touch()
        if do == "hang":
            print("waiting for ever", flush=True)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            time.sleep(3600)
        if do in ("crash", "once"):
            print("about to crash", flush=True)
            os.kill(os.getpid(), signal.SIGSEGV)
        if do == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if do == "raise":
            raise RuntimeError("a loss that is no number")
        if do == "exit":
            sys.exit("out of here")
        if do == "memory":
            raise MemoryError("no room for a tensor")


def _point(folder: Path) -> dict[str, Any]:
    text = (folder / RECIPE).read_text()
    note = yaml.safe_load(text).get("note") or ""
    if note.startswith("{"):
        return json.loads(note)
    digest = hashlib.sha256((text + (folder / SPEC).read_text()).encode()).digest()
    return {"x": digest[0] + digest[1] / 256, "do": "run"}


class Unready:
    """A trainer that never becomes one."""

    def __init__(self, threads: int):
        raise ImportError("TensorFlow is not here")
