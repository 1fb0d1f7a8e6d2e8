"""How an attempt at a trial becomes a Ray task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tuner.cluster.needs import Needs
from tuner.cluster.trial import ask_for_threads, run_trial
from tuner.runner.tasks import Task

TRIALS_A_PROCESS = 50
"""TensorFlow keeps a few MB of every network it has traced. On a GPU a process runs one: its end frees the memory."""


class Launch(Protocol):
    """Begins an attempt: `tuner.cluster.mail` has its ticket, `driver` is the actor that it talks to."""

    def __call__(self, driver: Any, ticket: str, task: Task, log: str) -> ray.ObjectRef: ...


@dataclass(frozen=True)
class TaskLauncher:
    """Trials as tasks with these needs. Ray tries none again: the driver does, who knows what they had done."""

    trainer: str
    needs: Needs

    def __call__(self, driver: Any, ticket: str, task: Task, log: str) -> ray.ObjectRef:
        return self._task.remote(driver, ticket, task.plain(), self.trainer, self.needs.cpus, log)

    @cached_property
    def _task(self) -> Any:
        calls = 1 if self.needs.gpus else TRIALS_A_PROCESS
        return ray.remote(max_retries=0, max_calls=calls, **self.needs.options())(run_trial)


def on_node(function: Any, node: str, **options: Any) -> Any:
    """A function, or class, as Ray runs it on this node, by its id, whatever runs there already."""
    strategy = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(function).options(num_cpus=0, scheduling_strategy=strategy, **options)


def dump_threads(node: str, pid: int, seconds: float) -> None:
    """Has a process of a node write where its threads are, and waits so long at most until it has."""
    ray.wait([on_node(ask_for_threads, node).remote(pid)], timeout=seconds)
