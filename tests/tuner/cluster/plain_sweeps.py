"""Sweeps of trials that only pretend, on a Ray cluster: an actor without KerasTuner."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from pretender import Pretender
from pretending import PlainOracle

from tuner.cluster.launching import TaskLauncher
from tuner.cluster.needs import Needs
from tuner.cluster.oracle import OracleActor
from tuner.cluster.session import begin, follow
from tuner.runner.driver import Driver
from tuner.runner.ledger import Ledger
from tuner.store import Store


def drive_plainly(sweep: Any, directory: Path, workers: Any, reporter: Any, bound: Any) -> Store:
    """`tuner.runner.session.drive` with an oracle that needs no KerasTuner."""
    store = Store.create_or_open(directory, sweep.identity(), sweep.text)
    with store.driver_lock(), closing(workers):
        ledger = Ledger(sweep, store, PlainOracle(sweep))  # type: ignore[arg-type]
        Driver(ledger, workers, reporter, bound, lambda trial: None, lambda trial: None).run()
    return store


class PlainActor(OracleActor):
    """An actor that starts without TensorFlow, and says which process it is and where trials run."""

    drive = staticmethod(drive_plainly)

    async def process(self) -> int:
        return os.getpid()

    async def node_of(self, number: int) -> str:
        busy = self.workers.busy() if self.workers else []
        return next((one.process[0] for one in busy if one.task and one.task.number == number and one.process), "")


class Slow(Pretender):
    """Trials that take longer than a node needs to start a process for one."""

    def _behave(self, do: str, epoch: int, folder: Path) -> None:
        time.sleep(0.25)


def drive_on_cluster(
    sweep: Any, directory: Path, reporter: Any, workers: int = 1, trainer: str = "pretender:Pretender"
) -> Store:
    """Runs a sweep on the cluster that this process has joined; a reporter gets the actor as its `actor`."""
    launch = TaskLauncher(trainer, Needs.of(sweep.trial))
    actor = begin(PlainActor, sweep, directory, workers, launch)
    reporter.actor = actor
    follow(actor, directory, reporter)
    return Store.open(directory)
