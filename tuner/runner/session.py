"""`run`: a sweep in a directory, begun or gone on with."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.models.quiet import quiet_tensorflow
from tuner.candidates.measuring import measure_space
from tuner.garbage import uncollected
from tuner.runner.board import Board
from tuner.runner.keeping import Keeper
from tuner.runner.memory import Bound
from tuner.runner.reporting import Reporter, Silent
from tuner.runner.transport import BaseWorkers
from tuner.runner.workers import Workers
from tuner.store import Store
from tuner.sweep.feasibility import check_feasible
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
    threads = sweep.trial.cpus or max(1, _cores() // count)
    places = Workers(Path(directory) / "workers", count, trainer, threads)
    return drive(sweep, Path(directory), places, reporter or Silent(), Bound.of(sweep.trial, count))


def drive(sweep: Sweep, directory: Path, workers: BaseWorkers[Any], reporter: Reporter, bound: Bound) -> Store:
    """`run` on these workers, which are ended with it; bound: of the memory of each."""
    store = Store.create_or_open(directory, sweep.identity(), sweep.text)
    for line in store.repairs:
        reporter.say(line)
    with store.driver_lock():
        if not _is_left(sweep, store):
            _settle(sweep, store, reporter)
            return store
        _measure_latencies(sweep, reporter)
        with closing(workers):
            workers.start(workers.count)  # they import TensorFlow while this process imports KerasTuner
            quiet_tensorflow()
            with uncollected():
                from tuner.oracles import of_sweep
                from tuner.runner.tuner import SweepTuner

            SweepTuner(of_sweep(sweep), sweep, store, workers, reporter, bound).search()
    return store


def _is_left(sweep: Sweep, store: Store) -> bool:
    """Whether anything may be left to run."""
    return len(store.trials()) < sweep.budget.trials or bool(store.interrupted())


def _measure_latencies(sweep: Sweep, reporter: Reporter) -> None:
    """What the sweep asks of this machine's table and it lacks, before any worker runs, whose trials would disturb it.

    Raises SpecError where no candidate is feasible by what was found.
    """
    if not sweep.candidates.latency:
        return
    begun = False

    def tell(done: int, of: int) -> None:
        nonlocal begun
        if not begun:
            reporter.say(f"measuring {of} operations of this machine that its table of latencies lacks")
        elif done == of:
            reporter.say(f"measured {of} operations")
        begun = True

    measure_space(sweep.candidates, tell)
    check_feasible(sweep.candidates, None)


def _settle(sweep: Sweep, store: Store, reporter: Reporter) -> None:
    """What the end of a search does, for one that was killed in the middle of it."""
    records = store.trials()
    Board(sweep, store, reporter.say).show(records)
    inheriting = any(record.inherits is not None for record in records)  # for a larger budget, leave what is there
    keeper = Keeper(store, sweep.keep, sweep.epochs, lambda: {one.number for one in records if inheriting})
    keeper.resume(records)
    keeper.close()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
