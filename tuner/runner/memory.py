"""How large a worker may become."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from tuner.runner.transport import BaseWorker
from tuner.sweep.sections import TrialLimits

GROWTH = 500e6
"""Bytes by which a worker may grow after its first trial: TensorFlow keeps a few MB of every network it has traced."""
SHARE = 0.8
"""The share of the machine's memory that all workers together may have, where the sweep sets no limit."""


@dataclass(frozen=True)
class Bound:
    """at_most: bytes of resident memory. always: whether it holds during a trial, too, since the sweep sets it."""

    at_most: float
    always: bool
    growth: float = GROWTH

    @classmethod
    def of(cls, limits: TrialLimits, workers: int) -> Bound:
        """The bound of each of so many workers."""
        if limits.memory_gb is not None:
            return cls(1e9 * limits.memory_gb, True)
        return cls(SHARE * psutil.virtual_memory().total / workers, False)

    def exceeded(self, worker: BaseWorker) -> str:
        """In words, how a worker is too large; "" where it is not."""
        idle = worker.task is None
        if not (worker.tasks if idle else self.always):
            return ""
        size = worker.memory()
        if idle and not worker.usual:
            worker.usual = size
        if size > self.at_most:
            return f"{worker.name} has {_gb(size)}, more than {_gb(self.at_most)}"
        if idle and worker.usual and size > worker.usual + self.growth:
            return f"{worker.name} has grown from {_gb(worker.usual)} to {_gb(size)} in {worker.tasks} trials"
        return ""


def _gb(size: float) -> str:
    return f"{size / 1e9:.2f} GB"
