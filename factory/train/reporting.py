"""What a run tells while it goes on, and to whom."""

from __future__ import annotations

from typing import Any, Protocol


class Reporter(Protocol):
    """Hears of a run; the command line draws it, a script may print it."""

    def say(self, line: str) -> None:
        """A line worth knowing: what was adapted, what is continued, what is odd."""

    def step(
        self, epoch: int, epochs: int, step: int, steps: int, images_per_second: float, seconds_left: float
    ) -> None:
        """Where the run is, several times a second at most; epochs and steps count from 1."""

    def epoch(self, row: dict[str, Any], epochs: int) -> None:
        """A finished epoch: its row of metrics.csv."""


class Silent:
    """Tells nobody."""

    def say(self, line: str) -> None:
        pass

    def step(
        self, epoch: int, epochs: int, step: int, steps: int, images_per_second: float, seconds_left: float
    ) -> None:
        pass

    def epoch(self, row: dict[str, Any], epochs: int) -> None:
        pass
