"""`run`: a sweep in a directory, begun or gone on with."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from factory.errors import FactoryError
from factory.models.quiet import quiet_tensorflow
from tuner.runner.memory import Bound
from tuner.runner.reporting import Reporter, Silent
from tuner.runner.workers import Workers
from tuner.store import Store
from tuner.sweep.sweep import Sweep

TRAINER = "tuner.runner.training:KerasTrainer"


def run(
    sweep: Sweep,
    directory: str | os.PathLike[str],
    *,
    reporter: Reporter | None = None,
    workers: int | None = None,
    trainer: str = TRAINER,
) -> Store:
    """Runs a sweep until its budget is spent, and returns the store of what was found.

    The same call goes on where an earlier one stopped, however that ended: what is finished stays, what was running
    continues from its last epoch's checkpoint. workers: how many processes, by default the sweep's; each has its share
    of the cores. trainer: for tests and benchmarks, module:name of another `tuner.runner.worker.Trainer`.

    Raises FactoryError for a directory of another sweep, for one that another driver is at work in and where workers
    do not start; KeyboardInterrupt after Ctrl-C, when everything is in place to go on.
    """
    count = sweep.workers if workers is None else workers
    if count < 1:
        raise FactoryError(f"workers: expected a number from 1, received {count}")
    told = reporter or Silent()
    store = Store.create_or_open(Path(directory), sweep.identity(), sweep.text)
    for line in store.repairs:
        told.say(line)
    with store.driver_lock():
        places = Workers(Path(directory) / "workers", count, trainer, max(1, _cores() // count))
        with closing(places):
            if _is_left(sweep, store):
                places.start(count)  # they import TensorFlow while this process imports KerasTuner
            quiet_tensorflow()
            from tuner.oracles import of_sweep
            from tuner.runner.tuner import SweepTuner

            SweepTuner(of_sweep(sweep), sweep, store, places, told, Bound.of(sweep.trial, count)).search()
    return store


def _is_left(sweep: Sweep, store: Store) -> bool:
    """Whether anything may be left to run."""
    return len(store.trials()) < sweep.budget.trials or bool(store.interrupted())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
