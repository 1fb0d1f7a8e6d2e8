"""A search algorithm as an oracle of KerasTuner's: hands out trials and hears what came of them."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace
from typing import Any

from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

from factory.errors import FactoryError
from tuner.algorithms.algorithm import Exhausted, Proposal
from tuner.analysis.pareto import front
from tuner.oracles.hyperparameters import values_of
from tuner.oracles.persisting import PersistentOracle
from tuner.oracles.records import Record
from tuner.oracles.scoring import best, measure, scores, single_objectives


class AlgorithmOracle(PersistentOracle):
    """One of `tuner.algorithms` behind KerasTuner's interface; `tuner.oracles.NAME` are its subclasses.

        oracle = tuner.oracles.Evolution(objective="val_accuracy", max_trials=100, seed=0, population=20)
        searching = keras_tuner.Tuner(oracle=oracle, hypermodel=build, directory="searches", project_name="first")

    Where KerasTuner's own oracles break, this one holds: every file is written whole, and a damaged one is set aside
    with a warning. Whatever a killed process left is taken up by the next one, whichever tuner id it has: finished
    trials count, running ones run again, names are never used twice. A second process is refused. A trial whose
    objective is not finite has failed; a failed trial is never the best, and failures end no search unless
    `max_consecutive_failed_trials` says so. Directories are local ones.

    objective, max_trials, allow_new_entries, tune_new_entries, max_retries_per_trial: as KerasTuner has them. Of a list
    of objectives, an algorithm that searches for a front has a score each, any other KerasTuner's sum.
    hyperparameters: KerasTuner's, or a `Space`, which allows no new entries. Without, the space is what `build`
    declares; where it grows during the search, the algorithm is made anew over the larger space with all trials so far.
    seed: 0 is one; None draws one, which a restart goes on with.
    feasible: whether a point, {name: value}, may be tried; others are never proposed.
    epochs: of a full trial, for algorithms that run shorter ones, too: such a trial has `tuner/epochs`,
    `tuner/initial_epoch` and, going on from another, `tuner/trial_id` among its values, as in KerasTuner's Hyperband;
    where its network is to begin with the weights of another trial's, `tuner/inherits` says which.
    parameters: the algorithm's own.

    Raises FactoryError for parameters that the algorithm does not have, for a directory in which another process or
    another oracle searches, and after too many failures in a row.
    """

    def create_trial(self, tuner_id: str) -> Trial:
        """The next trial of a tuner: the one it has, else one that is to run again, else a new one."""
        with self._guard:
            self._read_left()
            if tuner_id in self.ongoing_trials:
                return self.ongoing_trials[tuner_id]
            trial = self._again() or self._new()
            if trial.status == TrialStatus.STOPPED:
                self.tuner_ids.discard(tuner_id)
            else:
                self.tuner_ids.add(tuner_id)
            if trial.status == TrialStatus.RUNNING:
                self.ongoing_trials[tuner_id] = trial
                self._save_trial(trial)
                self.save()
                self._display.on_trial_begin(trial)
            return trial

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The values of a new trial; none where the search is over or results must come first."""
        running = bool(self.ongoing_trials or self._retry_queue)
        if running and not len(self.space):  # the first trial is discovering it
            return {"status": TrialStatus.IDLE}
        try:
            proposal = self.algorithm.ask()
        except Exhausted:
            return {"status": TrialStatus.STOPPED}
        if proposal is None:  # to wait for nothing would be to wait for ever
            return {"status": TrialStatus.IDLE if running else TrialStatus.STOPPED}
        return {"status": TrialStatus.RUNNING, "values": self._values(proposal)}

    def update_trial(self, trial_id: str, metrics: dict[str, float], step: int = 0) -> Trial:
        """Metrics of a trial at a step. Raises ValueError where the objective is not among them."""
        with self._guard:
            trial = self.trials[trial_id]
            self._check_objective_found(metrics)
            measure(trial, self.objective, metrics, step)
            self._save_trial(trial)
            return trial

    def score_trial(self, trial: Trial) -> None:
        trial.score, trial.best_step = best(trial, self.objective)

    def end_trial(self, trial: Trial) -> None:
        """What became of a trial: its status is COMPLETED, INVALID (it may run again) or FAILED, `message` says why.

        A trial without a finite objective counts as INVALID. One that has ended before is not heard again.
        """
        with self._guard:
            record = self._records[trial.trial_id]
            if record.ended is not None:
                return
            known = record.trial
            known.hyperparameters, known.status, known.message = trial.hyperparameters, trial.status, trial.message
            self.update_space(known.hyperparameters)
            self._judge(known)
            record.attempts += 1
            if known.status == TrialStatus.INVALID and record.attempts <= self.max_retries_per_trial:
                self._retry_queue.append(known.trial_id)
            else:
                known.status = TrialStatus.FAILED if known.status == TrialStatus.INVALID else known.status
                self._finish(record)
            self._save_trial(known)
            self.save()
            if known.trial_id in self._display.trial_start:  # it began with the display switched on
                self._display.on_trial_end(known)
            for tuner_id in [tuner for tuner, one in self.ongoing_trials.items() if one.trial_id == known.trial_id]:
                self.ongoing_trials.pop(tuner_id)
            self._check_consecutive_failures()

    def proposal(self, trial_id: str) -> Proposal:
        """What a trial came from: point, epochs, and the number in the name of the trial that it continues."""
        return self._records[trial_id].proposal

    def get_best_trials(self, num_trials: int = 1) -> list[Trial]:
        """The best so many completed trials, best first; fewer where there are not as many."""
        choose = heapq.nlargest if self.objective.direction == "max" else heapq.nsmallest
        return choose(num_trials, self._completed(), key=lambda trial: trial.score)

    def get_front(self) -> list[Trial]:
        """The completed trials that no other dominates in the objectives, in the order of their names."""
        done, objectives = self._completed(), single_objectives(self.objective)
        return [done[index] for index in front([scores(trial, objectives) for trial in done])]

    def remaining_trials(self) -> int | None:
        self._read_left()
        return super().remaining_trials()

    def _completed(self) -> list[Trial]:
        self._read_left()
        return [trial for trial in self.trials.values() if trial.status == TrialStatus.COMPLETED]

    def _again(self) -> Trial | None:
        """A trial that failed or was interrupted, from its beginning."""
        if not self._retry_queue:
            return None
        trial = self.trials[self._retry_queue.pop(0)]
        trial.status, trial.message, trial.metrics = TrialStatus.RUNNING, None, MetricsTracker()
        return trial

    def _new(self) -> Trial:
        """A trial of the algorithm's next proposal; one that is not to run where there is none."""
        if self.max_trials and len(self.trials) >= self.max_trials:
            return Trial(self._filled({}), "", TrialStatus.STOPPED)
        trial_id = f"{self._next:04d}"
        response = self.populate_space(trial_id)
        trial = Trial(self._filled(response.get("values", {})), trial_id, response["status"])
        if trial.status == TrialStatus.RUNNING:
            asked = self.algorithm.trials[-1]
            continues, inherits = (
                None if one is None else int(self.start_order[one])
                for one in (asked.proposal.continues, asked.proposal.inherits)
            )
            kept = replace(asked.proposal, continues=continues, inherits=inherits)
            self._keep(Record(trial, kept, number=asked.number))
            self._next += 1
        return trial

    def _values(self, proposal: Proposal) -> dict[str, Any]:
        """A proposal of the algorithm's as KerasTuner's values."""
        values = values_of(self.space, proposal.point)
        if proposal.epochs is not None:
            values |= {"tuner/epochs": proposal.epochs, "tuner/initial_epoch": 0}
        if proposal.continues is not None:
            parent = self.algorithm.trials[proposal.continues].proposal
            values["tuner/initial_epoch"] = parent.epochs or self.epochs
            values["tuner/trial_id"] = self.start_order[proposal.continues]
        if proposal.inherits is not None:
            values["tuner/inherits"] = self.start_order[proposal.inherits]
        return values

    def _judge(self, trial: Trial) -> None:
        """Scores a completed trial, which is INVALID without a finite objective."""
        if trial.status not in (TrialStatus.COMPLETED, TrialStatus.INVALID, TrialStatus.FAILED):
            raise ValueError(f"expected a trial COMPLETED, INVALID or FAILED, received {trial.status}")
        if trial.status == TrialStatus.COMPLETED:
            self.score_trial(trial)
            if not math.isfinite(trial.score):
                trial.message = f"the objective {self.objective.name} is {trial.score}, which is no finite number"
                trial.status, trial.score = TrialStatus.INVALID, None

    def _finish(self, record: Record) -> None:
        record.ended, self._ended = self._ended, self._ended + 1
        record.result = self._result(record.trial)
        self.end_order.append(record.trial.trial_id)
        self.algorithm.tell(record.number, record.result)

    def _check_consecutive_failures(self) -> None:
        limit = self.max_consecutive_failed_trials
        last = [self.trials[trial_id] for trial_id in self.end_order[-limit:]] if limit else []
        if limit and len(last) == limit and all(trial.status == TrialStatus.FAILED for trial in last):
            raise FactoryError(f"{limit} trials failed in a row, the last one:\n{last[-1].message or 'no message'}")
