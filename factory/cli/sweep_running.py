"""What `factory sweep FILE` does: it begins or goes on with a sweep, and tells what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from factory.cli.sweep_progress import SweepReporter
from factory.cli.sweep_tables import print_best, print_status

if TYPE_CHECKING:
    from tuner import Sweep
    from tuner.runner import Progress
    from tuner.store import TrialRecord


def run_sweep(sweep: Sweep, directory: Path, workers: int | None, *, fresh: bool) -> None:
    """Searches, and prints the best or the front. Exits with 2 where all of the budget has brought no score."""
    from tuner.analysis.ranking import best
    from tuner.analysis.status import read_state
    from tuner.runner import run

    if fresh:
        from factory.cli.sweep_fresh import clear

        clear(directory)
    for line in sweep.notes:
        print(line)
    with _Recorder(sweep, directory) as reporter:
        store = run(sweep, directory, reporter=reporter, workers=workers)
    with store:
        state = read_state(store)
    reporter.record(state.records)
    if best(state.records) is not None:
        print_best(state.records, directory)
        return
    print_status(state, directory)
    if state.done >= state.trials:
        raise typer.Exit(2)


class _Recorder(SweepReporter):
    """Tells of a sweep, and files each finished trial for TensorBoard."""

    def __init__(self, sweep: Sweep, directory: Path):
        super().__init__()
        self.sweep, self.directory = sweep, directory
        self.objectives = [objective.name for objective in sweep.objectives]

    def finished(self, record: TrialRecord, progress: Progress) -> None:
        self.record([record])
        super().finished(record, progress)

    def record(self, records: Sequence[TrialRecord]) -> None:
        """Files what is new among these trials. Where that fails the sweep goes on, and its next call tries again."""
        from tuner.analysis.hparams import write_hparams

        try:
            write_hparams(self.directory, self.sweep.space, self.objectives, records)
        except OSError as error:
            self.say(f"{error.filename}: nothing was written for TensorBoard: {error.strerror or error}")
