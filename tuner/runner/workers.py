"""The driver's workers: kept at their number, listened to, replaced, ended together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from factory.errors import FactoryError
from tuner.runner.process import Worker
from tuner.runner.transport import BaseWorkers

GRACE = 20.0
"""Seconds that workers have to write a checkpoint when the sweep is interrupted."""
START_SECONDS = 600.0
"""A worker that is not ready by then is replaced."""
START_DEATHS = 3
"""So many deaths in a row before being ready end the sweep: TensorFlow does not start here."""
LEFT_OVER_SECONDS = 10.0
"""A worker of a dead driver that is still there after so long, since it hangs, is killed."""


class Workers(BaseWorkers[Worker]):
    """So many worker processes. trainer: module:name of what runs trials. threads: those of each worker."""

    def __init__(self, directory: Path, count: int, trainer: str, threads: int):
        super().__init__(directory, count)
        self.trainer, self.threads = trainer, threads
        self.deaths = 0

    def start(self, wanted: int) -> None:
        if not self.all:
            self.directory.mkdir(parents=True, exist_ok=True)
            _end_left_over(self.directory)
        while len(self.all) < min(wanted, self.count):
            self.all.append(self._begin(len(self.all)))

    def listen(self, seconds: float) -> Iterator[tuple[Worker, dict[str, Any] | None]]:
        by_connection = {worker.connection: worker for worker in self.all}
        for connection in wait(list(by_connection), seconds):
            worker = by_connection[connection]  # type: ignore[index]
            message = worker.receive()
            if message is not None and message["kind"] == "ready":
                worker.ready, worker.device, self.deaths = True, message["device"], 0
            elif message is None and not worker.ready:
                self._died_at_start(worker)
            else:
                yield worker, message
        for worker in self.all:
            if not worker.ready and worker.seconds > START_SECONDS:
                worker.dump()
                worker.process.kill()  # its connection tells of it

    def replace(self, worker: Worker) -> None:
        worker.kill()
        self.all[worker.place] = self._begin(worker.place)

    def interrupt(self) -> None:
        for worker in self.all:
            worker.interrupt()
        until = time.monotonic() + GRACE
        for worker in self.all:
            while worker.process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
                while worker.connection.poll():  # it may be telling something and wait to be heard
                    if worker.receive() is None:
                        break
        self.close()

    def close(self) -> None:
        for worker in self.all:
            worker.kill()
        self.all.clear()

    def _begin(self, place: int) -> Worker:
        return Worker(self.directory, place, self.trainer, self.threads)

    def _died_at_start(self, worker: Worker) -> None:
        self.deaths += 1
        if self.deaths >= START_DEATHS:
            raise FactoryError(f"workers do not start: {worker.fate()}; {worker.log} ends with\n{worker.tail()}")
        self.replace(worker)


def _end_left_over(directory: Path) -> None:
    """Waits until no worker of an earlier driver is left; one that hangs and has not heard of its end is killed."""
    for path in sorted(directory.glob("*.lock")):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=LEFT_OVER_SECONDS)
        except Timeout:  # whoever holds the lock lives, and its number is in the file beside
            psutil.Process(int(path.with_suffix(".pid").read_text())).kill()
            lock.acquire(timeout=LEFT_OVER_SECONDS)
        lock.release()
