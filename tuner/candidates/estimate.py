"""What a sweep is about to do, before it does it: size of its space, share that is feasible, costs, time."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from factory.errors import FactoryError, SpecError, first_line
from tuner.candidates.building import Candidates
from tuner.candidates.constraints import Constraint
from tuner.candidates.costs import Costs
from tuner.candidates.data_facts import DataFacts
from tuner.latency import Unmeasured
from tuner.space import Point, Space

SAMPLES = 1_000
"""Points that are drawn; of a space that is not larger, each one is looked at."""

_Z = 1.959964  # of 95 %
_BACKWARD = 3  # a training step takes about three forward passes
_STARTING = 10.0  # seconds until the first step is done, measured with networks of the zoo
_STEP = 5e-3  # seconds of a step beside its arithmetic
_MACS_A_SECOND = 10e9  # of one core in training, measured: convolutions reach twice that, depthwise ones a third


class Range(NamedTuple):
    """Lowest, middle and highest cost."""

    low: float
    median: float
    high: float


class Look(NamedTuple):
    """A point; costs: None where it cannot be built, or is infeasible and nobody asked for costs of those."""

    point: Point
    feasible: bool
    costs: Costs | None


@dataclass(frozen=True)
class Estimate:
    """A look at a space.

    size: the number of points, infinite with a continuum; exact: whether all of them were looked at; share: of the
    points that are feasible, with low and high ends of its 95 % interval; costs: of the feasible ones, by quantity;
    obstacles: how many points each constraint keeps out, and what cannot be built, by its first error; rate: points a
    second; looks: the points, one by one; unmeasured: points whose latency is asked for and not known, undecided: those
    of them that only a constraint on it may keep out.
    """

    size: float
    looked_at: int
    feasible: int
    exact: bool
    share: float
    low: float
    high: float
    costs: dict[str, Range]
    obstacles: dict[str, int]
    rate: float
    looks: tuple[Look, ...]
    unmeasured: int = 0
    undecided: int = 0


def drawn(space: Space, samples: int = SAMPLES, seed: int = 0) -> Iterator[Point]:
    """Points at random, the same ones for the same seed; all of a space that is small."""
    random = np.random.default_rng(seed)
    return space.grid() if space.size <= samples else (space.sample(random) for _ in range(samples))


def estimate(candidates: Candidates, *, samples: int = SAMPLES, seed: int = 0, every_cost: bool = False) -> Estimate:
    """Looks at points drawn at random, the same ones for the same seed, or at all of a space that is small.

    A space with conditions is drawn from as it is searched at random: each value of a dimension that takes part is
    equally probable. every_cost: those that need a graph, too, where no constraint asks for them, and
    those of points that no more than a constraint keeps out.
    """
    space = candidates.space
    exact = space.size <= samples
    looks: list[Look] = []
    obstacles: Counter[str] = Counter()
    told: dict[str, str] = {}
    found: dict[str, list[float]] = {}
    unmeasured = undecided = 0
    seconds = -time.perf_counter()
    for point in drawn(space, samples, seed):
        obstacle = candidates.obstacle(point)
        costs: Costs | None = None
        if obstacle is None or (every_cost and isinstance(obstacle, Constraint)):
            try:
                costs = candidates.costs(point, every=every_cost)
            except FactoryError as error:
                obstacle = error
        looks.append(Look(point, obstacle is None, costs))
        if isinstance(obstacle, Unmeasured):
            undecided += 1
            continue
        unmeasured += candidates.latency and costs is not None and "latency_ms" not in costs
        if obstacle is not None:
            name, words = (obstacle.text,) * 2 if isinstance(obstacle, Constraint) else _place_and_words(obstacle)
            obstacles[name] += 1
            told.setdefault(name, words)
            continue
        for name, value in (costs or {}).items():
            if value is not None:
                found.setdefault(name, []).append(value)
    seconds += time.perf_counter()
    looked_at, feasible = len(looks), sum(look.feasible for look in looks)
    low, high = (feasible / looked_at,) * 2 if exact else wilson(feasible, looked_at)
    return Estimate(
        size=space.size,
        looked_at=looked_at,
        feasible=feasible,
        exact=exact,
        share=feasible / looked_at,
        low=low,
        high=high,
        costs={name: _range(values) for name, values in found.items()},
        obstacles={told[name]: count for name, count in obstacles.most_common()},
        rate=looked_at / seconds,
        looks=tuple(looks),
        unmeasured=unmeasured + undecided,
        undecided=undecided,
    )


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): right for shares near 0 and 1, too."""
    share, square = hits / trials, _Z**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def trial_seconds(macs: float, facts: DataFacts, *, epochs: float, batch_size: int, cores: float = 1.0) -> float:
    """About how long a trial takes on so many cores of a CPU, within a factor of three for common networks.

    From the multiply-accumulates of an image, and what was measured of starting and stepping; a GPU is much faster.
    """
    steps = math.ceil(facts.samples / batch_size) * epochs
    return _STARTING + steps * _STEP + epochs * facts.samples * macs * _BACKWARD / (_MACS_A_SECOND * cores)


def _range(values: Sequence[float]) -> Range:
    whole = all(isinstance(value, int) for value in values)
    middle = float(np.median(values))
    return Range(min(values), int(middle) if whole else middle, max(values))


def _place_and_words(error: FactoryError) -> tuple[str, str]:
    """Where in the spec an error is, by which errors are counted, and what it says."""
    if isinstance(error, SpecError):
        first = error.problems[0]
        return first.path, f"{first.path}: {first.message}"
    return str(error), first_line(error)
