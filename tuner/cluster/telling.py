"""What the driver in its actor would tell, kept for the command that follows it from another process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from tuner.runner.reporting import Progress, Reporter
from tuner.store import TrialRecord

Event = tuple[str, tuple[Any, ...]]
"""A method of a Reporter, and what it was called with."""


class Recorder:
    """A reporter that keeps what it hears. One thread may tell it things while another takes them."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()

    def take(self) -> list[Event]:
        """What was heard since the last call."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def say(self, line: str) -> None:
        self._events.append(("say", (line,)))

    def started(self, record: TrialRecord, progress: Progress) -> None:
        self._events.append(("started", (record, progress)))

    def epoch(self, number: int, run: int, row: Mapping[str, Any], progress: Progress) -> None:
        self._events.append(("epoch", (number, run, row, progress)))

    def finished(self, record: TrialRecord, progress: Progress) -> None:
        self._events.append(("finished", (record, progress)))

    def tick(self, progress: Progress) -> None:
        self._events.append(("tick", (progress,)))


def retell(events: Iterable[Event], reporter: Reporter) -> None:
    """Tells a reporter what another has kept."""
    for method, arguments in events:
        getattr(reporter, method)(*arguments)
