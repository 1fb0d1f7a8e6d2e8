"""Makes digits_macro.json: every network of the macro space learns a few digits, once with each of three seeds.

    nice -n 10 python -m benchmarks.digits_macro [--workers 2]

Half an hour of one core. Finished networks are kept in digits_macro.jsonl until all are there: a killed run goes on.
The same versions on the same machine give the same losses, bit by bit.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.macro_table import CHOICES, EPOCHS, SEEDS, SPEC, TABLE, base, load_table, space
from benchmarks.measure import line
from factory.files import write_whole
from tuner.space import Point

LABELLED = 200
"""Digits to learn from, the same for all networks; the other training digits validate, the test part stays unseen."""
RECIPE = {
    "recipe": "digits_macro",
    "epochs": EPOCHS[-1],
    "batch_size": 25,
    "optimizer": {"name": "adamw", "weight_decay": 0.05, "exclude": ["norm", "bias"]},
    "schedule": {"name": "cosine", "peak": 8.0e-3, "warmup_epochs": 0.5},
}
NETWORKS_A_PROCESS = 81
"""TensorFlow's memory grows with every network; a fresh process takes 8 s."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread each")
    make(TABLE, parser.parse_args().workers)
    print_signal()


def make(path: Path, workers: int) -> None:
    """Trains what is not in the journal beside `path` yet, then writes the table and removes the journal."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    journal = path.with_suffix(".jsonl")
    rows = {tuple(row["network"]): row for row in finished(journal)}
    points = list(space().grid())
    left = [point for point in points if tuple(point.values()) not in rows]
    context = multiprocessing.get_context("spawn")
    with journal.open("a", encoding="utf-8") as file, context.Pool(workers, None, (), NETWORKS_A_PROCESS) as pool:
        for row in pool.imap_unordered(row_of, left):
            file.write(json.dumps(row) + "\n")
            file.flush()
            rows[tuple(row["network"])] = row
            print(f"{len(rows)}/{len(points)}", json.dumps(row), flush=True)
    write_whole(path, _table_text([rows[tuple(point.values())] for point in points]))
    journal.unlink()


def finished(journal: Path) -> list[dict[str, Any]]:
    """The rows of a journal. A last line that was cut off is taken away, so that the next row has a line of its own."""
    if not journal.exists():
        return []
    whole, newline, _ = journal.read_text(encoding="utf-8").rpartition("\n")
    write_whole(journal, whole + newline)
    return [json.loads(text) for text in whole.splitlines()]


def _table_text(rows: Sequence[dict[str, Any]]) -> str:
    """The table as JSON, a line for each network."""
    about = {
        "about": "Made by python -m benchmarks.digits_macro. log_loss (nats an image) and accuracy are of validation "
        "images, means over the seeds; by_seed: log_loss of each run; curve: log_loss after each of `epochs`; "
        "seconds: processor time of one run on one core; network: the choice of each stage, in order",
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "machine": platform.machine(),
        "labelled": LABELLED,
        "epochs": EPOCHS,
        "seeds": SEEDS,
        "recipe": RECIPE,
        "spec": SPEC.strip().splitlines(),
        "choices": CHOICES.strip().splitlines(),
    }
    head = json.dumps(about, indent=1).removesuffix("\n}")
    return f'{head},\n "networks": [\n' + ",\n".join("  " + json.dumps(row) for row in rows) + "\n ]\n}\n"


def row_of(point: Point) -> dict[str, Any]:
    """A network of the space, trained with every seed: its row of the table."""
    from benchmarks.digits_training import Trainer, digits
    from factory import totals
    from factory.train.recipe.reading import load_recipe

    spec = base().override(space().settings(point))
    trainer = Trainer(spec, load_recipe(RECIPE), digits(LABELLED))
    runs = [trainer.run(seed, EPOCHS) for seed in SEEDS]
    curves = np.array([run.losses for run in runs])
    costs = totals(spec)
    return {
        "network": list(point.values()),
        "log_loss": round(float(curves[:, -1].mean()), 5),
        "accuracy": round(float(np.mean([run.accuracy for run in runs])), 5),
        "by_seed": [round(float(loss), 5) for loss in curves[:, -1]],
        "curve": [round(float(loss), 5) for loss in curves.mean(axis=0)],
        "params": costs.params,
        "macs": costs.macs,
        "seconds": round(float(np.median([run.seconds for run in runs])), 3),
    }


def print_signal() -> None:
    """Prints the spread of the networks, and how much of it is theirs and not the seeds'.

    With k runs each, B and W the mean squares between and within networks, the share of the variance of single runs
    that is the networks' is (B - W) / (B + (k - 1) W), of means over k runs (B - W) / B (Shrout and Fleiss 1979,
    ICC(1, 1) and ICC(1, k)).
    """
    table = load_table()
    ordered = sorted(table.rows.values(), key=lambda row: row.log_loss)
    line("log-loss, best, median and worst network", _of(ordered, "log_loss", "{:.4f}"), "")
    line("accuracy of these", _of(ordered, "accuracy", "{:.4f}"), "")
    for name, rows in (("all networks", ordered), ("the better half", ordered[: len(ordered) // 2])):
        runs = np.array([row.by_seed for row in rows])
        k = runs.shape[1]
        between, within = k * runs.mean(axis=1).var(ddof=1), runs.var(axis=1, ddof=1).mean()
        one, mean = (between - within) / (between + (k - 1) * within), (between - within) / between
        figures = f"{one:.3f} of one run, {mean:.3f} of the mean of {k}"
        line(f"share of variance that is the networks', {name}", figures, "")
        line("  standard deviation of a run, and of a mean", f"{within**0.5:.4f}, {(within / k) ** 0.5:.4f}", "")


def _of(ordered: Sequence[Any], name: str, form: str) -> str:
    return ", ".join(form.format(getattr(ordered[index], name)) for index in (0, len(ordered) // 2, -1))


if __name__ == "__main__":
    main()
