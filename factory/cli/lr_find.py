"""`factory lr-find`: the learning rates that a network can learn with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import SpecName
from factory.cli.train import DataName, RecipeName, TrainSettings


def run(
    spec: SpecName,
    data: DataName = "digits",
    recipe: RecipeName = "base",
    settings: TrainSettings = None,
    lowest: Annotated[float, typer.Option("--lowest", help="The learning rate of the first step.")] = 1e-6,
    highest: Annotated[float, typer.Option("--highest", help="The learning rate of the last step.")] = 1.0,
    steps: Annotated[int, typer.Option("--steps", min=10, help="How many batches.")] = 100,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where lr_find.csv and lr_find.png are written.")
    ] = Path("."),
) -> None:
    """Raise the learning rate step by step, and see from where to where the loss falls."""
    from factory.cli.output import print_facts, progress
    from factory.cli.train import load_both
    from factory.draw.curves import learning_rate_plot
    from factory.draw.figures import check_drawing
    from factory.files import write_whole
    from factory.models.quiet import quiet_tensorflow

    loaded, chosen = load_both(spec, recipe, settings)
    check_drawing()
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.train.learner import Machine
    from factory.train.prepare import prepare
    from factory.train.range_test import range_test

    prepared = prepare(loaded, data, data, chosen, print)
    with progress("trying learning rates"):
        found = range_test(prepared, chosen, Machine(), lowest=lowest, highest=highest, steps=steps)
    output.mkdir(parents=True, exist_ok=True)
    rows = (f"{rate:.6g},{loss:.6g}\n" for rate, loss in zip(found.rates, found.losses, strict=True))
    write_whole(output / "lr_find.csv", "learning_rate,loss\n" + "".join(rows))
    learning_rate_plot(found.rates.tolist(), found.losses.tolist(), found.suggestion, output / "lr_find.png")
    print_facts(
        [
            ("tried", f"{found.rates[0]:.3g} to {found.rates[-1]:.3g} in {len(found.rates)} steps"),
            ("least loss", f"{found.losses.min():.4f} at {found.rates[found.losses.argmin()]:.3g}"),
            ("steepest", f"{found.suggestion:.3g}: a peak to begin with (--set recipe.learning_rate=...)"),
            ("files", f"{output / 'lr_find.csv'}, {output / 'lr_find.png'}"),
        ]
    )
