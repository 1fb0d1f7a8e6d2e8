"""Whether near points are alike: correlation over edit distance, and along random walks.

Ying et al. 2019, "NAS-Bench-101", section 4.3, after Weinberger 1990. The edit distance of two points is the number of
dimensions in which they differ: of cells whose edges and operations are dimensions, that of the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.landscape.bootstrap import Interval, interval, resamples
from tuner.landscape.landscape import Landscape
from tuner.space import Space
from tuner.space.numbers import NEARBY

MOST = 1_000
"""Of more points so many are looked at, drawn at random: the pairs grow with the square."""
REPEATS = 300
STEPS = 10
"""Steps of the random walks."""

Ends = tuple[float, float]
"""Of a 95 % interval."""


@dataclass(frozen=True)
class AtDistance:
    """Pairs of points at one edit distance. correlation: of their values, with its bootstrap interval. chance: the ends
    of 95 % of the correlations that are found where the values are dealt to the points at random.
    """

    distance: int
    pairs: int
    correlation: Interval
    chance: Ends


@dataclass(frozen=True)
class Walk:
    """Random walks without end through the points, from one to any that differs from it in one dimension.

    points: that have such a neighbour; of these the walk is. correlations: between the values 1 to STEPS steps apart,
    exact. chance: for each, as of AtDistance; after an even number of steps a walk may be where it was.
    """

    points: int
    correlations: tuple[float, ...]
    chance: tuple[Ends, ...]


@dataclass(frozen=True)
class Locality:
    """walk is None where no two points are neighbours, or all neighbours have the same value. looked_at: points."""

    distances: tuple[AtDistance, ...]
    walk: Walk | None
    looked_at: int

    @property
    def reach(self) -> int:
        """The largest distance up to which every correlation is surely above chance; 0 where none is."""
        reach = 0
        for one in self.distances:
            if one.distance != reach + 1 or not one.correlation.low > one.chance[1]:
                break
            reach = one.distance
        return reach


def locality(landscape: Landscape, random: np.random.Generator) -> Locality:
    """How alike near points are."""
    count = len(landscape)
    chosen = np.arange(count) if count <= MOST else np.sort(random.choice(count, MOST, replace=False))
    points, losses = [landscape.points[i] for i in chosen], landscape.losses[chosen]
    apart = edit_distances(landscape.space, points)
    dealt = np.array([random.permutation(losses) for _ in range(REPEATS)])
    return Locality(_by_distance(apart, losses, dealt, random), _walk(apart == 1, losses, dealt), len(points))


def edit_distances(space: Space, points: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(points, points) int: in how many dimensions each two differ.

    Values on a continuum differ where they lie further apart than the neighbours of a value do.
    """
    apart = np.zeros((len(points), len(points)), int)
    for dimension in space:
        there = np.array([dimension.name in point for point in points])
        if dimension.count is None:
            values = np.array([dimension.place(p[dimension.name]) if dimension.name in p else 0.0 for p in points])
            differ = np.abs(values[:, None] - values) > NEARBY * (1 + 1e-9)
        else:
            values = np.array([dimension.index(p[dimension.name]) if dimension.name in p else -1 for p in points])
            differ = values[:, None] != values
        apart += np.where(there[:, None] & there, differ, there[:, None] != there)
    return apart


def walk_correlations(neighbours: np.ndarray, values: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """(..., steps): the autocorrelation of values (..., points) along an endless walk over a graph, from 1 step on.

    neighbours: (points, points), 1.0 or 0.0, symmetric, each point with at least one. A walk takes each of a point's
    edges with the same probability, so that in the end it is at a point as often as that has edges; what is to be
    expected after s steps is the s-th power of its transition matrix times the values. nan where all values are equal.
    """
    edges = neighbours.sum(axis=1)
    often = edges / edges.sum()
    centred = values - (values @ often)[..., None]
    ahead, found = centred, []
    variance = (often * centred**2).sum(axis=-1)
    variance = np.where(variance > 1e-24 * np.square(values).max(axis=-1), variance, np.nan)
    for _ in range(steps):
        ahead = ahead @ neighbours / edges
        found.append((often * centred * ahead).sum(axis=-1) / variance)
    return np.stack(found, axis=-1)


def pair_correlation(pairs: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(repeats,): the mean product of the centred values of two points of a pair, over the variance of all points.

    pairs: (points, points), 1.0 for each; values and weights: (repeats, points). nan where there is no pair or no
    variance.
    """
    total = weights.sum(axis=1)
    mean = (weights * values).sum(axis=1) / total
    centred = values - mean[:, None]
    variance = (weights * centred**2).sum(axis=1) / total
    product = weights * centred
    number = ((weights @ pairs) * weights).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((product @ pairs) * product).sum(axis=1) / number / variance


def _by_distance(
    apart: np.ndarray, losses: np.ndarray, dealt: np.ndarray, random: np.random.Generator
) -> tuple[AtDistance, ...]:
    drawn = resamples(len(losses), random, REPEATS).astype(float)
    once = np.ones_like(losses)
    found = []
    for distance in range(1, int(apart.max(initial=0)) + 1):
        pairs = (apart == distance).astype(float)
        if not pairs.any():
            continue
        value = pair_correlation(pairs, losses[None], once[None])[0]
        samples = pair_correlation(pairs, np.broadcast_to(losses, drawn.shape), drawn)
        chance = _ends(pair_correlation(pairs, dealt, np.ones_like(dealt)))
        found.append(AtDistance(distance, int(pairs.sum()) // 2, interval(value, samples), chance))
    return tuple(found)


def _walk(neighbours: np.ndarray, losses: np.ndarray, dealt: np.ndarray) -> Walk | None:
    linked = neighbours.any(axis=1)
    if not linked.any():
        return None
    graph = neighbours[np.ix_(linked, linked)].astype(float)
    correlations = walk_correlations(graph, losses[linked])
    if not np.isfinite(correlations).all():
        return None
    chance = walk_correlations(graph, dealt[:, linked])
    return Walk(int(linked.sum()), tuple(correlations.tolist()), tuple(map(_ends, chance.T)))


def _ends(samples: np.ndarray) -> Ends:
    """Of 95 % of them."""
    _, low, high = interval(0.0, samples)
    return low, high
