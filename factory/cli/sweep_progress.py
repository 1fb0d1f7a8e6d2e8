"""How a running sweep looks: a live line on a terminal, a plain line for each finished trial in a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from factory.cli.live import LiveLine
from factory.cli.output import human, milliseconds
from factory.cli.training import duration

if TYPE_CHECKING:
    from tuner.runner import Progress
    from tuner.store import TrialRecord

_BAR = 20
_WIDE = 160
"""Characters of an error on one line; the whole text is in the store."""
ENDS = {"FAILED": "failed", "TIMED_OUT": "timed out", "STOPPED": "stopped early"}


class SweepReporter(LiveLine):
    """Tells of a sweep on the terminal, or in a pipe."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: dict[int, str] = {}
        """What each running trial has last told."""

    def started(self, record: TrialRecord, progress: Progress) -> None:
        self.epochs[record.number] = ""
        self.tick(progress)

    def epoch(self, number: int, run: int, row: Mapping[str, Any], progress: Progress) -> None:
        self.epochs[number] = f" epoch {row['epoch']}" + (f" of run {run}" if run else "")
        self.tick(progress)

    def finished(self, record: TrialRecord, progress: Progress) -> None:
        self.epochs.pop(record.number, None)
        self.say(f"{progress.done:>{len(str(progress.trials))}}/{progress.trials}  {trial_line(record)}")
        self.tick(progress)

    def tick(self, progress: Progress) -> None:
        if self.live:
            self.show(progress_line(progress, self.epochs))


def trial_line(record: TrialRecord) -> str:
    """One finished trial: what came of it, how long it took, what it is."""
    ended = f" ({ENDS[record.status]})" if record.scores is None else ""
    took = "" if record.seconds is None else f", {duration(record.seconds)}"
    return f"{outcome(record)}{ended}{took}  {settings(record.point)}"


def outcome(record: TrialRecord) -> str:
    """trial 7: 0.9861 val_accuracy, 20.31k parameters, 577.9k MACs; or why there is nothing of the kind."""
    name = f"trial {record.number}"
    if record.scores is None:
        reason = record.error.strip().partition("\n")[0]
        short = reason if len(reason) <= _WIDE else reason[: _WIDE - 3] + "..."
        return f"{name}: {short or 'without a reason'}"
    parts = [f"{measure(value)} {objective}" for objective, value in record.values.items()]
    parts += [
        f"{human(record.costs[cost])} {label}"
        for cost, label in (("params", "parameters"), ("macs", "MACs"))
        if record.costs.get(cost) is not None and cost not in record.values
    ]
    latency = record.costs.get("latency_ms")
    if latency is not None and "latency_ms" not in record.values:
        parts.append(f"{milliseconds(latency)} ms")
    if record.status == "STOPPED":
        parts.append(ENDS[record.status])
    if record.copied_from is not None:
        parts.append(f"the same as trial {record.copied_from}")
    return f"{name}: {', '.join(parts)}"


def measure(value: float) -> str:
    """A value of an objective: 0.9861, 3,200, 385.8M."""
    return f"{value:.4f}" if abs(value) < 100 else human(value)


def settings(point: Mapping[str, Any]) -> str:
    """stages.s3.kernel=5 scale.width=1.2"""
    return " ".join(f"{name}={_short(value)}" for name, value in point.items())


def progress_line(progress: Progress, epochs: Mapping[int, str]) -> str:
    """Trials done, running, failed, best so far, time left."""
    filled = round(_BAR * min(progress.done / max(progress.trials, 1), 1))
    parts = [f"{progress.done}/{progress.trials} trials  {'━' * filled}{' ' * (_BAR - filled)}"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.running:
        running = ", ".join(f"{number}{epochs.get(number, '')}" for number in progress.running)
        parts.append(f"running: {running}")
    if progress.best is not None:
        first = next(iter(progress.best.values.items()), None)
        parts.append(f"best: trial {progress.best.number}" + (f", {first[0]} {measure(first[1])}" if first else ""))
    left = progress.seconds_left
    parts.append(f"{duration(progress.seconds)}" + ("" if left is None else f", about {duration(left)} left"))
    return "  ".join(parts)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
