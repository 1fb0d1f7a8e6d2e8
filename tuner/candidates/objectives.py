"""Objectives: what a sweep maximises or minimises, a metric of the run or an expression of metrics and costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Literal

from factory.errors import FactoryError, did_you_mean
from tuner.candidates.costs import QUANTITIES
from tuner.candidates.formulas import Formula

Take = Literal["best", "last", "average"]
Row = Mapping[str, Any]

MEASURES: dict[str, tuple[str, ...]] = {
    "classes": ("loss", "accuracy", "top5_accuracy"),
    "labels": ("loss", "f1", "exact_match"),
    "values": ("loss", "mean_absolute_error", "root_mean_squared_error"),
    "pixels": ("loss", "mean_iou", "accuracy"),
}
"""What an epoch measures, by the task of the data, and again with `val_` before it on the validation part."""
FEW = 10
"""With no more classes than this, nobody measures whether the true one is among the five most probable."""
OF_THE_RUN = {"seconds": "of training", "images_per_second": "in training, the median over the epochs"}
"""What a run has once, not in every epoch."""


def metrics(task: str | None = None, classes: int | None = None) -> list[str]:
    """The metrics of every epoch of a task and so many classes; all that there can be where that is not known."""
    tasks = MEASURES if task is None else [task]
    names = dict.fromkeys(name for one in tasks for name in MEASURES[one])
    if classes is not None and classes <= FEW:
        names.pop("top5_accuracy", None)
    return [*(f"val_{name}" for name in names), *names]


def known_names(task: str | None = None, classes: int | None = None) -> list[str]:
    """All that an objective can read."""
    return [*metrics(task, classes), *QUANTITIES, *OF_THE_RUN]


@dataclass(frozen=True)
class Objective:
    """One objective. name: its own, or its text; take: which epoch's value counts."""

    name: str
    formula: Formula
    maximize: bool
    take: Take = "best"

    @property
    def text(self) -> str:
        """The metric or expression as it was written."""
        return self.formula.text

    def value(self, rows: Sequence[Row], result: Row, costs: Mapping[str, float | None]) -> float:
        """The value of a run, finished or not: its best, its last or the mean over its epochs.

        rows: the epochs so far, as in metrics.jsonl; result: result.json of a finished run, else empty; costs: the
        candidate's. Raises FactoryError where there is no finite number.
        """
        constant = {**costs, **_of_the_run(rows, result)}
        if not self.formula.names - constant.keys():
            return self._finite(self._at({}, constant), "")
        if not rows:
            raise FactoryError(f"'{self.name}' has no value: the run has no epoch yet")
        if self.take == "last":
            return self._finite(self._at(rows[-1], constant), f" in epoch {len(rows)}")
        values = [self._at(row, constant) for row in rows]
        if self.take == "average":
            return self._finite(fmean(values), " on average")
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            raise FactoryError(f"'{self.name}' is no finite number in any of {len(rows)} epochs")
        return max(finite) if self.maximize else min(finite)

    def score(self, value: float) -> float:
        """The value as a score, of which more is better."""
        return value if self.maximize else -value

    def _at(self, row: Row, constant: Mapping[str, Any]) -> float:
        values = {**row, **constant}
        if missing := sorted(self.formula.names - values.keys()):
            hint = did_you_mean(missing[0], values, many=24)
            raise FactoryError(f"'{self.name}' needs '{missing[0]}', which the run has not measured; {hint}")
        return float(self.formula(values))

    def _finite(self, value: float, where: str) -> float:
        if not math.isfinite(value):
            raise FactoryError(f"'{self.name}' is {value}{where}, no finite number")
        return value


def _of_the_run(rows: Sequence[Row], result: Row) -> dict[str, float]:
    """The values of OF_THE_RUN, as far as there are any."""
    found: dict[str, float] = {}
    for name in OF_THE_RUN:
        if name in result:
            found[name] = result[name]
        elif measured := [row[name] for row in rows if name in row]:
            found[name] = measured[-1] if name == "seconds" else median(measured)
    return found
