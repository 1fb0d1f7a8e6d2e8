"""The one actor of a sweep: oracle, store and driver, which goes on from the store wherever it starts anew."""

from __future__ import annotations

import asyncio
import zlib
from pathlib import Path
from typing import Any

import ray
from ray import cloudpickle

from tuner.cluster.launching import Launch
from tuner.cluster.mail import END, Mail
from tuner.cluster.telling import Event, Recorder
from tuner.cluster.workers import RayWorker, RayWorkers
from tuner.runner.memory import Bound
from tuner.runner.session import drive
from tuner.sweep.sweep import Sweep


class OracleActor:
    """Searches in a thread of its own, while its event loop takes what trials tell and hands on what is worth telling.

    Ray starts it anew where its process dies, and calls `search` again: attempts of the earlier one are ended by Ray
    with it, and what they tell is answered with END.

    packed: the sweep, pickled and compressed.
    """

    drive = staticmethod(drive)

    def __init__(self, packed: bytes, directory: str, count: int, launch: Launch):
        self.sweep: Sweep = cloudpickle.loads(zlib.decompress(packed))
        self.directory, self.count, self.launch = Path(directory), count, launch
        self.mail: Mail[RayWorker] | None = None
        self.workers: RayWorkers | None = None
        self.recorder = Recorder()

    async def search(self) -> None:
        """All that is left to do. Raises FactoryError as `tuner.runner.run` does."""
        self.mail = Mail(asyncio.get_running_loop())
        itself = ray.get_runtime_context().current_actor
        self.workers = RayWorkers(self.directory / "workers", self.count, self.mail, itself, self.launch)
        bound = Bound.of(self.sweep.trial, self.count)
        store = await asyncio.to_thread(self.drive, self.sweep, self.directory, self.workers, self.recorder, bound)
        store.close()

    async def tell(self, ticket: str, message: dict[str, Any], waits: bool) -> str:
        """For attempts: takes what one tells, and answers as `tuner.cluster.mail` says."""
        return END if self.mail is None else await self.mail.tell(ticket, message, waits)

    async def heard(self) -> list[Event]:
        """What a reporter would have heard since the last call."""
        return self.recorder.take()
