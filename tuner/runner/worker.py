"""A worker process: runs one trial after the other for a driver, and ends when the driver does.

Started by `tuner.runner.process`, never by hand: `python -m tuner.runner.worker FD TRAINER THREADS LOCK`.

What goes over the connection, each message a JSON object. From the driver: a task, {"task": ...}, and after each epoch
that is judged {"stop": true or false}. To the driver, by "kind": "ready" (device), "epoch" (run, row), "done" (results
of the runs), "failed" (reason, error, spent: whether the process should be replaced).
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from factory.files import write_whole
from tuner.garbage import uncollected
from tuner.runner.tasks import Run, Task

LOCK_SECONDS = 60
"""How long a worker waits for the one before it in its place to be gone."""


class Trainer(Protocol):
    """Runs trials; made once a worker. `tuner.runner.training` has the one that trains."""

    device: str

    def __init__(self, threads: int) -> None: ...

    def run(self, task: Task, line: Line) -> list[dict[str, Any]]:
        """The results of the runs; a stopped trial has those up to the one in which it was stopped.

        Each run leaves metrics.jsonl in its folder.
        """

    def tidy(self) -> None:
        """Gives back what the last trial took."""


class Line(ABC):
    """The way to the driver. judged: whether it is asked after each epoch of a first run if that goes on."""

    judged = False

    @abstractmethod
    def tell(self, kind: str, **content: Any) -> None: ...

    @abstractmethod
    def epoch(self, run: Run, row: Mapping[str, Any]) -> bool:
        """Tells of an epoch; whether the trial should stop now."""


class Pipe(Line):
    """A line to the driver's process. A thread of its own listens: when the driver is gone, so is this process."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="driver", daemon=True).start()

    def tell(self, kind: str, **content: Any) -> None:
        try:
            self.connection.send_bytes(json.dumps({"kind": kind, **content}).encode())
        except OSError:
            os._exit(1)

    def hear(self) -> dict[str, Any]:
        """The next message, waited for."""
        return self.inbox.get()

    def epoch(self, run: Run, row: Mapping[str, Any]) -> bool:
        self.tell("epoch", run=run.number, row=dict(row))
        return self.judged and run.number == 0 and bool(self.hear()["stop"])

    def _listen(self) -> None:
        while True:
            try:
                message = json.loads(self.connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(1)
            self.inbox.put(message)


def serve(line: Pipe, trainer: Trainer) -> None:
    """Runs what the driver sends, for ever."""
    line.tell("ready", device=trainer.device)
    while True:
        attempt(Task(**line.hear()["task"]), trainer, line)


def attempt(task: Task, trainer: Trainer, line: Line) -> None:
    """Runs a task, and tells what came of it."""
    print(f"---- trial {task.number}", flush=True)
    line.judged = task.judged
    try:
        results = trainer.run(task, line)
    except (Exception, SystemExit) as error:
        text = traceback.format_exc()
        print(text, flush=True)
        spent = isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
        line.tell("failed", reason=str(error) or type(error).__name__, error=text, spent=spent)
    else:
        line.tell("done", results=results)
    trainer.tidy()


def load_trainer(where: str, threads: int) -> Trainer:
    """The trainer of module:name, with so many threads."""
    module, _, name = where.partition(":")
    with uncollected():  # TensorFlow's modules come in a tenth sooner
        made = getattr(importlib.import_module(module), name)
    return made(threads)


def main() -> None:
    descriptor, where, threads, lock = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)  # the driver asks a trial that hangs where it is
    try:
        line = Pipe(Connection(descriptor))
        held = FileLock(lock)
        held.acquire(timeout=LOCK_SECONDS)
        write_whole(lock.with_suffix(".pid"), str(os.getpid()))
        serve(line, load_trainer(where, threads))
    except KeyboardInterrupt:
        os._exit(0)  # without waiting for TensorFlow's threads
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
