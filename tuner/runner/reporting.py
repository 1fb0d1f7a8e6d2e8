"""What a sweep tells while it goes on, and to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tuner.store import Status, TrialRecord


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    trials: the budget. counts: finished trials by status. running: numbers of those that run. best: by the first
    objective, None before any trial has scores. seconds: of searching so far, earlier calls included. seconds_left: an
    estimate, None before the first trial that was trained has ended.
    """

    trials: int
    counts: Mapping[Status, int] = field(default_factory=Counter)
    running: tuple[int, ...] = ()
    best: TrialRecord | None = None
    seconds: float = 0.0
    seconds_left: float | None = None

    @property
    def done(self) -> int:
        """Trials that are finished, whatever came of them."""
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """Trials that failed or took too long."""
        return self.counts.get(Status.FAILED, 0) + self.counts.get(Status.TIMED_OUT, 0)


class Reporter(Protocol):
    """Hears of a sweep; the command line draws it. All calls come from the thread that called `run`."""

    def say(self, line: str) -> None:
        """A line worth knowing: what is resumed, a worker that is replaced, a trial that is tried again."""

    def started(self, record: TrialRecord, progress: Progress) -> None:
        """A trial has begun to run, or goes on after an interruption, on a worker."""

    def epoch(self, number: int, run: int, row: Mapping[str, Any], progress: Progress) -> None:
        """An epoch of a trial's run (from 0) is finished: its row of metrics."""

    def finished(self, record: TrialRecord, progress: Progress) -> None:
        """A trial has ended, or was answered by a copy of another; what came of it is in the record."""

    def tick(self, progress: Progress) -> None:
        """Time has passed: a few times a second at most."""


class Silent:
    """Tells nobody."""

    def say(self, line: str) -> None:
        pass

    def started(self, record: TrialRecord, progress: Progress) -> None:
        pass

    def epoch(self, number: int, run: int, row: Mapping[str, Any], progress: Progress) -> None:
        pass

    def finished(self, record: TrialRecord, progress: Progress) -> None:
        pass

    def tick(self, progress: Progress) -> None:
        pass
