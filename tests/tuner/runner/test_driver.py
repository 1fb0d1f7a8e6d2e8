"""Whatever becomes of a trial, the sweep goes on: crashes, hangs, mistakes, duplicates, budgets."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from pretender import EPOCHS
from pretending import PretendSweep, drive, executed, outcome

from factory.errors import FactoryError
from tuner.runner import Silent
from tuner.runner.driver import Driver
from tuner.runner.memory import Bound
from tuner.runner.process import Worker
from tuner.store import Status, Store
from tuner.sweep.sections import Budget, Repeats, StopRule, TrialLimits

FOUR = Budget(trials=4)


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


class Listening(Silent):
    """Keeps what it hears."""

    def __init__(self):
        self.lines, self.heard = [], []

    def say(self, line):
        self.lines.append(line)

    def started(self, record, progress):
        self.heard.append(("started", record.number, progress.running))

    def epoch(self, number, run, row, progress):
        self.heard.append(("epoch", number, run, row["epoch"]))

    def finished(self, record, progress):
        self.heard.append(("finished", record.number, progress.done, progress.failed))
        self.progress = progress


def test_every_trial_runs_once_and_the_best_is_the_largest(tmp_path):
    listening = Listening()
    store = drive(PretendSweep(), tmp_path, reporter=listening)
    trials = store.trials()
    assert [trial.status for trial in trials] == [Status.COMPLETED] * 12
    assert executed(tmp_path) == [(number, 0, epoch) for number in range(12) for epoch in range(1, EPOCHS + 1)]
    assert [trial.scores for trial in trials] == [(trial.point["x"],) for trial in trials]
    assert listening.progress.best.scores[0] == max(trial.point["x"] for trial in trials)
    assert listening.progress.done == 12 and listening.progress.failed == 0
    assert listening.heard[:3] == [("started", 0, (0,)), ("epoch", 0, 0, 1), ("epoch", 0, 0, 2)]
    assert all(trial.worker == "worker-0" and trial.device == "paper" and trial.seconds > 0 for trial in trials)
    assert [row["epoch"] for row in store.curve(3)] == [1, 2, 3, 4]


def test_only_the_best_keep_their_large_files(tmp_path):
    store = drive(PretendSweep(keep=2), tmp_path)
    best = sorted(store.trials(), key=lambda trial: -trial.scores[0])[:2]
    kept = {path.parent.parent.name for path in tmp_path.glob("trials/*/run-0/model.keras")}
    assert kept == {store.folder(trial.number).name for trial in best}
    assert len(list(tmp_path.glob("trials/*/run-0/metrics.jsonl"))) == 12


def test_a_finished_sweep_is_left_alone_and_a_larger_budget_goes_on(tmp_path):
    before = outcome(drive(PretendSweep(budget=Budget(trials=5)), tmp_path))
    assert outcome(drive(PretendSweep(budget=Budget(trials=5)), tmp_path)) == before
    after = outcome(drive(PretendSweep(budget=Budget(trials=9)), tmp_path))
    assert after[:5] == before and after == outcome(drive(PretendSweep(budget=Budget(trials=9)), tmp_path / "whole"))


def test_every_trial_is_filed_for_tensorboard_also_when_an_earlier_call_could_not(tmp_path):
    drive(PretendSweep(budget=Budget(trials=1)), tmp_path)
    shutil.rmtree(tmp_path / "hparams")
    (tmp_path / "hparams").write_text("in the way")
    listening = Listening()
    drive(PretendSweep(budget=Budget(trials=2)), tmp_path, reporter=listening)
    assert f"{tmp_path}/hparams: nothing was written for TensorBoard: File exists" in listening.lines
    (tmp_path / "hparams").unlink()
    drive(PretendSweep(budget=Budget(trials=3)), tmp_path)
    assert sorted(path.parent.name for path in (tmp_path / "hparams").rglob("*.trial")) == ["0000", "0001", "0002"]


def test_the_weights_that_stay_and_the_best_are_those_of_the_longest_trials(tmp_path):
    """Halving: a trial of one epoch has no say beside those that went on."""
    listening = Listening()
    sweep = PretendSweep(algorithm="halving", settings={"factor": 2}, budget=Budget(trials=15))
    store = drive(sweep, tmp_path, reporter=listening)
    full = [trial for trial in store.trials() if trial.epochs == EPOCHS]
    best = max(full, key=lambda trial: (trial.scores[0], -trial.number))
    assert 0 < len(full) < 15 and listening.progress.best.number == best.number
    kept = {path.parent.parent for path in tmp_path.glob("trials/*/run-0/model.keras")}
    assert kept == {store.folder(best.number)}


FATES = {
    "crash": "killed by SIGSEGV",
    "killed": "killed by SIGKILL, as the system does when memory runs out",
    "raise": "RuntimeError: a loss that is no number",
    "nan": "no finite number",
    "exit": "out of here",
    "memory": "MemoryError: no room for a tensor",
    "broken": "this network cannot be built",
}


def test_failures_end_their_own_trial_and_nothing_else(tmp_path):
    """KerasTuner aborts after three in a row."""
    sweep = PretendSweep(behaviours=(*FATES, "run"), budget=Budget(trials=24))
    store = drive(sweep, tmp_path, workers=2)
    by_fate = {}
    for trial in store.trials():
        by_fate.setdefault(trial.point["do"], []).append(trial)
    assert set(by_fate) == {*FATES, "run"}  # with this seed
    for fate, trials in by_fate.items():
        for trial in trials:
            assert trial.status == (Status.COMPLETED if fate == "run" else Status.FAILED)
            assert FATES.get(fate, "") in trial.error
            assert fate != "crash" or "about to crash" in trial.error
    best = max((trial for trial in store.trials() if trial.scores), key=lambda trial: trial.scores)
    assert best.point["do"] == "run"


def test_a_trial_that_hangs_is_ended_and_the_log_says_where(tmp_path):
    sweep = PretendSweep(behaviours=("hang",), budget=Budget(trials=1), trial=TrialLimits(minutes=0.01))
    [trial] = drive(sweep, tmp_path).trials()
    assert trial.status is Status.TIMED_OUT and trial.scores is None
    assert "no end after 0.01 minutes (trial.minutes)" in trial.error and "waiting for ever" in trial.error
    assert "_behave" in trial.error  # where it hangs


def test_a_retried_trial_goes_on_from_where_it_crashed(tmp_path):
    sweep = PretendSweep(behaviours=("once",), budget=Budget(trials=2), trial=TrialLimits(retries=1))
    listening = Listening()
    store = drive(sweep, tmp_path, reporter=listening)
    assert [(trial.status, trial.attempts) for trial in store.trials()] == [(Status.COMPLETED, 2)] * 2
    assert "killed by SIGSEGV" in store.trial(0).error
    assert executed(tmp_path) == [(number, 0, epoch) for number in range(2) for epoch in range(1, EPOCHS + 1)]
    assert any("trial 0 is tried again (1 of 1)" in line for line in listening.lines)
    assert [row["epoch"] for row in store.curve(0)] == [1, 2, 3, 4]


def test_retries_end(tmp_path):
    sweep = PretendSweep(behaviours=("raise",), budget=Budget(trials=1), trial=TrialLimits(retries=2))
    [trial] = drive(sweep, tmp_path).trials()
    assert (trial.status, trial.attempts) == (Status.FAILED, 3)


def test_duplicates_are_copied_also_while_their_twin_runs(tmp_path):
    """Candidates of x and x + 1 are the same network; random search proposes different points."""
    sweep = PretendSweep(keys="half", budget=Budget(trials=20))
    store = drive(sweep, tmp_path, workers=2)
    trials = store.trials()
    assert len({number for number, _, _ in executed(tmp_path)}) == 10
    copies = [trial for trial in trials if trial.status is Status.COPIED]
    assert len(copies) == 10
    for copy in copies:
        twin = store.trial(copy.copied_from)
        assert twin.status is Status.COMPLETED and twin.key == copy.key and twin.scores == copy.scores


def test_a_duplicate_of_a_failed_trial_is_run(tmp_path):
    sweep = PretendSweep(behaviours=("raise",), keys="half", budget=Budget(trials=20))
    assert {trial.status for trial in drive(sweep, tmp_path).trials()} == {Status.FAILED}


def test_an_exhausted_space_ends_the_sweep(tmp_path):
    assert len(drive(PretendSweep(budget=Budget(trials=50)), tmp_path).trials()) == 20


def test_runs_of_seeds_and_folds_are_averaged(tmp_path):
    sweep = PretendSweep(repeats=Repeats(seeds=2, folds=3), budget=Budget(trials=2))
    store = drive(sweep, tmp_path)
    for trial in store.trials():
        assert trial.scores == (trial.point["x"] + 0.5,)  # a run adds its seed, 0 or 1
        assert len(trial.result["runs"]) == 6
    assert {run for _, run, _ in executed(tmp_path)} == set(range(6))


def test_the_median_rule_stops_weak_trials_which_count_with_their_scores(tmp_path):
    sweep = PretendSweep(stop=StopRule(after=2, trials=3), budget=Budget(trials=20))
    store = drive(sweep, tmp_path)
    stopped = [trial for trial in store.trials() if trial.status is Status.STOPPED]
    assert stopped and store.trial(0).status is store.trial(2).status is Status.COMPLETED
    finished = []
    for trial in store.trials():  # brute force: Vizier's rule by hand
        values = [trial.point["x"] / (1 + EPOCHS - epoch) for epoch in range(1, EPOCHS + 1)]
        ended = EPOCHS
        for epoch in range(2, EPOCHS + 1):
            averages = sorted(sum(other[:epoch]) / epoch for other in finished)
            half = len(averages) // 2
            if len(averages) >= 3:
                middle = averages[half] if len(averages) % 2 else (averages[half - 1] + averages[half]) / 2
                if max(values[:epoch]) < middle:
                    ended = epoch
                    break
        assert len(store.curve(trial.number)) == ended
        assert trial.scores == (values[ended - 1],)
        assert trial.status is (Status.COMPLETED if ended == EPOCHS and trial not in stopped else Status.STOPPED)
        if trial.status is Status.COMPLETED:
            finished.append(values)


def test_no_trial_begins_after_the_hours_of_all_drivers_together(tmp_path, monkeypatch):
    """A clock on which every trial takes an hour."""
    begun = []
    monkeypatch.setattr(Driver, "_spent", lambda self: 3600.0 * len(begun))

    class Counting(Silent):
        def started(self, record, progress):
            begun.append(record.number)

    sweep = PretendSweep(budget=Budget(trials=2, hours=5))
    drive(sweep, tmp_path, reporter=Counting())
    begun.clear()
    store = drive(replace(sweep, budget=Budget(trials=20, hours=5)), tmp_path, reporter=Counting())
    assert begun == [2, 3, 4]
    assert [trial.status for trial in store.trials()] == [Status.COMPLETED] * 5


def test_a_request_to_stop_leaves_everything_in_place(tmp_path):
    whole = outcome(drive(PretendSweep(), tmp_path / "whole"))

    class Stopping(Silent):
        def finished(self, record, progress):
            if record.number == 4:
                Store.open(tmp_path / "run").request_stop()

    store = drive(PretendSweep(), tmp_path / "run", reporter=Stopping())
    assert [str(trial.status) for trial in store.trials()].count("COMPLETED") == 5
    assert outcome(drive(PretendSweep(), tmp_path / "run")) == whole


def test_ctrl_c_leaves_everything_in_place(tmp_path, monkeypatch):
    """With workers that begin deaf to it, as those of a driver do that a shell has started in the background."""
    whole = outcome(drive(PretendSweep(), tmp_path / "whole"))
    codes = []

    class Interrupting(Silent):
        def epoch(self, number, run, row, progress):
            if (number, row["epoch"]) == (3, 2):
                raise KeyboardInterrupt

    kill = Worker.kill
    monkeypatch.setattr(Worker, "kill", lambda worker: codes.append(worker.process.poll()) or kill(worker))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt):
            drive(PretendSweep(), tmp_path / "run", reporter=Interrupting())
    finally:
        signal.signal(signal.SIGINT, before)
    assert codes == [0]  # it ended by itself, and was not killed after a while
    [running] = Store.open(tmp_path / "run").interrupted()
    assert running.number == 3
    assert outcome(drive(PretendSweep(), tmp_path / "run")) == whole


def test_workers_that_do_not_start_end_the_sweep_with_their_log(tmp_path):
    with pytest.raises(FactoryError, match=r"workers do not start: .* exit status 1;[\s\S]*TensorFlow is not here"):
        drive(PretendSweep(), tmp_path, trainer="pretender:Unready")


def test_a_second_driver_is_refused(tmp_path):
    class Second(Silent):
        def finished(self, record, progress):
            if record.number == 2:
                with pytest.raises(FactoryError, match="drives this sweep already"):
                    drive(PretendSweep(), tmp_path)

    assert len(drive(PretendSweep(), tmp_path, reporter=Second()).trials()) == 12


def test_workers_that_have_grown_are_replaced_between_trials(tmp_path):
    listening = Listening()
    store = drive(PretendSweep(budget=FOUR), tmp_path, reporter=listening, bound=Bound(1e12, False, growth=-1))
    assert [trial.status for trial in store.trials()] == [Status.COMPLETED] * 4
    replaced = [line for line in listening.lines if "has grown" in line]
    assert len(replaced) == 3 and all("in 1 trials, and is replaced" in line for line in replaced)


def test_a_trial_alone_beyond_the_memory_limit_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEND_DELAY", "0.2")
    limits = TrialLimits(memory_gb=0.001)
    [trial] = drive(PretendSweep(budget=Budget(trials=1), trial=limits), tmp_path).trials()
    assert trial.status is Status.FAILED and "out of memory" in trial.error


def test_a_worker_that_outgrows_the_limit_in_a_later_trial_is_replaced_and_the_trial_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEND_DELAY", "0.2")
    monkeypatch.setattr(Worker, "memory", lambda worker: 10 if worker.task and worker.tasks else 0)
    listening = Listening()
    store = drive(PretendSweep(budget=Budget(trials=2)), tmp_path, reporter=listening, bound=Bound(5, True))
    assert [trial.status for trial in store.trials()] == [Status.COMPLETED] * 2
    assert any("and is replaced; trial 1 goes on" in line for line in listening.lines)
