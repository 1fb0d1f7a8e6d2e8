"""Trials between the oracle, which proposes and learns, and the store, which remembers each step before the next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from factory.errors import FactoryError
from factory.files import write_whole
from factory.spec.render import render
from factory.train.recipe.render import render_recipe
from tuner.algorithms.algorithm import Algorithm, Proposal, Result, Trial
from tuner.analysis.ranking import reach
from tuner.garbage import uncollected
from tuner.runner.keeping import has_weights
from tuner.runner.scoring import Worth
from tuner.runner.tasks import RECIPE, SPEC, STOPPED, Task
from tuner.store import SCORED, Status, Store, TrialRecord
from tuner.sweep.sweep import Sweep


class Oracle(Protocol):
    """What is asked of a KerasTuner oracle; tests have one without KerasTuner."""

    algorithm: Algorithm[Any]

    def create_trial(self, tuner_id: str) -> Any: ...

    def proposal(self, trial_id: str) -> Proposal: ...

    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> Any: ...

    def end_trial(self, trial: Any) -> None: ...

    def resume(self, trials: Sequence[Trial], state: dict[str, Any]) -> None: ...


@dataclass
class Job:
    """A trial that is not finished. trial: KerasTuner's. broken: why it cannot be built, "" where it can.

    stopped: the epoch of its first run after which the stopping rule ended it. failures: attempts of this driver that
    failed. kills: how often its worker was killed since its last epoch. took: seconds of its attempts.
    """

    record: TrialRecord
    trial: Any
    broken: str = ""
    stopped: int | None = None
    failures: int = 0
    kills: int = 0
    took: float = 0.0

    @property
    def number(self) -> int:
        return self.record.number


class Ledger:
    """The books of a sweep. Whatever is killed at any moment, a new ledger over the same store goes on from there.

    `seconds`, in several methods, is how long the driver has been searching, which is kept with each step.
    """

    def __init__(self, sweep: Sweep, store: Store, oracle: Oracle):
        self.sweep, self.store, self.oracle = sweep, store, oracle
        self.counts: Counter[Status] = Counter()
        self.best: TrialRecord | None = None
        self.lengths: list[float] = []
        """Seconds of the trials that were trained to their end."""
        self.copies: dict[int, int] = {}
        """Trials that were answered from others, and those that were trained for them."""
        self.earlier = 0.0
        """Seconds of searching before this driver."""

    @uncollected()
    def resume(self) -> list[Job]:
        """Takes up the trials of earlier drivers; returns those that were running, in order."""
        records, state = self.store.trials(), self.store.state()
        self.earlier = float(state.get("seconds", 0.0))
        self.oracle.resume([_told(record) for record in records], state.get("algorithm", {}))
        for record in records:
            self._count(record)
        running = {record.number: record for record in records if record.status is Status.RUNNING}
        again = [self.oracle.create_trial(f"again.{number}") for number in running]  # the oracle hands these out first
        return [self._reopened(running[int(trial.trial_id)], trial) for trial in again]

    def propose(self, worker: str, seconds: float) -> Job | str:
        """A new trial, kept before it runs; "IDLE" where results must come first, "STOPPED" where none is left."""
        trial = self.oracle.create_trial(worker)
        if trial.status != "RUNNING":
            return trial.status
        number = int(trial.trial_id)
        job = self._drafted(number, self.oracle.proposal(trial.trial_id), trial)
        job.record = self.store.add(job.record, self._state(seconds))
        return job

    def task(self, job: Job, judged: bool) -> Task:
        """What a worker has to do."""
        record, sweep = job.record, self.sweep
        folder = self.store.folder(record.number)
        for name, text in ((SPEC, record.spec), (RECIPE, record.recipe)):
            if not (folder / name).is_file():
                write_whole(folder / name, text)
        inherits = record.inherits is not None
        shorter = record.epochs is not None and record.epochs < sweep.epochs
        until = record.epochs if shorter and not inherits else None
        parent = None if record.continues is None else str(self.store.folder(record.continues))
        repeats = sweep.repeats
        return Task(
            record.number,
            str(folder),
            sweep.data,
            repeats.seeds,
            repeats.folds,
            until,
            parent,
            judged,
            job.stopped is not None,
            str(self.store.folder(self.trained(record.inherits))) if record.inherits is not None else None,
            record.epochs if inherits else None,
        )

    def trained(self, number: int) -> int:
        """The trial that has the weights of a trial: itself, or the one that it is a copy of."""
        return self.copies.get(number, number)

    def mark_stopped(self, job: Job, epoch: int) -> None:
        """The rule ends the trial here, also where the worker is killed before it hears of it."""
        job.stopped = epoch
        write_whole(self.store.folder(job.number) / STOPPED, str(epoch))

    def twin(self, job: Job) -> TrialRecord | None:
        """A finished trial of the same candidate.

        For one that inherits its weights whatever the epochs of the other, but one that has weights: others may be
        going to inherit them.
        """
        record = job.record
        if not record.key:
            return None
        if record.inherits is not None:
            return next((one for one in self.store.trained(record.key) if has_weights(self.store, one.number)), None)
        found = self.store.by_key(record.key, record.epochs)
        return None if found is None or found.number == job.number else found

    def copy(self, job: Job, twin: TrialRecord, seconds: float) -> TrialRecord:
        """Answers a trial with what came of its twin."""
        worth = Worth(dict(twin.values), twin.scores or ())
        return self._finish(job, Status.COPIED, seconds, worth=worth, result=twin.result, copied_from=twin.number)

    def succeed(self, job: Job, worth: Worth, results: Sequence[Mapping[str, Any]], seconds: float) -> TrialRecord:
        """A trial ran to its end, or to where it was stopped."""
        status = Status.COMPLETED if job.stopped is None else Status.STOPPED
        return self._finish(job, status, seconds, worth=worth, result={"runs": list(results)})

    def fail(self, job: Job, status: Status, error: str, seconds: float) -> TrialRecord:
        """A trial came to nothing."""
        return self._finish(job, status, seconds, error=error)

    # ---- inside

    def _drafted(self, number: int, proposal: Proposal, trial: Any) -> Job:
        record = TrialRecord(
            number,
            proposal.point,
            epochs=proposal.epochs,
            continues=proposal.continues,
            inherits=proposal.inherits,
        )
        try:
            candidate = self.sweep.candidate(proposal.point)
        except FactoryError as error:
            return Job(record, trial, broken=str(error))
        drafted = {
            **vars(record),
            "spec": render(candidate.spec),
            "recipe": render_recipe(candidate.recipe),
            "key": candidate.key,
            "costs": dict(candidate.costs),
            "seed": candidate.recipe.seed,
        }
        return Job(TrialRecord(**drafted), trial)

    def _reopened(self, record: TrialRecord, trial: Any) -> Job:
        job = Job(record, trial)
        if not record.spec:
            job.broken = "this point cannot be built"
        with suppress(OSError, ValueError):
            job.stopped = int((self.store.folder(record.number) / STOPPED).read_text())
        return job

    def _finish(
        self,
        job: Job,
        status: Status,
        seconds: float,
        *,
        worth: Worth | None = None,
        result: Mapping[str, Any] | None = None,
        error: str = "",
        copied_from: int | None = None,
    ) -> TrialRecord:
        trial = job.trial
        trial.status, trial.message = ("COMPLETED", None) if worth else ("FAILED", error)
        if worth:
            self.oracle.update_trial(trial.trial_id, worth.values)
        self.oracle.end_trial(trial)
        record = self.store.finish(
            job.number,
            status,
            scores=worth.scores if worth else None,
            values=worth.values if worth else None,
            result=result,
            error=error,
            seconds=round(job.took, 3),
            copied_from=copied_from,
            state=self._state(seconds),
        )
        self._count(record)
        return record

    def _count(self, record: TrialRecord) -> None:
        if record.status is Status.RUNNING:
            return
        self.counts[record.status] += 1
        if record.copied_from is not None:
            self.copies[record.number] = record.copied_from
        if record.status is Status.COMPLETED and record.seconds:
            self.lengths.append(record.seconds)
        if record.status in SCORED and record.scores and (self.best is None or _rank(record) > _rank(self.best)):
            self.best = record

    def _state(self, seconds: float) -> dict[str, Any]:
        """What the store keeps for the next driver."""
        return {"algorithm": self.oracle.algorithm.state(), "seconds": round(self.earlier + seconds, 3)}


def _rank(record: TrialRecord) -> tuple[float, float]:
    """What is shown as the best so far: the most epochs first, then the score."""
    return reach(record), (record.scores or (-math.inf,))[0]


def _told(record: TrialRecord) -> Trial:
    """A trial as algorithms know it."""
    proposal = Proposal(record.point, record.epochs, record.continues, record.inherits)
    result = None if record.status is Status.RUNNING else Result(record.scores)
    return Trial(record.number, proposal, result)
