"""Which value of a measure is better, and when waiting for a better one ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from factory.errors import FactoryError, did_you_mean
from factory.train.recipe.sections import EarlyStopping


def improves(measure: str, value: float, best: float | None, least: float = 0.0) -> bool:
    """Whether a value is better than the best so far by more than `least`: losses and errors fall, all else grows."""
    if best is None:
        return True
    return value < best - least if falls(measure) else value > best + least


def falls(measure: str) -> bool:
    return measure.endswith(("loss", "error"))


def runs_out(rule: EarlyStopping, history: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last `patience` epochs brought nothing. Raises FactoryError for a measure that there is not."""
    best, waited = None, 0
    for row in history:
        if rule.monitor not in row:
            hint = did_you_mean(rule.monitor, row, many=20)
            raise FactoryError(f"early_stopping.monitor: there is no measure '{rule.monitor}'; {hint}")
        if improves(rule.monitor, row[rule.monitor], best, rule.min_delta):
            best, waited = row[rule.monitor], 0
        else:
            waited += 1
    return waited >= rule.patience
