"""What the runs of a trial are worth: objectives over rows of metrics, averaged over seeds and folds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from factory.errors import FactoryError
from tuner.candidates.objectives import Objective

METRICS = "metrics.jsonl"


@dataclass(frozen=True)
class Worth:
    """Values of the objectives by name, and the scores, greater is better, in the objectives' order."""

    values: dict[str, float]
    scores: tuple[float, ...]


def worth(
    objectives: Sequence[Objective],
    runs: Sequence[tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]],
    costs: Mapping[str, float | None],
) -> Worth:
    """The mean over runs, each (rows of its epochs, its result). Raises FactoryError where one has no finite value."""
    values = {}
    for objective in objectives:
        values[objective.name] = fmean(objective.value(rows, result, costs) for rows, result in runs)
    return Worth(values, tuple(objective.score(values[objective.name]) for objective in objectives))


def epoch_score(objective: Objective, row: Mapping[str, Any], costs: Mapping[str, float | None]) -> float:
    """The score of a single epoch, as the stopping rule compares them; minus infinity where it has none."""
    try:
        return objective.score(objective.value([row], {}, costs))
    except FactoryError:
        return -math.inf


def read_rows(run: Path) -> list[dict[str, Any]]:
    """The rows of a run's epochs. Raises FactoryError where they cannot be read."""
    try:
        return [json.loads(line) for line in (run / METRICS).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise FactoryError(f"{run / METRICS}: cannot be read: {error}") from None
