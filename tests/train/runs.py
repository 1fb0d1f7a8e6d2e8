"""Small runs for tests: a network and a recipe that train in a moment, in this process or in one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

import factory

SPEC: dict[str, Any] = {
    "name": "tiny",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "conventions": {"norm": {"kind": "batch", "momentum": 0.9}},
    "stages": {
        "stem": {"block": "conv", "filters": 8, "kernel": 3},
        "s1": {"block": "conv", "filters": 16, "kernel": 3, "stride": 2},
        "drop": {"block": "dropout", "rate": 0.2},
        "head": {"block": "classifier"},
    },
}
RECIPE: dict[str, Any] = {
    "recipe": "quick",
    "epochs": 3,
    "batch_size": 64,
    "optimizer": {"name": "adamw", "weight_decay": 0.01},
    "schedule": {"name": "cosine", "peak": 0.01, "warmup_epochs": 0.5},
    "augment": [{"translate": 0.1}, {"mixup": 0.2}],
    "ema": 0.9,
    "data": {"samples": 400},
}

_SCRIPT = """
import sys
sys.path[:0] = [{here!r}]
from factory.models.quiet import quiet_tensorflow
quiet_tensorflow()
from runs import train
train(sys.argv[1])
"""


class Talking:
    """A reporter that prints every word, so that a test can wait for one."""

    def say(self, line: str) -> None:
        print(line, flush=True)

    def step(self, *where: Any) -> None:
        pass

    def epoch(self, row: dict[str, Any], epochs: int) -> None:
        print("epoch", row["epoch"], flush=True)


def train(folder: str | Path) -> None:
    """Trains RECIPE, or goes on, deterministic and with a checkpoint at every step; prints what happens."""
    recipe = {**RECIPE, "deterministic": True, "checkpoint_minutes": 1e-9}
    factory.fit(SPEC, "digits", recipe, folder, reporter=Talking())


def start(folder: Path) -> subprocess.Popen:
    """Trains in a process of its own."""
    script = _SCRIPT.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", script, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(folder: Path) -> str:
    """Starts the run, or goes on with it, until its end; returns what it printed."""
    with redirect_stdout(StringIO()) as printed:
        train(folder)
    return printed.getvalue()


def kill_after_checkpoint(folder: Path, step: int, delay: float) -> None:
    """Starts the run and kills it, with SIGKILL, a moment after the checkpoint of a step is there."""
    process = start(folder)
    while newest_step(folder) < step:
        if process.poll() is not None:
            raise AssertionError(process.communicate()[0])
        time.sleep(0.002)
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def newest_step(folder: Path) -> int:
    return max((int(path.stem.partition("-")[2]) for path in folder.glob("checkpoints/step-*.npz")), default=-1)


def final_weights(folder: Path) -> dict[str, np.ndarray]:
    """Every array of the last checkpoint: weights, optimiser, averages, random state."""
    [*_, last] = sorted(folder.glob("checkpoints/step-*.npz"))
    with np.load(last) as archive:
        return {name: archive[name] for name in archive.files if name != "facts"}
