"""Tables of latencies that nobody measured, for tests of what reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.graph import Graph
from tuner.latency import machine
from tuner.latency.table import CALL, add, measuring
from tuner.latency.units import Unit, units_of

CALL_MS = 0.125


def made_up_ms(unit: Unit) -> float:
    """So many thousands of the values that it reads: large enough to be told from rounding."""
    size = 1
    for shape in unit.inputs:
        for side in shape:
            size *= int(side or 1)
    return size / 1024


def fill(*graphs: Graph) -> None:
    """Puts made-up latencies of all that these networks need into the table."""
    with measuring():
        add({CALL: CALL_MS, **{unit.key: made_up_ms(unit) for graph in graphs for _, unit in units_of(graph)}})


def own_table(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """An empty table in a folder of its own; returns where it will be."""
    patch.setenv(machine.CACHE, str(folder))
    return machine.table_path()
