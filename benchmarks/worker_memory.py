"""The memory of one worker over a sweep of 200 trials, each of another network: it stays flat.

    python -m benchmarks worker_memory

A quarter of an hour on an idle core. The networks have swish in every layer, whose gradient TensorFlow itself keeps
for ever, with the graph of the step.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.measure import line
from tuner.runner.reporting import Progress, Silent
from tuner.store import TrialRecord

TRIALS, SETTLED = 200, 20
SWEEP: dict[str, Any] = {
    "sweep": "memory",
    "spec": {
        "name": "small",
        "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
        "classes": 10,
        "conventions": {"activation": "swish"},
        "stages": {
            "stem": {"block": "conv", "filters": 8, "kernel": 3},
            "s1": {"block": "mbconv", "filters": 8, "kernel": 3, "expand": 3},
            "s2": {"block": "mbconv", "filters": 16, "kernel": 3, "expand": 3, "stride": 2},
            "head": {"block": "classifier"},
        },
    },
    "space": {
        "stages.s*.kernel": {"choice": [3, 5]},
        "stages.s*.repeats": {"int": [1, 3]},
        "stages.s*.filters": {"int": [8, 32]},
    },
    "objective": {"maximize": "val_accuracy"},
    "budget": {"trials": TRIALS, "epochs": 1},
    "data": "digits",
    "recipe": {"recipe": "short", "batch_size": 64, "data": {"validation": 0.2}},
}


class Watching(Silent):
    """Notes the resident memory of the worker after each trial, and which process it is."""

    def __init__(self) -> None:
        self.sizes: list[float] = []
        self.processes: set[int] = set()

    def finished(self, record: TrialRecord, progress: Progress) -> None:
        for child in psutil.Process().children():
            if "tuner.runner.worker" in child.cmdline():
                self.processes.add(child.pid)
                self.sizes.append(child.memory_info().rss / 1e6)


def main() -> None:
    import tuner
    from tuner.runner import run

    watching = Watching()
    with tempfile.TemporaryDirectory() as folder:
        run(tuner.load(SWEEP), Path(folder) / "sweep", workers=1, reporter=watching).close()
    sizes = np.array(watching.sizes)
    slope = np.polyfit(np.arange(SETTLED, len(sizes)), sizes[SETTLED:], 1)[0]
    places = [1, SETTLED, len(sizes) // 2, len(sizes)]
    told = ", ".join(f"{sizes[place - 1]:.0f}" for place in places)
    line(f"MB of a worker after {', '.join(map(str, places))} trials", told, f"{len(watching.processes)} process")
    line(f"  growth a trial, from trial {SETTLED} on", f"{slope:+.3f} MB", "flat: within 0.5 MB")


if __name__ == "__main__":
    main()
