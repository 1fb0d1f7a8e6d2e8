"""The driver's loop: trials to workers, what they say to the ledger, until nothing is left or somebody says stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from factory.errors import FactoryError
from tuner.runner.board import Board
from tuner.runner.keeping import Keeper
from tuner.runner.ledger import Job, Ledger
from tuner.runner.memory import Bound
from tuner.runner.reporting import Progress, Reporter
from tuner.runner.scoring import read_rows, worth
from tuner.runner.stopping import Judge
from tuner.runner.tasks import Run
from tuner.runner.transport import BaseWorker, BaseWorkers
from tuner.store import Status, TrialRecord

TICK = 0.25
"""Seconds between looks at clocks, memory and requests to stop, where no worker says anything."""
KILLS = 2
"""A trial whose worker is killed so often, without an epoch in between, needs more memory than there is."""
LOSSES = 5
"""The same where it is the node that was lost the last time, which trials are seldom to blame for."""


class Driver:
    """Runs the trials of a ledger on workers.

    bound: of the memory of each worker. began, ended: called with KerasTuner's trial, before it runs and after its end.
    """

    def __init__(
        self,
        ledger: Ledger,
        workers: BaseWorkers[Any],
        reporter: Reporter,
        bound: Bound,
        began: Callable[[Any], None],
        ended: Callable[[Any], None],
    ):
        self.ledger, self.workers, self.reporter, self.bound = ledger, workers, reporter, bound
        self.sweep, self.store = ledger.sweep, ledger.store
        self.began, self.ended = began, ended
        self.judge = Judge(self.sweep.stop, self.sweep.objectives[0]) if self.sweep.stop else None
        self.keeper = Keeper(self.store, self.sweep.keep, self.sweep.epochs, self._parents)
        self.board = Board(self.sweep, self.store, reporter.say)
        self.jobs: dict[int, Job] = {}
        """Those that run, by number."""
        self.queue: list[Job] = []
        """Those to run before anything new is proposed."""
        self.exhausted = False
        self.proposals = 0
        self.begun = self.looked = time.monotonic()

    def run(self) -> None:
        """Everything that is left to do. Raises KeyboardInterrupt where that came; workers have kept what they had."""
        try:
            self._resume()
            while self._hand_out() and not self.store.stop_requested():
                for worker, message in self.workers.listen(TICK):
                    self._hear(worker, message)
                self._look()
        except KeyboardInterrupt:
            self.reporter.say("interrupted; the same command goes on from here")
            self.workers.interrupt()
            raise
        if self.jobs:
            self.reporter.say("stopped as asked; the same command goes on from here")
            self.workers.interrupt()
        elif self.exhausted or self._all_proposed():
            self.keeper.close()

    def _resume(self) -> None:
        records = self.store.trials()
        self.queue = self.ledger.resume()
        self.keeper.resume(records)
        self.board.show(records)
        for record in records:
            self._compare_with(record)
        if records:
            done, again = len(records) - len(self.queue), len(self.queue)
            self.reporter.say(f"going on: {done} trials are finished, {again} were interrupted")

    # ---- giving work

    def _hand_out(self) -> bool:
        """Gives idle workers something to do; whether there is anything to wait for."""
        left = max(self.sweep.budget.trials - self.ledger.counts.total(), len(self.queue))
        self.workers.start(len(self.queue) if self._over() else left)
        for worker in self.workers.idle():
            if (self.queue or not self._over()) and (told := self.bound.exceeded(worker)):
                self.reporter.say(f"{told}, and is replaced")
                self.workers.replace(worker)
                continue
            job = self._next(worker)
            if job is None:
                break
            self._begin(worker, job)
        if self.jobs or self.queue:
            return True
        return not self._over()

    def _over(self) -> bool:
        """Whether nothing new may begin."""
        hours = self.sweep.budget.hours
        return self.exhausted or self._all_proposed() or (hours is not None and self._searched() >= 3600 * hours)

    def _all_proposed(self) -> bool:
        return self.ledger.counts.total() + len(self.jobs) + len(self.queue) >= self.sweep.budget.trials

    def _next(self, worker: BaseWorker) -> Job | None:
        """The next trial to run, none for now or for ever; on the way, those that need no running are finished."""
        while True:
            job = self._waiting()
            if job is None:
                if self._over() or self.store.stop_requested():
                    return None
                self.proposals += 1
                found = self.ledger.propose(f"{worker.name}.{self.proposals}", self._spent())
                if isinstance(found, str):
                    self._none_proposed(found)
                    return None
                job = found
            if job.broken:
                self._failed(job, Status.FAILED, job.broken, 0.0, again=False)
            elif twin := self.ledger.twin(job):
                self._tell_end(job, self.ledger.copy(job, twin, self._spent()))
            elif self._twin_runs(job):
                self.queue.append(job)
            else:
                return job

    def _waiting(self) -> Job | None:
        """The first of the queue that does not wait for its running twin."""
        for index, job in enumerate(self.queue):
            if not self._twin_runs(job):
                return self.queue.pop(index)
        return None

    def _twin_runs(self, job: Job) -> bool:
        same = (job.record.key, job.record.epochs)
        return bool(job.record.key) and any((one.record.key, one.record.epochs) == same for one in self.jobs.values())

    def _none_proposed(self, status: str) -> None:
        if status == "STOPPED":
            self.exhausted = True
        elif not self.jobs:
            raise FactoryError(f"{self.sweep.algorithm} proposes nothing although nothing runs: a mistake of its own")

    def _begin(self, worker: BaseWorker, job: Job) -> None:
        self.jobs[job.number] = job
        record = self.store.start(job.number, worker.name, worker.device)
        self.began(job.trial)
        self.reporter.started(record, self._progress())
        with suppress(OSError):  # a dead one's connection tells of it
            worker.send(self.ledger.task(job, self.judge is not None))

    # ---- hearing of it

    def _hear(self, worker: BaseWorker, message: dict[str, Any] | None) -> None:
        task = worker.task
        job = self.jobs.get(task.number) if task else None
        if job is None:
            if message is None:
                self.workers.replace(worker)
            return
        if message is None:
            self._died(worker, job)
        elif message["kind"] == "began":  # in a cluster it had to wait for room
            self.store.start(job.number, worker.name, worker.device)
        elif message["kind"] == "epoch":
            self._epoch(worker, job, message["run"], message["row"])
        elif message["kind"] == "done":
            self._released(worker, job)
            self._done(job, message["results"], worker.seconds)
        elif message["kind"] == "failed":
            self._released(worker, job, replace=message["spent"])
            self._failed(job, Status.FAILED, f"{message['reason']}\n\n{message['error']}".strip(), worker.seconds)

    def _died(self, worker: BaseWorker, job: Job) -> None:
        """A worker died of its trial, or somebody killed it, which is no fault of the trial's."""
        error = f"{worker.fate()}\n{worker.tail()}".strip()
        self._released(worker, job, replace=True)
        if worker.killed:
            job.kills += 1
            if job.kills < (LOSSES if worker.lost else KILLS):
                what = "was lost with its node" if worker.lost else "was killed"
                self.reporter.say(f"{worker.name} {what}; trial {job.number} goes on in another process")
                job.took += worker.seconds
                self.queue.insert(0, job)
                return
        self._failed(job, Status.FAILED, error, worker.seconds)

    def _released(self, worker: BaseWorker, job: Job, replace: bool = False) -> None:
        """A worker has ended a task, well or badly."""
        del self.jobs[job.number]
        worker.task = None
        worker.tasks += 1
        if replace:
            self.workers.replace(worker)

    def _epoch(self, worker: BaseWorker, job: Job, run: int, row: dict[str, Any]) -> None:
        job.kills = 0
        self.store.epoch(job.number, run, row)
        self.reporter.epoch(job.number, run, row, self._progress())
        if self.judge is None or run != 0:
            return
        folder = Run(run, 0, None).inside(self.store.folder(job.number))
        if self.judge.stops(job.record, row, folder) and job.stopped is None:
            self.ledger.mark_stopped(job, row["epoch"])
        with suppress(OSError):
            worker.judge(job.stopped is not None and row["epoch"] >= job.stopped)

    def _done(self, job: Job, results: list[dict[str, Any]], took: float) -> None:
        folder = self.store.folder(job.number)
        try:
            runs = [(read_rows(Run(index, 0, None).inside(folder)), result) for index, result in enumerate(results)]
            found = worth(self.sweep.objectives, runs, job.record.costs)
        except FactoryError as error:
            self._failed(job, Status.FAILED, str(error), took)
            return
        job.took += took
        for index, (rows, _) in enumerate(runs):
            known = {row["epoch"] for row in self.store.curve(job.number, index)}
            for row in rows:
                if row["epoch"] not in known:  # of the trial that it continues, or lost with a driver
                    self.store.epoch(job.number, index, row)
        record = self.ledger.succeed(job, found, results, self._spent())
        self._compare_with(record)
        self._tell_end(job, record)

    def _failed(self, job: Job, status: Status, error: str, took: float, again: bool = True) -> None:
        job.took += took
        job.failures += 1
        if again and job.failures <= self.sweep.trial.retries:
            count = f"{job.failures} of {self.sweep.trial.retries}"
            self.reporter.say(f"trial {job.number} is tried again ({count}): {error.splitlines()[0]}")
            self.store.retry(job.number, error, afresh=False)
            self.queue.insert(0, job)
            return
        self._tell_end(job, self.ledger.fail(job, status, error, self._spent()))

    def _tell_end(self, job: Job, record: TrialRecord) -> None:
        self.keeper.finished(record)
        self.board.show([record])
        if self.judge is not None:
            self.judge.scores.pop(job.number, None)
        self.ended(job.trial)
        self.reporter.finished(record, self._progress())

    # ---- looking after workers

    def _look(self) -> None:
        """Clocks and memory, a few times a second at most."""
        if time.monotonic() - self.looked < TICK:
            return
        self.looked = time.monotonic()
        self.reporter.tick(self._progress())
        for worker in list(self.workers.all):
            if worker.task is not None:
                self._check_time(worker, self.jobs[worker.task.number])
            if worker.task is not None:
                self._check_memory(worker, self.jobs[worker.task.number])

    def _check_time(self, worker: BaseWorker, job: Job) -> None:
        minutes = self.sweep.trial.minutes
        if minutes is None or worker.seconds < 60 * minutes:
            return
        worker.dump()
        error = f"no end after {minutes:g} minutes (trial.minutes)\n{worker.tail()}".strip()
        self._released(worker, job, replace=True)
        self._failed(job, Status.TIMED_OUT, error, worker.seconds)

    def _check_memory(self, worker: BaseWorker, job: Job) -> None:
        """A worker that is too large is replaced; its trial goes on in the next one, or fails if it was the first."""
        if told := self.bound.exceeded(worker):
            self._released(worker, job, replace=True)
            if worker.tasks == 1:
                self._failed(job, Status.FAILED, f"out of memory: {told}, for this trial alone", worker.seconds)
            else:
                self.reporter.say(f"{told}, and is replaced; trial {job.number} goes on")
                self.queue.insert(0, job)

    # ---- how far it is

    def _compare_with(self, record: TrialRecord) -> None:
        """The stopping rule learns of a finished trial."""
        if self.judge is not None and record.status is Status.COMPLETED:
            self.judge.complete(record, self.store.curve(record.number, 0))

    def _parents(self) -> set[int]:
        """The trials that have weights which others inherit or may inherit."""
        waiting = [job.record.inherits for job in [*self.jobs.values(), *self.queue]]
        numbers = self.ledger.oracle.algorithm.parents() | {number for number in waiting if number is not None}
        return {self.ledger.trained(number) for number in numbers}

    def _spent(self) -> float:
        """Seconds of this driver."""
        return time.monotonic() - self.begun

    def _searched(self) -> float:
        return self.ledger.earlier + self._spent()

    def _progress(self) -> Progress:
        trials, counts, lengths = self.sweep.budget.trials, self.ledger.counts, self.ledger.lengths
        left = None
        if lengths:
            mean = sum(lengths) / len(lengths)
            running = sum(min(worker.seconds, mean) for worker in self.workers.busy())
            left = max(0.0, (trials - counts.total()) * mean - running) / max(1, self.workers.count)
            if self.sweep.budget.hours is not None:
                left = min(left, max(0.0, 3600 * self.sweep.budget.hours - self._searched()) + mean)
        return Progress(trials, dict(counts), tuple(sorted(self.jobs)), self.ledger.best, self._searched(), left)
