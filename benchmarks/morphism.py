"""Evolution whose children inherit weights, against the same networks trained from scratch: epochs and quality.

Some twelve minutes on two idle cores. `python -m benchmarks.morphism FILE` also writes every figure as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.measure import line

SEEDS, TRIALS, POPULATION = tuple(range(3, 9)), 12, 4
EPOCHS, CHILD_EPOCHS = 12, 7
WORKERS = 2

Figures = dict[str, Any]


def searched(seed: int, folder: Path) -> list[Figures]:
    """The trials of a sweep: spec, recipe, parent, epochs, and the accuracy on the validation part after each."""
    import tuner
    from tuner.runner import run

    changes: dict[str, Any] = {
        "seed": seed,
        "recipe.seed": seed,
        "budget": {"trials": TRIALS, "epochs": EPOCHS},
        "algorithm": {
            "name": "morphing_evolution",
            "population": POPULATION,
            "sample": 2,
            "child_epochs": CHILD_EPOCHS,
        },
    }
    with run(tuner.load("digits_morphism", **changes), folder, workers=WORKERS) as store:
        return [
            {
                "trial": trial.number,
                "parent": trial.inherits,
                "spec": trial.spec,
                "recipe": trial.recipe,
                "point": trial.point,
                "inherited": [row["val_accuracy"] for row in store.curve(trial.number)],
            }
            for trial in store.trials()
            if trial.status == "COMPLETED"
        ]


def from_scratch(task: tuple[Figures, int, Path]) -> list[float]:
    """The accuracies of a network after each of so many epochs of its recipe."""
    import factory
    from factory.train.recipe.reading import load_recipe

    trial, epochs, folder = task
    folder.mkdir()
    for name in ("spec", "recipe"):
        (folder / f"{name}.yaml").write_text(trial[name])
    recipe = load_recipe(folder / "recipe.yaml", epochs=epochs)
    factory.fit(folder / "spec.yaml", "digits", recipe, folder / "run")
    rows = (folder / "run" / "metrics.jsonl").read_text().splitlines()
    return [json.loads(row)["val_accuracy"] for row in rows]


def report(searches: Sequence[Sequence[Figures]]) -> None:
    """Every figure with its spread over seeds, or over children."""
    children = [trial for search in searches for trial in search if trial["parent"] is not None]
    best = {name: [max(trial[name]) for trial in children] for name in ("inherited", "short", "full")}
    line(f"{len(children)} children of {len(searches)} searches, validation accuracy", "", "")
    for name, told in (
        ("inherited", f"inherited weights, {CHILD_EPOCHS} epochs"),
        ("short", f"from scratch, {CHILD_EPOCHS} epochs"),
        ("full", f"from scratch, {EPOCHS} epochs"),
    ):
        line(f"  {told}", _spread(best[name]), "")
    apart = [100 * (a - b) for a, b in zip(best["inherited"], best["full"], strict=True)]
    line("  inherited less from scratch in full, points", _spread(apart), "0 or more: the same quality")
    needed = [
        next((n for n, value in enumerate(trial["full"], 1) if value >= max(trial["inherited"])), EPOCHS + 1)
        for trial in children
    ]
    line("  epochs from scratch until as good", _spread(needed), f"{EPOCHS + 1}: not in {EPOCHS}")
    totals = [sum(len(trial["inherited"]) for trial in search) for search in searches]
    full = [EPOCHS * len(search) for search in searches]
    line("epochs of a whole search, inheriting", _spread(totals), "")
    line("  the same networks in full", _spread(full), f"{sum(full) / sum(totals):.2f} times as many")
    tops = [max(max(trial["inherited"]) for trial in search) for search in searches]
    scratch = [
        max(max(trial["full"] if "full" in trial else trial["inherited"]) for trial in search) for search in searches
    ]
    line("best network of a search, inheriting", _spread(tops), "")
    line("  the same networks in full", _spread(scratch), "")


def _spread(values: Sequence[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.4g} +- {spread:.2g} ({min(values):.4g} to {max(values):.4g})"


def main(output: Path | None = None) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        searches = [searched(seed, folder / f"sweep-{seed}") for seed in SEEDS]
        children = [trial for search in searches for trial in search if trial["parent"] is not None]
        tasks = [
            (trial, epochs, folder / f"{number}-{epochs}")
            for number, trial in enumerate(children)
            for epochs in (CHILD_EPOCHS, EPOCHS)
        ]
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(WORKERS, mp_context=spawn, initializer=_quiet) as pool:
            curves = list(pool.map(from_scratch, tasks))
    for trial, short, full in zip(children, curves[::2], curves[1::2], strict=True):
        trial |= {"short": short, "full": full}
    report(searches)
    if output is not None:
        kept = [[{k: v for k, v in t.items() if k not in ("spec", "recipe")} for t in search] for search in searches]
        output.write_text(json.dumps({"epochs": EPOCHS, "child_epochs": CHILD_EPOCHS, "searches": kept}) + "\n")


def _quiet() -> None:
    """One thread of TensorFlow for each process, as a worker of a sweep has."""
    from tuner.runner.training import use_threads

    use_threads(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
