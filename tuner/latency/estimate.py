"""The latency of a network, added up from the table of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factory.errors import FactoryError
from factory.graph import Graph
from tuner.latency import machine
from tuner.latency.table import CALL, read_table
from tuner.latency.units import Unit, units_of


class Unmeasured(FactoryError):
    """A network some of whose operations the table lacks. keys: of those."""

    def __init__(self, name: str, keys: Sequence[str], count: int):
        self.keys = keys
        shown = "; ".join(keys[:2]) + ("; ..." if len(keys) > 2 else "")
        super().__init__(
            f"{name}: {len(keys)} of its {count} operations have not been measured on this machine "
            f"({machine.name()}): {shown}\n    measure them once: factory latency {name}"
        )


@dataclass(frozen=True)
class StageLatency:
    """Milliseconds of the units of one stage, and how many they are."""

    stage: str
    units: int
    ms: float


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one image: call_ms, of calling the network at all, and those of its stages, in order."""

    call_ms: float
    stages: tuple[StageLatency, ...]

    @property
    def ms(self) -> float:
        """Of the whole network."""
        return self.call_ms + sum(stage.ms for stage in self.stages)


def estimate_latency_ms(graph: Graph) -> float:
    """Milliseconds of one image, batch 1, on this machine's CPU, by its table; to the microsecond.

    Raises Unmeasured, a FactoryError, where the table lacks an operation: it says which command measures it; and
    FactoryError where a size is known at run time only.
    """
    return round(latency_of(graph).ms, 3)


def latency_of(graph: Graph) -> Latency:
    """The same by stage."""
    table, units = read_table(), list(units_of(graph))
    lacking = missing(units)
    if lacking or CALL not in table:
        raise Unmeasured(graph.name, [unit.key for unit in lacking] or [CALL], len({unit for _, unit in units}))
    stages: dict[str, list[float]] = {}
    for stage, unit in units:
        stages.setdefault(stage, []).append(table[unit.key])
    return Latency(table[CALL], tuple(StageLatency(name, len(ms), sum(ms)) for name, ms in stages.items()))


def missing(units: Sequence[tuple[str, Unit]]) -> list[Unit]:
    """Those that the table lacks, each once."""
    table = read_table()
    return list({unit.key: unit for _, unit in units if unit.key not in table}.values())
