"""Sweeps of short trials: two workers beside one, the same threads in total; what a trial costs besides training."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import Times, line, ratio, show
from benchmarks.sweep_kills import RECIPE, SPACE, SPEC

TRIALS, EPOCHS, ROUNDS = 32, 4, 3
SPENT = "spent.jsonl"


def main() -> None:
    """Whole sweeps, each in processes of its own, from the call to the end."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    overheads = []
    for _ in range(ROUNDS):
        for workers, found in seconds.items():
            with tempfile.TemporaryDirectory() as folder:
                begin = time.perf_counter()
                command = [sys.executable, "-m", "benchmarks.workers", str(workers), folder]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                found.append(time.perf_counter() - begin)
                if workers == 1:
                    overheads += _overheads(Path(folder) / SPENT)
    one, two = Times(seconds[1]), Times(seconds[2])
    line(f"sweep of {TRIALS} trials, one worker, 2 threads", str(one), "")
    line("two workers, 1 thread each", str(two), "")
    line("  two / one", ratio(two, one), "at most 0.70")
    line("a trial outside build, tracing and training", show(Times(overheads).median), "under 0.1 s")


def _overheads(path: Path) -> list[float]:
    """Of every trial but the first: seconds since the trial before had ended, less those of its work."""
    spent = [json.loads(text) for text in path.read_text().splitlines()]
    return [after["end"] - before["end"] - after["work"] for before, after in itertools.pairwise(spent)]


def _sweep(workers: int, folder: Path) -> None:
    import tuner
    from tuner.runner import run

    os.environ["SPENT"] = str(folder / SPENT)
    searched = tuner.load(
        {
            "sweep": "short",
            "spec": SPEC,
            "space": SPACE,
            "objective": {"maximize": "val_accuracy"},
            "budget": {"trials": TRIALS, "epochs": EPOCHS},
            "workers": workers,
            "data": "digits",
            "recipe": {**RECIPE, "deterministic": False},
        }
    )
    run(searched, folder / "sweep", trainer="benchmarks.workers:make_timed_trainer").close()


def make_timed_trainer(threads: int) -> Any:
    """The real trainer; SPENT gets a line a trial, with when it ended and how long it was at its work.

    Work is building networks, training and evaluating them, tracing included.
    """
    from factory.train import finish, training
    from tuner.runner.training import KerasTrainer

    clock = {"work": 0.0}

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                clock["work"] += time.perf_counter() - begin

        return run

    training.Training.__init__ = timed(training.Training.__init__)  # type: ignore[method-assign]
    training.Training.run = timed(training.Training.run)  # type: ignore[method-assign]
    finish.build, finish._test = timed(finish.build), timed(finish._test)

    class TimedTrainer(KerasTrainer):
        def tidy(self) -> None:
            super().tidy()
            with Path(os.environ["SPENT"]).open("a") as file:
                file.write(json.dumps({"end": time.perf_counter(), "work": clock["work"]}) + "\n")
            clock["work"] = 0.0

    return TimedTrainer(threads)


if __name__ == "__main__":
    _sweep(int(sys.argv[1]), Path(sys.argv[2])) if len(sys.argv) > 1 else main()
