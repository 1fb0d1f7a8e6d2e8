"""What runs on a node: an attempt at one trial. A process runs one after the other, and imports TensorFlow once."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import ray
from filelock import FileLock

from tuner.cluster.mail import END, STOP
from tuner.runner.tasks import SPEC, Run, Task
from tuner.runner.worker import Line, Trainer, attempt, load_trainer

LOCK = "trial.lock"
"""Held in a trial's folder by the process that runs it: one that is to end may take a moment to."""
FREED_SECONDS = 120.0
"""A file system may take so long to free the locks of a machine that has died: the lease of NFS 4 is 90 seconds."""

_trainers: dict[str, tuple[Trainer, list[int]]] = {}
"""By name: this process's, and the numbers of the trials that it has run."""


class Superseded(BaseException):
    """The driver has given up this attempt. No trainer takes it for a failure."""


class Call(Line):
    """A line to the driver's actor. Each message waits until it is taken, so that none is lost and none comes late."""

    def __init__(self, driver: Any, ticket: str):
        self.driver, self.ticket = driver, ticket
        self.spent = False
        """Whether this process should run no more trials."""

    def tell(self, kind: str, **content: Any) -> None:
        self.spent = bool(content.get("spent"))
        self._ask({"kind": kind, **content}, False)

    def epoch(self, run: Run, row: Mapping[str, Any]) -> bool:
        size = psutil.Process().memory_info().rss
        message = {"kind": "epoch", "run": run.number, "row": dict(row), "memory": size}
        return self._ask(message, self.judged and run.number == 0) == STOP

    def _ask(self, message: dict[str, Any], waits: bool) -> str:
        """Raises Superseded where nobody listens any more."""
        answer = ray.get(self.driver.tell.remote(self.ticket, message, waits))
        if answer == END:
            raise Superseded
        return answer


def run_trial(driver: Any, ticket: str, plain: dict[str, Any], trainer: str, threads: int, log: str) -> None:
    """Runs the task of these fields and tells the driver all of it; what is printed meanwhile goes into a log.

    A node where trials cannot run, since it does not see the directory or cannot import what they need, is told of as
    "unready".
    """
    task, line = Task(**plain), Call(driver, ticket)
    if not (Path(task.folder) / SPEC).is_file():
        line.tell("unready", reason=f"{node_name()} does not see {task.folder}")
        return
    with _printing_to(Path(log)), FileLock(Path(task.folder) / LOCK, timeout=FREED_SECONDS):
        try:
            found, ran = _trainers[trainer] if trainer in _trainers else (load_trainer(trainer, threads), [])
        except Exception as error:
            line.tell("unready", reason=f"{node_name()} cannot train: {type(error).__name__}: {error}")
            return
        _trainers[trainer] = found, ran
        place = {"node": ray.get_runtime_context().get_node_id(), "pid": os.getpid()}
        line.tell("began", device=found.device, host=node_name(), tasks=len(ran), **place)
        ran.append(task.number)
        attempt(task, found, line)
    if line.spent:
        os._exit(1)  # Ray has no gentler way, and starts another


def node_name() -> str:
    """The address of this node, by which Ray's own reports call it."""
    return ray.util.get_node_ip_address()


def ask_for_threads(pid: int) -> None:
    """Has a process of this node write into its log where its threads are."""
    os.kill(pid, signal.SIGUSR1)


@contextmanager
def _printing_to(path: Path) -> Iterator[None]:
    """Whatever this process prints, from C too, goes to the end of a file."""
    with path.open("ab") as file:
        _flush()
        kept = [(number, os.dup(number)) for number in (1, 2)]
        for number, _ in kept:
            os.dup2(file.fileno(), number)
        faulthandler.register(signal.SIGUSR1, file, all_threads=True)
        try:
            yield
        finally:
            _flush()
            faulthandler.unregister(signal.SIGUSR1)
            for number, copy in kept:
                os.dup2(copy, number)
                os.close(copy)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
