"""Measuring what the table lacks, in a process of its own: this one needs no TensorFlow and keeps its threads."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from factory.errors import FactoryError
from factory.graph import Graph
from tuner.latency.estimate import estimate_latency_ms
from tuner.latency.table import CALL, add, measuring, read_table
from tuner.latency.units import Unit, units_of

GROUP = 8
"""So many units are timed in turns, and kept: what the machine does besides falls on all of them alike."""
UNITS, NETWORKS = "units", "networks"
"""What the process is asked for."""
_THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "CUDA_VISIBLE_DEVICES")
"""Variables that would change how many threads it has; the machine's cores decide."""


class MeasuringFailed(FactoryError):
    """The process that measures could not be started, or has died: a fault of no network's."""


Tell = Callable[[int, int], object]
"""Told of progress: so many units are measured, of so many."""


def measured_latency_ms(graph: Graph) -> float:
    """`estimate_latency_ms`, after measuring what the table lacks. Raises MeasuringFailed where that fails."""
    measure_missing([graph])
    return estimate_latency_ms(graph)


def measure_missing(graphs: Iterable[Graph], tell: Tell = lambda done, of: None) -> int:
    """Measures the operations of these networks that the table lacks, and keeps them; returns how many there were.

    The first call starts a process, which takes seconds to import TensorFlow, and lasts as long as this one. What was
    measured is kept group by group: whoever is killed meanwhile goes on from there. Only one process of a machine
    measures at a time, others wait. Raises MeasuringFailed, a FactoryError, where the process fails, with what it said.
    """
    units = {unit.key: unit for graph in graphs for _, unit in units_of(graph)}
    if not _lacking(units.values()):
        return 0
    with measuring():
        lacking = _lacking(units.values())  # somebody may have measured them meanwhile
        for begin in range(0, len(lacking), GROUP):
            found = _process().ask(UNITS, lacking[begin : begin + GROUP])
            add({key: ms for key, ms in found.items() if key != CALL or CALL not in read_table()})
            tell(min(begin + GROUP, len(lacking)), len(lacking))
    return len(lacking)


def measure_networks(graphs: Sequence[Graph]) -> list[float]:
    """Milliseconds of one image for each network as a whole, timed in turns; nothing of it is kept."""
    with measuring():
        return _process().ask(NETWORKS, list(graphs))


def _lacking(units: Iterable[Unit]) -> list[Unit]:
    table = read_table()
    return [unit for unit in units if CALL not in table or unit.key not in table]


class _Process:
    """The process that measures. It ends when this one does, whose pipe it reads."""

    def __init__(self) -> None:
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        environment = {key: value for key, value in os.environ.items() if key not in _THREADS}
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tuner.latency.timing"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.said,
                env={"TF_CPP_MIN_LOG_LEVEL": "2", **environment, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "-1"},
                start_new_session=True,  # Ctrl-C is for this process: what is measured until then is kept
            )
        except OSError as error:
            raise MeasuringFailed(f"cannot start a process to measure latencies: {error.strerror or error}") from error

    def ask(self, what: str, things: Sequence[Any]) -> Any:
        """The answer to a request. Raises FactoryError where the process dies of it."""
        assert self.process.stdin and self.process.stdout
        line = b""
        try:
            with suppress(OSError):
                pickle.dump((what, things), self.process.stdin)
                self.process.stdin.flush()
                line = self.process.stdout.readline()
        finally:
            if not line:  # it has died, or nobody waits for its answer any more
                _process.cache_clear()
                self.process.kill()
        if not line:
            raise MeasuringFailed(f"measuring latencies failed: {self._last_words()}")
        return json.loads(line)

    def _last_words(self) -> str:
        code = self.process.wait()
        self.said.seek(0)
        lines = self.said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"its process ended with status {code}"


@cache
def _process() -> _Process:
    """The one of this process, started when it is first needed."""
    return _Process()
