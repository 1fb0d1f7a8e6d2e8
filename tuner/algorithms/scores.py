"""When a result counts: scores, all of them finite."""

from __future__ import annotations

import math

from tuner.algorithms.algorithm import Result


def finite_scores(result: Result | None) -> tuple[float, ...] | None:
    """The scores of a trial that has some and all of them finite; otherwise it has failed, or runs."""
    if result is None or result.scores is None or not all(math.isfinite(score) for score in result.scores):
        return None
    return result.scores
