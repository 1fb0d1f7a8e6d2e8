"""What the latencies of a space need measured, found in a sample and measured before a sweep runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from factory.errors import FactoryError
from factory.graph import Graph
from factory.spec import plan
from tuner.candidates.building import Candidates
from tuner.candidates.estimate import drawn
from tuner.latency import measure_missing


def measure_space(candidates: Candidates, tell: Callable[[int, int], object] = lambda done, of: None) -> int:
    """Measures the operations of the points that `estimate` looks at which the table lacks; returns how many.

    A space of stages has few operations beside its points: a sample has nearly all of them. What it has not is measured
    when a candidate asks for it. tell: told of progress, so many of so many.
    """
    candidates.measure_latency()
    return measure_missing(_networks(candidates), tell)


def _networks(candidates: Candidates) -> Iterator[Graph]:
    """The networks of the sample that can be built and fulfil the constraints which sums decide."""
    for point in drawn(candidates.space):
        try:
            sums = candidates.sums(point)
            if all(constraint.holds(sums) for constraint in candidates.constraints if constraint.additive):
                yield plan(candidates.network(point))
        except FactoryError:
            continue
