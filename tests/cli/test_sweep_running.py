"""`factory sweep FILE`: what it prints before, meanwhile and after; the trials themselves are pretended here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from trial_records import stored, trial

import tuner
from tuner.runner import Progress
from tuner.store import Status, Store, TrialRecord

NET = """\
name: tiny
input: {resolution: 8, channels: 1, preprocess: unit}
classes: 10
stages:
  stem: {block: conv, filters: 4, stride: 2}
  s1: {block: conv, filters: 6, stride: 2}
  head: {block: classifier}
"""
SWEEP = """\
sweep: small
spec: tiny.yaml
space:
  stages.s1.filters: {choice: [4, 8, 16]}
  stages.stem.kernel: {choice: [3, 5]}
constraints: [params <= 600]
budget: {trials: 3, epochs: 2}
"""


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """A sweep file in the working directory; no terminal."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(NET)
    Path("small.yaml").write_text(SWEEP)
    return Path("small.yaml")


class Pretended:
    """In place of `tuner.runner.run`: each of three trials has the accuracy that it is given, None for a failure."""

    def __init__(self, accuracies: list[float | None]):
        self.accuracies, self.workers = accuracies, 0

    def __call__(self, sweep, directory, *, reporter, workers) -> Store:
        self.workers = workers
        store = Store.create_or_open(Path(directory), sweep.identity(), sweep.text)
        reporter.say("three trials are pretended")
        with store.driver_lock():
            for number, accuracy in enumerate(self.accuracies):
                point = sweep.space.at([number / 3, 0.0])
                candidate = sweep.candidate(point)
                store.add(TrialRecord(number, point, costs=candidate.costs, spec="name: a\n", recipe="recipe: b\n"))
                reporter.started(store.start(number, "w0"), Progress(3, running=(number,)))
                if accuracy is None:
                    record = store.finish(number, "FAILED", error="ValueError: nothing", seconds=1.0)
                else:
                    found = {"scores": (accuracy,), "values": {"val_accuracy": accuracy}, "seconds": 2.0}
                    record = store.finish(number, "COMPLETED", **found)
                reporter.finished(record, Progress(3, {Status.COMPLETED: number + 1}))
        return store


def pretend(monkeypatch, *accuracies: float | None) -> Pretended:
    pretended = Pretended(list(accuracies))
    monkeypatch.setattr("tuner.runner.run", pretended)
    return pretended


# ---- --dry-run


def test_a_dry_run_tells_size_share_costs_and_time_and_writes_nothing(run, file, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    result = run("sweep", file, "--dry-run", "--workers", "2")
    facts = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert facts["sweep"] == "small: random, 3 trials of 2 epochs, 2 workers"
    assert facts["space"] == "2 dimensions, 6 points"
    sweep = tuner.load(file)
    sizes = [sweep.candidate(point).costs["params"] for point in sweep.space.grid()]
    share = sum(size <= 600 for size in sizes) / 6
    assert 0 < share < 1
    assert facts["feasible"] == f"{share:.1%}: {round(6 * share)} points"
    assert facts["kept"] == f"out     {1 - share:.1%} by params <= 600"
    allowed = sorted(size for size in sizes if size <= 600)
    assert facts["params"].startswith(f"{allowed[0]:,} to {allowed[-1]:,}, ")
    assert "by its MACs on 2 CPU cores" in facts["time"]
    assert not Path("runs").exists()


def test_a_dry_run_takes_the_time_from_trials_that_were_run(run, file, monkeypatch):
    pretend(monkeypatch, 0.5, 0.75)
    run("sweep", file)
    assert (
        "time         about 0:02, by the median of the 2 trials in runs/sweep-small"
        in run("sweep", file, "--dry-run").out
    )
    file.write_text(SWEEP.replace("epochs: 2", "epochs: 3"))  # another sweep: its trials tell nothing of this one
    assert "by its MACs" in run("sweep", file, "--dry-run").out


def test_a_dry_run_tells_what_the_hours_allow(run, file):
    file.write_text(SWEEP.replace("trials: 3", "trials: 100000, hours: 0.5"))
    assert "time         0.5 hours (budget.hours): all trials would take about " in run("sweep", file, "--dry-run").out


def test_a_dry_run_starts_no_tensorflow(file):
    code = (
        "import sys; from factory.cli.main import main\n"
        f"status = main(['sweep', '{file}', '--dry-run'])\n"
        "print(status, sorted({'tensorflow', 'keras', 'keras_tuner', 'optuna'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


# ---- running


def test_a_sweep_prints_a_line_a_trial_and_the_best(run, file, monkeypatch):
    pretended = pretend(monkeypatch, 0.5, None, 0.75)
    result = run("sweep", file, "--workers", "2")
    assert result.code == 0 and pretended.workers == 2
    lines = result.out.splitlines()
    assert lines[0] == "three trials are pretended"
    assert lines[1].startswith("1/3  trial 0: 0.5000 val_accuracy, ")
    assert lines[2].startswith("2/3  trial 1: ValueError: nothing (failed), 0:01  stages.s1.filters=8")
    assert lines[4].startswith("best                trial 2: 0.7500 val_accuracy")
    assert lines[-1] == "files               runs/sweep-small/trials/0002/"


def test_a_sweep_that_comes_to_nothing_says_why_and_ends_with_2(run, file, monkeypatch):
    pretend(monkeypatch, None, None, None)
    result = run("sweep", file)
    assert result.code == 2 and "failed  trial 2: ValueError: nothing" in result.out


def test_notes_of_the_sweep_come_first(run, file, monkeypatch):
    Path("tiny.yaml").write_text(NET.replace("classes: 10", "classes: 4"))
    pretend(monkeypatch, 0.5)
    assert run("sweep", file).out.startswith("classes: 4 -> 10, as in digits\n")


def test_fresh_removes_the_sweep_and_begins_anew(run, file, monkeypatch):
    pretend(monkeypatch, 0.5, 0.75)
    run("sweep", file)
    file.write_text(SWEEP.replace("epochs: 2", "epochs: 3"))
    refused = run("sweep", file)
    assert refused.code == 2 and "epochs: 2" in refused.err
    run("sweep", "export", "runs/sweep-small")
    Path("runs/sweep-small/hparams").mkdir()
    pretend(monkeypatch, 0.25)
    assert run("sweep", file, "--fresh").code == 0
    assert not Path("runs/sweep-small/export").exists() and not Path("runs/sweep-small/hparams").exists()
    with Store.open(Path("runs/sweep-small")) as store:
        assert [record.values for record in store.trials()] == [{"val_accuracy": 0.25}]


def test_fresh_removes_nothing_where_there_is_something_else(run, file, monkeypatch):
    directory = stored(Path("runs/sweep-small"), [trial(0, 0.5)])
    (directory / "mine.txt").write_text("notes")
    result = run("sweep", file, "--fresh")
    assert result.code == 2 and "it also holds mine.txt" in result.err
    with Store.open(directory) as store:
        assert len(store.trials()) == 1


def test_fresh_removes_nothing_while_somebody_runs_it(run, file, monkeypatch):
    directory = stored(Path("runs/sweep-small"), [trial(0, 0.5)])
    with Store.create_or_open(directory, {"spec": "tiny"}, "sweep: small\n") as store, store.driver_lock():
        result = run("sweep", file, "--fresh")
        assert result.code == 2 and "drives this sweep already" in result.err
        assert len(store.trials()) == 1


def test_fresh_in_a_directory_without_a_sweep_is_a_beginning(run, file, monkeypatch):
    pretend(monkeypatch, 0.5)
    assert run("sweep", file, "--fresh", "-o", "new").code == 0
