"""Error distributions of a space and its sub-spaces (Radosavovic et al. 2019, "On Network Design Spaces", section 3).

A loss here is what is better the smaller it is: an error, or an accuracy with a minus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuner.landscape.bootstrap import Interval, interval, resamples
from tuner.landscape.groups import groups_of
from tuner.landscape.landscape import Landscape

ALL = "all"


@dataclass(frozen=True, eq=False)
class Distribution:
    """The errors of the points of a sub-space, of one `dimension` and its value `label`; "all" has neither.

    at: (steps,) values of the objective, the better ones first, spaced so that each step adds points. share: (steps,)
    of the points that are better than that, the empirical distribution function (equation 1 there); low, high: its 95 %
    band, point by point. best, median: values of the objective. beats: the probability that a point of the sub-space is
    better than one of the rest, ties counted half; 0.5 where the sub-space does not matter; None of "all".
    """

    dimension: str
    label: str
    count: int
    best: float
    median: Interval
    beats: Interval | None
    at: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray


def distributions(landscape: Landscape, random: np.random.Generator, steps: int = 101) -> list[Distribution]:
    """Of all points, then of the groups of every dimension, each seen at the same values from the best to the worst."""
    losses = landscape.losses
    evenly = np.quantile(losses, np.linspace(0, 1, steps), method="inverted_cdf")
    at = np.append(np.unique(evenly), np.nextafter(losses.max(), np.inf))
    drawn = resamples(len(losses), random)
    everybody = np.ones(len(losses), bool)
    found = [_distribution(landscape, ALL, "", everybody, at, drawn)]
    for group in groups_of(landscape.space, landscape.points):
        found.append(_distribution(landscape, group.dimension, group.label, group.members, at, drawn))
    return found


def share_better(losses: np.ndarray, at: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """(..., steps): the share of the points below each loss of `at`, weights (..., points) counted; nan of none."""
    order = np.argsort(losses, kind="stable")
    each = np.ones(len(losses)) if weights is None else weights[..., order]
    below = np.concatenate([np.zeros((*each.shape[:-1], 1)), np.cumsum(each, axis=-1)], axis=-1)
    places = np.searchsorted(losses[order], at, side="left")
    with np.errstate(invalid="ignore"):
        return below[..., places] / below[..., -1:]


def medians(losses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(repeats,): the smallest loss that half of the points do not exceed, weights (repeats, points); nan of none."""
    order = np.argsort(losses, kind="stable")
    below = np.cumsum(weights[:, order], axis=1)
    half = (below >= below[:, -1:] / 2).argmax(axis=1)
    return np.where(below[:, -1] > 0, losses[order][half], np.nan)


def probability_better(losses: np.ndarray, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(repeats,): how probably one of the members is better than one of the others, by weights (repeats, points).

    Mann and Whitney's U over the number of pairs. nan where a resample has none of the one or the other.
    """
    levels, level = np.unique(losses, return_inverse=True)
    inside, outside = (_mass(weights * part, level, len(levels)) for part in (members, ~members))
    worse = outside.sum(axis=1, keepdims=True) - np.cumsum(outside, axis=1) + outside / 2
    with np.errstate(invalid="ignore"):
        return (inside * worse).sum(axis=1) / (inside.sum(axis=1) * outside.sum(axis=1))


def _mass(weights: np.ndarray, level: np.ndarray, levels: int) -> np.ndarray:
    """(repeats, levels): the weight of the points on each level."""
    order = np.argsort(level, kind="stable")
    return np.add.reduceat(weights[:, order], np.searchsorted(level[order], np.arange(levels)), axis=1).astype(float)


def _distribution(
    landscape: Landscape, dimension: str, label: str, members: np.ndarray, at: np.ndarray, drawn: np.ndarray
) -> Distribution:
    losses = landscape.losses
    mine, weights = losses[members], drawn[:, members]
    bands = share_better(mine, at, weights)
    low, high = np.nanquantile(bands[np.isfinite(bands[:, -1])], [0.025, 0.975], axis=0)
    middle = interval(medians(mine, np.ones((1, len(mine))))[0], medians(mine, weights))
    ends = sorted((landscape.value(middle.low), landscape.value(middle.high)))
    beats = None
    if not members.all():
        one = probability_better(losses, members, np.ones((1, len(losses))))[0]
        beats = interval(one, probability_better(losses, members, drawn))
    return Distribution(
        dimension,
        label,
        len(mine),
        landscape.value(float(mine.min())),
        Interval(landscape.value(middle.value), *ends),
        beats,
        np.array([landscape.value(loss) for loss in at]),
        share_better(mine, at),
        low,
        high,
    )
