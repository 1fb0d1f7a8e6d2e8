"""What a trial needs of a node, and how many find room on the nodes that are there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tuner.sweep.sections import TrialLimits


@dataclass(frozen=True)
class Needs:
    """cpus: cores, each a thread. gpus: whole ones, or a part of one. memory: bytes, 0 where nothing is reserved."""

    cpus: int = 1
    gpus: float = 0.0
    memory: float = 0.0

    @classmethod
    def of(cls, limits: TrialLimits) -> Needs:
        """Those of a sweep's trials."""
        return cls(limits.cpus or 1, limits.gpus, 1e9 * (limits.memory_gb or 0))

    def options(self) -> dict[str, Any]:
        """Ray's options of a task with these needs."""
        memory = {"memory": self.memory} if self.memory else {}
        return {"num_cpus": self.cpus, "num_gpus": self.gpus, **memory}

    def room(self, node: Mapping[str, float]) -> int:
        """How many trials fit a node of these resources, by Ray's names of them."""
        wanted = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory}
        return min(math.floor(node.get(name, 0.0) / amount + 1e-6) for name, amount in wanted.items() if amount)

    def __str__(self) -> str:
        parts = [_count(self.cpus, "CPU")]
        parts += [_count(self.gpus, "GPU")] if self.gpus else []
        parts += [f"{self.memory / 1e9:g} GB"] if self.memory else []
        return " and ".join(parts)


def told(nodes: Iterable[Mapping[str, float]], needs: Needs, workers: int) -> str:
    """A line on how so many workers fit nodes of these resources."""
    given = list(nodes)
    room = sum(needs.room(node) for node in given)
    cpus, gpus = (sum(node.get(name, 0.0) for node in given) for name in ("CPU", "GPU"))
    has = _count(cpus, "CPU") + (f", {_count(gpus, 'GPU')}" if gpus else "")
    line = f"cluster: {_count(len(given), 'node')}, {has}; "
    if room == 0:
        return f"{line}none has room for a trial of {needs}: trials wait until a larger one joins"
    if room < workers:
        return (
            f"{line}room for {_count(room, 'trial')} of {needs} at a time, {workers - room} of {workers} workers wait"
        )
    return f"{line}{_count(workers, 'worker')} of {needs}, room for {room}"


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}{'s' * (number != 1)}"
