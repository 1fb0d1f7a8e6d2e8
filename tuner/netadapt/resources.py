"""What a network is adapted to: a resource, how much of it is allowed, and the steps towards that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from factory.errors import FactoryError, did_you_mean
from factory.graph import Graph
from tuner.candidates import formulas


def cost_of(resource: str) -> Callable[[Graph], float]:
    """A function from a graph to what it costs: MACs, parameters, or milliseconds from the table of this machine.

    Raises FactoryError for a resource of another name.
    """
    if resource == "latency_ms":
        return _latency_ms
    if resource == "params":
        return lambda graph: graph.cost.params
    if resource == "macs":
        return _macs
    raise FactoryError(f"unknown resource '{resource}'; {did_you_mean(resource, ['macs', 'params', 'latency_ms'])}")


def _macs(graph: Graph) -> int:
    macs = graph.cost.macs
    if macs is None:
        raise FactoryError(f"the MACs of {graph.name} are known at run time only: give its input a resolution")
    return macs


def _latency_ms(graph: Graph) -> float:
    """By the table of this machine; what it lacks, as layers of new widths, is measured first."""
    from tuner.latency import estimate_latency_ms, measure_missing

    measure_missing([graph])
    return estimate_latency_ms(graph)


@dataclass(frozen=True)
class Steps:
    """How much less a network may cost after each step (Yang et al. 2018, section 3.1).

    target: what the last network may cost. first: the reduction of the first step, as a share of what the network costs
    at first; decay: each reduction is so many times the one before. The last step stops at the target.
    """

    target: float
    first: float = 0.08
    decay: float = 0.96

    def reduction(self, number: int, start: float) -> float:
        """By how much a step reduces a network that cost `start` at first; steps count from 1."""
        return self.first * self.decay ** (number - 1) * start

    def limit(self, number: int, start: float, now: float) -> float:
        """What the network may cost after a step, before which it costs `now`."""
        return max(self.target, now - self.reduction(number, start))

    def check(self, start: float) -> None:
        """Raises FactoryError where the target is no reduction, or so far that the steps never come to it."""
        if not 0 < self.target < start:
            raise FactoryError(f"the network costs {shown(start)} now: expected a target between 0 and that")
        reach = 1.0 if self.decay == 1 else self.first / (1 - self.decay)
        if self.target < start * (1 - reach):
            raise FactoryError(
                f"steps of {self.first:.1%}, each {self.decay:g} times the one before, add up to {reach:.1%} of "
                f"{shown(start)}: they never come to {shown(self.target)}; take greater steps, or a decay nearer to 1"
            )


@dataclass(frozen=True)
class Settings:
    """How a network is adapted.

    resource: macs, params or latency_ms. target: what may be left of it, `50%` or an amount. first, decay: see `Steps`.
    multiple: numbers of filters are multiples of this. short_steps: steps of training for every proposal, at a constant
    learning rate: short_rate times the peak of the recipe's. Raises FactoryError for numbers that cannot be.
    """

    resource: str = "macs"
    target: str = "50%"
    first: float = 0.08
    decay: float = 0.96
    multiple: int = 1
    short_steps: int = 40
    short_rate: float = 0.1

    def __post_init__(self) -> None:
        for name, good, wanted in (
            ("first", 0 < self.first <= 1, "a share above 0, at most 1"),
            ("decay", 0 < self.decay <= 1, "a factor above 0, at most 1"),
            ("multiple", self.multiple >= 1, "a whole number, at least 1"),
            ("short_steps", self.short_steps >= 0, "a whole number, at least 0"),
            ("short_rate", self.short_rate > 0, "a number above 0"),
        ):
            if not good:
                raise FactoryError(f"{name}: expected {wanted}, received {getattr(self, name)}")

    def steps(self, graph: Graph) -> Steps:
        """The steps from this network to the target. Raises FactoryError for one that they never come to."""
        start = cost_of(self.resource)(graph)
        steps = Steps(parse_amount(self.target, start), self.first, self.decay)
        steps.check(start)
        return steps


def parse_amount(text: str, start: float) -> float:
    """`50%` of `start`, or an amount: `150M`, `1.2G`, `8.5`. Raises FactoryError for anything else."""
    number = text.strip()
    share = start / 100 if number.endswith("%") else 1.0
    try:
        return share * formulas.parse_amount(number.removesuffix("%"))
    except FactoryError:
        raise FactoryError(f"expected an amount such as 50%, 150M or 8.5, received '{text}'") from None


def shown(amount: float) -> str:
    """An amount as a person reads it: 300,774,272 or 8.532."""
    return f"{amount:,.0f}" if amount >= 1000 else f"{amount:.4g}"
