"""What `factory sweep FILE` does: it begins or goes on with a sweep, and tells what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from factory.cli.sweep_progress import SweepReporter
from factory.cli.sweep_tables import print_best, print_status

if TYPE_CHECKING:
    from tuner import Sweep
    from tuner.store import Store


def run_sweep(sweep: Sweep, directory: Path, workers: int | None, *, fresh: bool, cluster: str | None = None) -> None:
    """Searches, and prints the best or the front. Exits with 2 where all of the budget has brought no score.

    cluster: the address of a Ray cluster on which trials run, "auto" for the one that this machine is a part of.
    """
    from tuner.analysis.ranking import best
    from tuner.analysis.status import read_state

    if fresh:
        from factory.cli.sweep_fresh import clear

        clear(directory)
    for line in sweep.notes:
        print(line)
    with SweepReporter() as reporter:
        store = _searched(sweep, directory, workers, cluster, reporter)
    with store:
        state = read_state(store)
    if best(state.records) is not None:
        print_best(state.records, directory)
        return
    print_status(state, directory)
    if state.done >= state.trials:
        raise typer.Exit(2)


def _searched(
    sweep: Sweep, directory: Path, workers: int | None, cluster: str | None, reporter: SweepReporter
) -> Store:
    if cluster is not None:
        from tuner.cluster import run as run_on_cluster

        return run_on_cluster(sweep, directory, cluster, reporter=reporter, workers=workers)
    from tuner.runner import run

    return run(sweep, directory, reporter=reporter, workers=workers)
