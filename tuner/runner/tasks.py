"""What a driver asks of a worker: one trial, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SPEC, RECIPE, STOPPED = "spec.yaml", "recipe.yaml", "stopped"
"""Files in a trial's folder: the resolved spec and recipe; the epoch after which the stopping rule has ended it."""


@dataclass(frozen=True)
class Task:
    """A trial to run: the network and the recipe in `folder`, on `data`, once for every seed and fold.

    until: after how many of the recipe's epochs it pauses, None to finish. continues: the folder of the trial
    whose runs it goes on from. judged: whether each epoch of its first run waits for the driver's word to go on.
    inherits: the folder of the trial with whose weights its networks begin. epochs: in place of the recipe's.
    """

    number: int
    folder: str
    data: str
    seeds: int = 1
    folds: int | None = None
    until: int | None = None
    continues: str | None = None
    judged: bool = False
    stopped: bool = False
    inherits: str | None = None
    epochs: int | None = None

    def runs(self) -> list[Run]:
        """Its runs, in order: for every seed every fold."""
        folds = [None] if self.folds is None else list(range(self.folds))
        pairs = [(seed, fold) for seed in range(self.seeds) for fold in folds]
        return [Run(number, seed, fold) for number, (seed, fold) in enumerate(pairs)]

    def plain(self) -> dict[str, Any]:
        """Its fields, for JSON; `Task(**task.plain())` is equal to it."""
        return asdict(self)


@dataclass(frozen=True)
class Run:
    """One run of a trial. seed: added to the recipe's. fold: the part to validate on, None where there are no folds."""

    number: int
    seed: int
    fold: int | None

    def inside(self, trial: str | Path) -> Path:
        """Its folder, in that of a trial."""
        return Path(trial) / f"run-{self.number}"
