"""Workers as a driver sees them, wherever they are: processes of this machine, tasks of a cluster."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from tuner.runner.tasks import Task

LOG_LINES = 30
"""So many lines of a worker's log come with the error of a trial that killed it."""


class BaseWorker(ABC):
    """One of the driver's places (from 0), in which one trial runs after the other.

    task: what it runs, None while it is idle; since: when that began, on the monotonic clock, or when it did itself.
    tasks: how many its process has ended. usual: its resident memory in bytes after the first of them, 0 before.
    log: what it prints; mark: how long that was when its task began.
    """

    lost = False
    """Whether a dead one died with its machine."""

    def __init__(self, directory: Path, place: int):
        self.place, self.name = place, f"worker-{place}"
        self.ready, self.device = False, ""
        self.task: Task | None = None
        self.since = time.monotonic()
        self.tasks, self.usual = 0, 0
        self.log, self.mark = directory / f"{place}.log", 0

    @abstractmethod
    def send(self, task: Task) -> None:
        """Gives it a task. Raises OSError where it is gone."""

    @abstractmethod
    def judge(self, stop: bool) -> None:
        """Answers an epoch: whether its trial stops here. Raises OSError where it is gone."""

    @abstractmethod
    def memory(self) -> int:
        """Resident memory in bytes, 0 where that is not known or it is gone."""

    @abstractmethod
    def dump(self) -> None:
        """Has it write into its log where its threads are."""

    @abstractmethod
    def fate(self) -> str:
        """Why a dead one is dead, in words."""

    @property
    @abstractmethod
    def killed(self) -> bool:
        """Whether a dead one was killed from outside, or may have been: no fault of its trial's."""

    @property
    def seconds(self) -> float:
        """How long it has been at its task, or, where it is not ready, starting."""
        return time.monotonic() - self.since

    def tail(self) -> str:
        """The last lines of its log, since its task began."""
        try:
            with self.log.open("rb") as file:
                file.seek(self.mark)
                lines = file.read().decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return ""
        return "\n".join(lines[-LOG_LINES:])


W = TypeVar("W", bound=BaseWorker)


class BaseWorkers(ABC, Generic[W]):
    """So many workers, kept at their number, listened to, replaced, ended together.

    DIR/workers/N.log has what the worker in place N printed.
    """

    def __init__(self, directory: Path, count: int):
        self.directory, self.count = directory, count
        self.all: list[W] = []

    @abstractmethod
    def start(self, wanted: int) -> None:
        """Has as many workers as are wanted, the full number at most."""

    @abstractmethod
    def listen(self, seconds: float) -> Iterator[tuple[W, dict[str, Any] | None]]:
        """Messages of workers in so many seconds, as `tuner.runner.worker` has them, None for the death of one.

        Raises FactoryError where workers do not start at all.
        """

    @abstractmethod
    def replace(self, worker: W) -> None:
        """Another in the place of a worker, which is killed if it lives."""

    @abstractmethod
    def interrupt(self) -> None:
        """Workers keep what they have and end, soon."""

    @abstractmethod
    def close(self) -> None:
        """Ends all that are left."""

    def idle(self) -> list[W]:
        return [worker for worker in self.all if worker.ready and worker.task is None]

    def busy(self) -> list[W]:
        return [worker for worker in self.all if worker.task is not None]
