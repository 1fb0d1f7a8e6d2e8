"""The driver's workers in a cluster: each is a place for Ray tasks, an attempt at a trial after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, TaskCancelledError, WorkerCrashedError

from factory.errors import FactoryError, first_line
from tuner.cluster.launching import Launch, dump_threads
from tuner.cluster.mail import GO, STOP, Mail
from tuner.runner.tasks import Task
from tuner.runner.transport import BaseWorker, BaseWorkers
from tuner.runner.workers import GRACE, START_DEATHS

DUMP_SECONDS = 10.0
"""How long a node may take to have a trial that hangs write where it is."""
KILLERS = (NodeDiedError, OutOfMemoryError, TaskCancelledError, WorkerCrashedError)
"""What an attempt dies of that is not, or not surely, its trial's fault."""


class RayWorker(BaseWorker):
    """A place for attempts. It is always ready: an attempt waits in Ray's queue until a node has room for it.

    driver: the actor, as those on other nodes know it.
    """

    def __init__(self, directory: Path, place: int, mail: Mail[RayWorker], driver: Any, launch: Launch):
        super().__init__(directory, place)
        self.ready = True
        self.mail, self.driver, self.launch = mail, driver, launch
        self.ticket = ""
        self.ref: Any = None
        self.error: Exception | None = None
        self.size = 0
        self.process: tuple[str, int] | None = None
        """Node and process id of the attempt; None before it has begun."""

    def send(self, task: Task) -> None:
        self.mail.close(self.ticket)
        self.task, self.ticket, self.process, self.size = task, uuid4().hex, None, 0
        self.error, self.lost = None, False
        self.mark = self.log.stat().st_size if self.log.is_file() else 0
        self.mail.expect(self.ticket, self)
        self.ref = self.launch(self.driver, self.ticket, task, str(self.log))
        self.mail.watch(self.ticket, self.ref)

    def judge(self, stop: bool) -> None:
        self.mail.answer(self.ticket, STOP if stop else GO)

    def hear(self, message: dict[str, Any]) -> None:
        """Learns what a message tells of the attempt itself."""
        if message["kind"] == "began":
            self.since, self.device, self.tasks = time.monotonic(), message["device"], message["tasks"]
            self.name, self.process = f"worker-{self.place}@{message['host']}", (message["node"], message["pid"])
        self.size = message.get("memory", self.size)

    @property
    def seconds(self) -> float:
        """How long the attempt has run, 0 while it waits for room."""
        return super().seconds if self.process else 0.0

    def memory(self) -> int:
        """At the end of the last epoch."""
        return self.size

    def dump(self) -> None:
        if self.process:
            dump_threads(*self.process, DUMP_SECONDS)

    def kill(self, force: bool = True) -> None:
        """Ends the attempt; without force it keeps what it has, as after Ctrl-C."""
        if force:
            self.mail.close(self.ticket)
        if self.ref is not None:
            with suppress(RayError, ValueError):
                ray.cancel(self.ref, force=force)

    @property
    def killed(self) -> bool:
        return self.lost or isinstance(self.error, KILLERS)

    def fate(self) -> str:
        if self.lost and isinstance(self.error, RayError):
            return f"the node of {self.name} was lost"
        if isinstance(self.error, OutOfMemoryError):
            return "the worker process was killed by Ray, as it does when memory runs out"
        if isinstance(self.error, WorkerCrashedError):
            return "the worker process crashed or was killed"
        return f"the worker process ended: {first_line(self.error) if self.error else 'no reason is known'}"


class RayWorkers(BaseWorkers[RayWorker]):
    """So many places for Ray tasks."""

    def __init__(self, directory: Path, count: int, mail: Mail[RayWorker], driver: Any, launch: Launch):
        super().__init__(directory, count)
        self.mail, self.driver, self.launch = mail, driver, launch
        self.unready = 0

    def start(self, wanted: int) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        while len(self.all) < min(wanted, self.count):
            self.all.append(self._place(len(self.all)))

    def listen(self, seconds: float) -> Iterator[tuple[RayWorker, dict[str, Any] | None]]:
        for worker, message in self.mail.collect(seconds):
            if isinstance(message, Exception):
                worker.error, worker.lost = message, _lost(message, worker.process)
                yield worker, None
            elif message["kind"] == "unready":
                self._not_ready(worker, message["reason"])
                yield worker, None
            else:
                self.unready = 0
                worker.hear(message)
                yield worker, message

    def replace(self, worker: RayWorker) -> None:
        worker.kill()
        self.all[worker.place] = self._place(worker.place)

    def interrupt(self) -> None:
        for worker in self.busy():
            worker.kill(force=False)
        until = time.monotonic() + GRACE
        while self.mail.under_way and time.monotonic() < until:
            time.sleep(0.02)
        self.close()

    def close(self) -> None:
        for worker in self.busy():
            worker.kill()
        self.all.clear()

    def _place(self, place: int) -> RayWorker:
        return RayWorker(self.directory, place, self.mail, self.driver, self.launch)

    def _not_ready(self, worker: RayWorker, reason: str) -> None:
        """A node on which no trial can run. Others may: it ends the sweep where it happens again and again."""
        self.unready += 1
        if self.unready >= START_DEATHS:
            raise FactoryError(f"trials do not start: {reason}")
        worker.error, worker.lost = FactoryError(reason), True


def _lost(error: Exception, process: tuple[str, int] | None) -> bool:
    """Whether an attempt has died with its node."""
    if isinstance(error, NodeDiedError):
        return True
    return process is not None and all(node["NodeID"] != process[0] or not node["Alive"] for node in ray.nodes())
