"""Deeper, wider, larger images or all three: accuracy against cost of a small network, scaled and trained on CIFAR-10.

    python examples/scaling_cifar10.py DATA [--seeds 2] [--output DIR]
    python examples/scaling_cifar10.py

DATA is as in train_cifar10.py. Thirteen networks are trained with each seed: cifar10_small, and what two, four and
eight times its multiply-accumulates buy by each strategy; with two seeds and 10,000 images some 40 minutes on two idle
cores. The same command goes on with what a killed one has left. Results are filed in scaling_cifar10.json beside this
file, drawn in docs/scaling_cifar10.png and told in docs/scaling.md; without DATA these alone are made anew.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from train_cifar10 import unpack
from training import HERE

from factory.files import write_whole
from factory.spec import Spec
from tuner.scaling import QUANTITIES, STRATEGIES, Base, solve

RESULTS = HERE / "scaling_cifar10.json"
PICTURE = HERE.parent / "docs" / "scaling_cifar10.png"
PAGE = PICTURE.with_name("scaling.md")
WAYS = {"d": "depth", "w": "width", "r": "resolution", "dwr": "all three alike"}
TIMES = (2, 4, 8)
RECIPE = {
    "recipe": "scaling",
    "epochs": 8,
    "batch_size": 128,
    "optimizer": {"name": "adamw", "weight_decay": 0.02, "exclude": ["norm", "bias"]},
    "schedule": {"name": "cosine", "peak": 6e-3, "warmup_epochs": 1},
    "augment": [{"flip": "horizontal"}, {"translate": 0.12}],
    "ema": 0.98,
    "data": {"validation": 0},
}
"""The same for all: short, and with little regularisation."""


def networks() -> Iterator[tuple[str, int, Spec]]:
    """(strategy, times, spec) of each network, the small one first; it has no strategy."""
    base = Base.load(str(HERE / "scaling_cifar10.yaml"))
    yield "", 1, base.spec
    for times in TIMES:
        for name in WAYS:
            target = times * (base.totals.macs or 0)
            yield name, times, solve(base, STRATEGIES[name], QUANTITIES["macs"], target).nearest.member.spec


def train(data: Path, seeds: int, output: Path) -> None:
    """Trains what is not trained yet, and files the results after each network."""
    import factory
    from factory.models.quiet import quiet_tensorflow

    quiet_tensorflow()
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        for strategy, times, spec in networks():
            folder = output / f"{strategy or 'base'}-{times}-{seed}"
            result = factory.fit(spec, data, {**RECIPE, "seed": seed}, folder).result
            costs = factory.totals(spec)
            row = {"strategy": strategy, "times": times, "seed": seed, "macs": costs.macs, "params": costs.params}
            row |= {"scale": spec.scale.model_dump(), "accuracy": result["test"]["accuracy"]}
            row |= {"train_accuracy": result["train"]["accuracy"], "seconds": round(result["seconds"])}
            rows.append(row)
            print(json.dumps(row), flush=True)
            lines = ",\n".join(json.dumps(one) for one in rows)
            write_whole(RESULTS, f'{{"recipe": {json.dumps(RECIPE)},\n"runs": [\n{lines}\n]}}\n')


def results() -> dict[str, list[tuple[float, list[float]]]]:
    """By strategy a line of points from the small network on: multiply-accumulates, test accuracy of each seed in %."""
    runs = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    lines: dict[str, list[tuple[float, list[float]]]] = {strategy: [] for strategy in WAYS}
    for strategy, line in lines.items():
        for times in (1, *TIMES):
            point = [run for run in runs if run["times"] == times and run["strategy"] in ("", strategy)]
            if point:
                line.append((point[0]["macs"], [100 * run["accuracy"] for run in point]))
    return lines


def table() -> str:
    """The chart as a table: multiply-accumulates and mean accuracy, in brackets that of each seed."""
    rows = ["| times | " + " | ".join(WAYS.values()) + " |", "|---" * (1 + len(WAYS)) + "|"]
    for index, times in enumerate((1, *TIMES)):
        cells = [_cell(*line[index]) if index < len(line) else "-" for line in results().values()]
        rows.append(f"| {times} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def page() -> str:
    """The page as it should be: its own text, with the table as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    return re.sub(r"(<!--table chart-->\n)(?:\|.*\n)*", lambda found: f"{found[1]}{table()}\n", text)


def _cell(macs: float, values: list[float]) -> str:
    each = f" ({', '.join(f'{value:.1f}' for value in values)})" if len(values) > 1 else ""
    return f"{macs / 1e6:.2f}M: {fmean(values):.1f} %{each}"


def draw() -> None:
    """The chart: a line a strategy, bars from the worst to the best seed."""
    from factory.draw.figures import line_style, new_figure, tidy, write_figure

    figure, [axes] = new_figure(6.5, 4.5)
    for index, (strategy, line) in enumerate(results().items()):
        means = [fmean(values) for _, values in line]
        ends = [[mean - min(values), max(values) - mean] for mean, (_, values) in zip(means, line, strict=True)]
        costs, bars = [macs / 1e6 for macs, _ in line], list(zip(*ends, strict=True))
        axes.errorbar(costs, means, bars, label=WAYS[strategy], marker="o", capsize=3, **line_style(index))
    axes.set_xscale("log", base=2)
    axes.set_xticks((1, *TIMES), [f"{times}" for times in (1, *TIMES)])
    tidy(axes, "multiply-accumulates of an image, millions", "test accuracy, %")
    axes.legend(frameon=False, title="scaled by")
    write_figure(figure, PICTURE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder with train/ and test/, or a .tar file of one")
    parser.add_argument("--seeds", type=int, default=2, help="so many trainings of each network")
    parser.add_argument("--output", type=Path, default=Path("runs/scaling_cifar10"), help="folder of the runs")
    given = parser.parse_args()
    if data := given.data:
        if not data.exists():
            parser.error(f"{data}: no such folder or .tar file")
        if data.is_file():  # a run goes on with the folder that it began with
            unpacked = given.output / "data"
            unpacked.mkdir(parents=True, exist_ok=True)
            data = next((found.parent for found in unpacked.glob("*/train")), None) or unpack(data, unpacked)
        train(data, given.seeds, given.output)
    elif not RESULTS.is_file():
        sys.exit(f"{RESULTS}: no such file; give DATA, and it is made")
    draw()
    write_whole(PAGE, page())
    print(f"{table()}\nwrote {PICTURE} and the table of {PAGE}")


if __name__ == "__main__":
    main()
