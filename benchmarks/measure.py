"""Timing in turns: A B A B, so that a machine whose speed drifts does not favour one."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Seconds of several runs."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"{show(self.median)} ({show(low)} to {show(high)})"


def in_turns(
    actions: Mapping[str, Callable[[], object]],
    runs: int,
    *,
    warm_up: int = 1,
    loops: int = 1,
    turns: int = 1,
    between: Callable[[], object] | None = None,
) -> dict[str, Times]:
    """Seconds of each action, all timed once a round.

    loops: a short action is run so often in a row, and its mean taken.
    turns: a round goes so often through all actions, back and forth, and takes each one's mean: what the machine does
        besides then falls on all of them.
    between: called before each action, outside its time.
    The garbage collector rests meanwhile, as in timeit.
    """
    for _ in range(warm_up):
        for action in actions.values():
            action()
    order = list(actions)
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(runs):
        sums = dict.fromkeys(actions, 0.0)
        for _ in range(turns):
            for name in order:
                if between:
                    between()
                gc.collect()
                gc.disable()
                begin = time.perf_counter()
                for _ in range(loops):
                    actions[name]()
                sums[name] += time.perf_counter() - begin
                gc.enable()
            order.reverse()
        for name, total in sums.items():
            seconds[name].append(total / (loops * turns))
    return {name: Times(values) for name, values in seconds.items()}


def ratio(a: Times, b: Times) -> str:
    """The median of a over b, round by round, with its spread."""
    ratios = [x / y for x, y in zip(a.seconds, b.seconds, strict=True)]
    return f"{statistics.median(ratios):.3f} ({min(ratios):.2f} to {max(ratios):.2f})"


def show(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def line(name: str, figure: str, wanted: str) -> None:
    """One line of a report: what was measured, the figure, and what it is held against."""
    print(f"{name:<58} {figure:<44} {wanted}", flush=True)
