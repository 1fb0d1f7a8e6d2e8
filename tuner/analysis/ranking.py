"""Which trials of a sweep are the best: one for a single objective, a front with a knee for several."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from tuner.analysis.pareto import front, hypervolume, knee
from tuner.store import Status, TrialRecord

MARGIN = 0.1
"""How far the reference point of a hypervolume is below the worst score, as a share of an objective's range."""


def scored(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Trials with scores that compare, each network once.

    Those that were answered from another trial are left out, and, where an algorithm begins with short trials, all but
    those that were given the most epochs so far.
    """
    found = [record for record in records if record.scores is not None and record.status != Status.COPIED]
    most = max(map(reach, found), default=0)
    return [record for record in found if reach(record) == most]


def reach(record: TrialRecord) -> float:
    """The epochs that a trial was given; infinity for all of the sweep's, and for one that inherited its weights."""
    return math.inf if record.epochs is None or record.inherits is not None else record.epochs


def best(records: Iterable[TrialRecord]) -> TrialRecord | None:
    """The trial to take: the best score, the earliest of equal ones; the knee of the front of several objectives."""
    found = scored(records)
    if not found:
        return None
    if objectives(found) > 1:
        return found[knee(scores(found))]
    return max(found, key=lambda record: (scores([record])[0, 0], -record.number))


def pareto_front(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """The trials that no other is better than in every objective, the best of the first objective first."""
    found = scored(records)
    on_it = [found[index] for index in front(scores(found))]
    return sorted(on_it, key=lambda record: (-scores([record])[0, 0], record.number))


def share_of_box(records: Iterable[TrialRecord]) -> float:
    """The hypervolume of the front as a share of a box around all trials; 1 where one trial is the best in everything.

    The box reaches from the best score of every objective to a tenth of its range below the worst: with the reference
    point in the corner of the front itself its ends would count for nothing (Ishibuchi et al. 2018). It compares the
    states of one sweep only: another sweep has another box.
    """
    found = scores(scored(records))
    low, high = found.min(axis=0), found.max(axis=0)
    searched = high > low  # an objective in which all are alike has no side
    if not searched.any():
        return 1.0
    places = (found[:, searched] - low[searched]) / (high - low)[searched]
    sides = places.shape[1]
    return hypervolume(places, [-MARGIN] * sides) / (1 + MARGIN) ** sides


def objectives(records: Sequence[TrialRecord]) -> int:
    """How many objectives the trials have; 0 where none has scores yet."""
    return next((len(record.scores) for record in records if record.scores is not None), 0)


def scores(records: Sequence[TrialRecord]) -> np.ndarray:
    """(trials, objectives) float64, of trials that have scores."""
    return np.array([record.scores for record in records], dtype="float64")
