"""TensorBoard's view of a sweep, kept up to date while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tuner.analysis.hparams import write_hparams
from tuner.store import Store, TrialRecord
from tuner.sweep.sweep import Sweep


class Board:
    """The files of the HParams view. Where they cannot be written the sweep goes on, and its next call tries again."""

    def __init__(self, sweep: Sweep, store: Store, say: Callable[[str], None]):
        self.directory, self.space, self.say = store.directory, sweep.space, say
        self.objectives = [objective.name for objective in sweep.objectives]

    def show(self, records: Sequence[TrialRecord]) -> None:
        """Files what is new among these trials."""
        try:
            write_hparams(self.directory, self.space, self.objectives, records)
        except OSError as error:
            self.say(f"{error.filename}: nothing was written for TensorBoard: {error.strerror or error}")
