"""`make bench`: everything, one after the other; `python -m benchmarks planning` for one part."""

from __future__ import annotations

import importlib
import os
import platform
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
PARTS = (
    "cold_start",
    "planning",
    "building",
    "running",
    "first_step",
    "feeding",
    "pretraining",
    "latency",
    "scaling_targets",
    "regret",
    "simulation",
    "workers",
    "worker_memory",
    "sweep_kills",
    "morphism",
    "morphism_zoo",
    "cluster",
)


def main() -> None:
    chosen = sys.argv[1:] or PARTS
    if unknown := [part for part in chosen if part not in PARTS]:
        raise SystemExit(f"unknown part {unknown[0]}; there are: {', '.join(PARTS)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; medians (smallest to largest)")
    for part in chosen:
        importlib.import_module(f"benchmarks.{part}").main()


if __name__ == "__main__":
    main()
