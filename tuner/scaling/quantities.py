"""What a network can be scaled to: costs that are known without training it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from factory.errors import FactoryError
from factory.spec import Spec, plan, totals


@dataclass(frozen=True)
class Quantity:
    """A cost of a network.

    measure: its value for a spec; None where it depends on an unknown input size. near: a network this near to a
    target, as a share of it, is near enough.
    """

    name: str
    measure: Callable[[Spec], float | None]
    near: float = 0.005

    def of(self, spec: Spec) -> float:
        """The value for a spec. Raises FactoryError where it is not known, or the network cannot be built."""
        value = self.measure(spec)
        if value is None:
            raise FactoryError(f"{spec.name}: the input size is 'any', and {self.name} unknown; give input.resolution")
        return value


def _latency_ms(spec: Spec) -> float:
    from tuner.latency import measured_latency_ms

    return measured_latency_ms(plan(spec))


QUANTITIES = {
    one.name: one
    for one in (
        Quantity("macs", lambda spec: totals(spec).macs),
        Quantity("params", lambda spec: totals(spec).params),
        Quantity("peak_memory", lambda spec: plan(spec).cost.peak_memory()),
        Quantity("latency_ms", _latency_ms, near=0.03),  # the table itself is no more exact
    )
}
"""By name. latency_ms measures the operations that the table of this machine lacks, in a process of its own."""
