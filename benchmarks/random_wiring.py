"""Random wiring on digits: mean and spread of every generator, and of every WS(K, P); `benchmarks/random_wiring.json`.

    python -m benchmarks.random_wiring [--seeds 2] [--workers 2] [--runs runs]

Runs the sweeps `randwire`, and `randwire_ws` in small networks, with fewer seeds; the same command goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tuner
from factory.files import write_whole
from tuner.analysis.groups import grouped
from tuner.runner import run
from tuner.store import TrialRecord

OUTPUT = Path(__file__).with_suffix(".json")
GENERATOR = "defaults.random_graph.generator"
RECIPE = {"extends": "digits", "batch_size": 32, "data": {"validation": 0.25}}
SMALL = {
    "spec.input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "spec.defaults": {"random_graph": {"nodes": 10}},
    "data": "digits",
    "recipe": RECIPE,
}
SWEEPS: dict[str, dict[str, Any]] = {"randwire": {}, "randwire_ws": SMALL}
TABLES = {
    "randwire": [[f"{GENERATOR}.kind"], [GENERATOR]],
    "randwire_ws": [[f"{GENERATOR}.k"], [f"{GENERATOR}.p"], [f"{GENERATOR}.k", f"{GENERATOR}.p"]],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="graphs of each setting")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_args()
    found = {}
    for name, changes in SWEEPS.items():
        settings = int(tuner.load(name).space.size) // 5
        budget = {"budget.trials": settings * given.seeds, "budget.epochs": given.epochs}
        sweep = tuner.load(name, **changes, **budget)
        with run(sweep, given.runs / f"{name}-digits", workers=given.workers) as store:
            records = store.trials()
        found[name] = {
            "trials": len(records),
            "epochs": given.epochs,
            "seconds": round(sum(record.seconds or 0.0 for record in records)),
            "tables": {" ".join(paths): table(records, paths) for paths in TABLES[name]},
        }
        write_whole(OUTPUT, json.dumps(found, indent=1) + "\n")
    print(OUTPUT.read_text())


def table(records: Sequence[TrialRecord], paths: Sequence[str]) -> list[dict[str, Any]]:
    """A row a group: its settings, and the spread of validation accuracy over its networks."""
    groups = grouped(records, paths)
    return [{"settings": list(group.settings), **group.spread("val_accuracy")._asdict()} for group in groups]


if __name__ == "__main__":
    main()
