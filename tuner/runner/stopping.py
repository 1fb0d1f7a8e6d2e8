"""Early stopping of weak trials: the median rule."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuner.candidates.objectives import Objective
from tuner.runner.scoring import epoch_score, read_rows
from tuner.store import TrialRecord
from tuner.sweep.sections import StopRule


class MedianRule:
    """Stops a trial whose best is worse than the median of the others' averages, at the same epoch.

    Google Vizier (Golovin et al. 2017), section 3.2.2: "stops a pending trial at step s if the trial's best objective
    value by step s is strictly worse than the median value of the running averages of all completed trials' objectives
    reported up to step s". Trials that were stopped are not among the completed.
    """

    def __init__(self, rule: StopRule):
        self.rule = rule
        self.averages: dict[int, list[float]] = {}

    def complete(self, number: int, scores: Sequence[float]) -> None:
        """A trial has run to its end, with these scores of its epochs, greater is better."""
        total, averages = 0.0, []
        for epoch, score in enumerate(scores, 1):
            total += score
            averages.append(total / epoch)
        self.averages[number] = averages

    def stops(self, scores: Sequence[float]) -> bool:
        """Whether a trial with these scores so far should go no further."""
        epoch = len(scores)
        others = [averages[epoch - 1] for averages in self.averages.values() if len(averages) >= epoch]
        if epoch < self.rule.after or len(others) < self.rule.trials:
            return False
        return max(scores) < statistics.median(others)


class Judge:
    """Applies the rule to the first runs of a sweep's trials, by the first objective's value of each epoch."""

    def __init__(self, rule: StopRule, objective: Objective):
        self.rule, self.objective = MedianRule(rule), objective
        self.scores: dict[int, list[float]] = {}
        """Of the epochs of running trials, by number."""

    def stops(self, record: TrialRecord, row: Mapping[str, Any], run: Path) -> bool:
        """Whether a trial should go no further after an epoch. run: the folder of its run, with the epochs before."""
        scores = self.scores.setdefault(record.number, [])
        if len(scores) != row["epoch"] - 1:  # it goes on from a checkpoint, here or in another process
            scores[:] = [self._score(record, one) for one in read_rows(run) if one["epoch"] < row["epoch"]]
        scores.append(self._score(record, row))
        return self.rule.stops(scores)

    def complete(self, record: TrialRecord, rows: Sequence[Mapping[str, Any]]) -> None:
        """A trial has run to its end, with these epochs."""
        self.scores.pop(record.number, None)
        self.rule.complete(record.number, [self._score(record, row) for row in rows])

    def _score(self, record: TrialRecord, row: Mapping[str, Any]) -> float:
        return epoch_score(self.objective, row, record.costs)
