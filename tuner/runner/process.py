"""A worker process as its driver sees it: started, talked to, watched, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import psutil

from factory.errors import FactoryError
from tuner.runner.tasks import Task
from tuner.runner.transport import BaseWorker


class Worker(BaseWorker):
    """One worker process."""

    def __init__(self, directory: Path, place: int, trainer: str, threads: int):
        super().__init__(directory, place)
        self.connection, theirs = Pipe()
        lock = directory / f"{place}.lock"
        command = [sys.executable, "-P", "-m", "tuner.runner.worker"]
        command += [str(theirs.fileno()), trainer, str(threads), str(lock)]
        try:
            with self.log.open("ab") as log:
                self.mark = log.tell()
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs.fileno()],
                    env=_environment(place, threads),
                    start_new_session=True,  # Ctrl-C is the driver's, who passes it on
                )
        except OSError as error:
            raise FactoryError(f"cannot start a worker: {error.strerror or error}") from error
        finally:
            theirs.close()

    def send(self, task: Task) -> None:
        self.task, self.since, self.mark = task, time.monotonic(), self.log.stat().st_size
        self._tell({"task": task.plain()})

    def judge(self, stop: bool) -> None:
        self._tell({"stop": stop})

    def receive(self) -> dict[str, Any] | None:
        """A message that is there, None where the process has died."""
        try:
            return json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            return None

    def memory(self) -> int:
        try:
            return psutil.Process(self.process.pid).memory_info().rss
        except psutil.Error:
            return 0

    def interrupt(self) -> None:
        """Asks it to keep what it has and end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)

    def dump(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGUSR1)
        time.sleep(0.2)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()

    @property
    def killed(self) -> bool:
        """Whether it died of SIGKILL: somebody's hand, or the system's where memory runs out."""
        return self.process.wait() == -signal.SIGKILL

    def fate(self) -> str:
        code = self.process.wait()
        if code >= 0:
            return f"the worker process ended with exit status {code}"
        with suppress(ValueError):
            why = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
            return f"the worker process was killed by {signal.Signals(-code).name}{why}"
        return f"the worker process was killed by signal {-code}"

    def _tell(self, message: dict[str, Any]) -> None:
        self.connection.send_bytes(json.dumps(message).encode())


def _environment(place: int, threads: int) -> dict[str, str]:
    """This process's, with its search path for modules, and a GPU for each worker in turn where there are several."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    changes = {"PYTHONPATH": path, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
    gpus = _gpus()
    if len(gpus) > 1:
        changes["CUDA_VISIBLE_DEVICES"] = gpus[place % len(gpus)]
    return {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ, **changes}


def _gpus() -> list[str]:
    """The GPUs that processes may use, found without TensorFlow."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name]
    return sorted(path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*"))
