"""`factory sweep` and its commands over directories of sweeps; running one is tested where TensorFlow runs anyway."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer.main
from trial_records import stored, trial

from factory.cli.main import app
from factory.cli.sweep_progress import SweepReporter, progress_line, trial_line
from factory.spec.zoo import names_in, zoo_directory
from tuner.runner import Progress
from tuner.store import Status, Store

RECORDS = [
    trial(0, 0.5),
    trial(1, None, "FAILED", error="ValueError: no such layer\n\nTraceback: ..."),
    trial(2, 0.75, "STOPPED"),
    trial(3, 0.75, "COPIED", copied_from=2, seconds=0.0),
    trial(4, None, "TIMED_OUT", error="no end after 2 minutes (trial.minutes)"),
    trial(5, None, "RUNNING"),
]


def front() -> list:
    measured = [(0.5, 10.0), (0.9, 4e6), (0.8, 5e6), (0.85, 2e4)]
    return [
        trial(number, accuracy, scores=(accuracy, -macs), values={"val_accuracy": accuracy, "macs": macs})
        for number, (accuracy, macs) in enumerate(measured)
    ]


# ---- files and commands


def test_what_is_no_command_is_a_file(run):
    result = run("sweep", "no_such_sweep", "--dry-run")
    assert result.code == 2 and "'no_such_sweep' is neither a file nor a sweep" in result.err


@pytest.mark.parametrize("words", [["--dry-run", "no_such_sweep"], ["--workers", "2", "no_such_sweep"]])
def test_options_may_stand_before_the_file(run, words):
    assert "'no_such_sweep' is neither a file nor a sweep" in run("sweep", *words).err


@pytest.mark.parametrize("name", ["status", "best", "export", "stop", "run"])
def test_a_file_that_is_named_like_a_command_is_no_trap(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("nothing: of the kind\n")
    assert f"{name}:1:1" in run("sweep", f"./{name}").err  # read, and refused for what is in it
    result = run("sweep", name)
    if name == "run":  # the name behind the file's command is no word of the command line
        assert "run:1:1" in result.err
    else:
        assert result.code == 2 and f"the file of this name: factory sweep ./{name}" in result.err


def test_no_sweep_that_comes_along_is_named_like_a_command(run):
    assert not {"status", "best", "export", "stop"} & set(names_in(zoo_directory() / "sweeps"))


def test_a_misspelt_command_is_told(run, tmp_path):
    result = run("sweep", "statsu", tmp_path)
    assert result.code == 2
    assert result.err == "'statsu' is neither a command of sweep nor a file; did you mean 'status'?\n"


def test_the_help_shows_the_file_and_the_commands(run):
    out = run("sweep", "--help").out
    assert out.startswith("Usage: factory sweep FILE [OPTIONS]\n       factory sweep status DIR\n")
    assert "--dry-run" in out and "\n  stop " in out and "\n  run " not in out
    assert run("sweep", "whatever.yaml", "--help").out.startswith("Usage: factory sweep FILE [OPTIONS]\n")


def test_the_shell_is_offered_commands_and_sweeps_that_come_along():
    group = typer.main.get_command(app).commands["sweep"]
    with group.make_context("sweep", [], resilient_parsing=True) as context:
        offered = {start: [item.value for item in group.shell_complete(context, start)] for start in ("st", "nasb")}
    assert offered == {"st": ["status", "stop"], "nasb": ["nasbench101"]}


@pytest.mark.parametrize("command", ["status", "best", "export", "stop"])
def test_a_directory_without_a_sweep_is_a_mistake(run, tmp_path, command):
    result = run("sweep", command, tmp_path)
    assert result.code == 2 and "there is no sweep.db" in result.err and "Traceback" not in result.err


# ---- what is known of a sweep


def test_status_tells_how_far_a_sweep_is(run, tmp_path):
    directory = stored(tmp_path / "s", RECORDS)
    lines = run("sweep", "status", directory).out.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        ["sweep", "small, random"],
        ["state", f"stands still; the same command goes on: factory sweep FILE -o {directory}"],
        [
            "trials",
            "5 of 8: 1 completed, 1 answered by copies, 1 failed, 1 interrupted, 1 stopped early, 1 timed out",
        ],
        ["best", "trial 2: 0.7500 val_accuracy, 1,002 parameters, 50.00k MACs, stopped early"],
        ["time", "1:56 of trials so far; left, about: 1:27"],
        ["interrupted", "trial 5, before its first epoch"],
        ["failed", "trial 1: ValueError: no such layer"],
        ["timed", "out    trial 4: no end after 2 minutes (trial.minutes)"],
    ]


def test_status_tells_who_drives_and_what_runs(run, tmp_path):
    directory = stored(tmp_path / "s", RECORDS)
    with Store.create_or_open(directory, {"spec": "tiny"}, "sweep: small\n") as store, store.driver_lock():
        store.start(5, "w0")
        store.epoch(5, 0, {"epoch": 1, "val_accuracy": 0.25})
        store.request_stop()
        driver = json.loads((directory / "driver.json").read_text())
        out = run("sweep", "status", directory).out
    assert f"runs: process {driver['pid']} on {driver['host']}, since {driver['since']}, asked to stop" in out
    assert "running    trial 5, after epoch 1" in out and "1 running" in out


def test_status_tells_what_was_damaged(run, tmp_path):
    directory = stored(tmp_path / "s", RECORDS[:2])
    (directory / "sweep.db").write_bytes(b"no database")
    Store.create_or_open(directory, {"spec": "tiny"}, "sweep: small\n").close()
    assert "damaged  database: " in run("sweep", "status", directory).out


def test_best_prints_the_best_trial_with_its_settings(run, tmp_path):
    directory = stored(tmp_path / "s", RECORDS)
    assert run("sweep", "best", directory).out.splitlines() == [
        "best                  trial 2: 0.7500 val_accuracy, 1,002 parameters, 50.00k MACs, stopped early",
        "stages.s1.kernel      3",
        "recipe.learning_rate  0.01",
        f"files                 {directory}/trials/0002/",
    ]


def test_a_sweep_without_a_score_has_no_best(run, tmp_path):
    directory = stored(tmp_path / "s", [trial(0, None, "FAILED", error="boom")])
    result = run("sweep", "best", directory)
    assert result.code == 2 and "no trial has finished with a score yet" in result.err


def test_best_of_several_objectives_is_the_front_with_its_knee(run, tmp_path):
    lines = run("sweep", "best", stored(tmp_path / "s", front())).out.splitlines()
    assert lines[0].split() == ["trial", "val_accuracy", "macs", "params", "settings"]
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["1", "0.9000", "4.000M"],
        ["3", "0.8500", "20.00k"],
        ["0", "0.5000", "10.0000"],
    ]
    assert ["knee" in line for line in lines[1:4]] == [False, True, False]
    assert lines[4] == "hypervolume: 0.914 of the box around all trials"


def test_groups_tells_mean_and_spread_of_each_value(run, tmp_path):
    points = [{"a.kernel": 3}, {"a.kernel": 5}, {"a.kernel": 3}, {}]
    records = [trial(n, 0.5 + n / 10, point=point) for n, point in enumerate(points)]
    directory = stored(tmp_path / "s", [*records, trial(4, None, "FAILED", point={"a.kernel": 5}, error="E")])
    assert run("sweep", "groups", directory, "--by", "a.kernel").out.splitlines() == [
        "kernel  networks  mean val_accuracy     std  lowest  highest",
        "3              2             0.6000  0.1414  0.5000   0.7000",
        "5              1             0.6000       -  0.6000   0.6000",
        "-              1             0.8000       -  0.8000   0.8000",
        "left out: 1 trial without a score",
    ]
    several = run("sweep", "groups", stored(tmp_path / "t", front()), "--by", "stages.s1.kernel", "--by", "name").out
    assert [line.split()[:2] for line in several.splitlines()] == [
        ["kernel", "name"],
        ["3", "tiny"],
        [],
        ["kernel", "name"],
        ["3", "tiny"],
    ]


def test_groups_says_what_can_be_grouped_by(run, tmp_path):
    directory = stored(tmp_path / "s", RECORDS)
    result = run("sweep", "groups", directory, "--by", "stages.s1.kernal")
    assert result.code == 2
    assert result.err == "no trial has anything at 'stages.s1.kernal'; did you mean 'stages.s1.kernel'?\n"
    assert "--by" in run("sweep", "groups", directory).err
    nothing = run(
        "sweep", "groups", stored(tmp_path / "t", [trial(0, None, "FAILED", error="E")]), "--by", "stages.s1.kernel"
    )
    assert nothing.code == 2 and "no trial has finished with a score yet" in nothing.err


def test_export_writes_beside_the_sweep_or_where_it_is_told(run, tmp_path):
    directory = stored(tmp_path / "s", RECORDS)
    out = run("sweep", "export", directory).out.splitlines()
    assert [line.split()[1] for line in out] == [
        f"{directory}/export/{name}" for name in ("trials.csv", "best.yaml", "best.recipe.yaml")
    ]
    run("sweep", "export", directory, "-o", tmp_path / "out")
    assert (tmp_path / "out" / "best.yaml").is_file()


def test_stop_asks_the_driver_and_tells_where_there_is_none(run, tmp_path):
    directory = stored(tmp_path / "s", RECORDS)
    assert run("sweep", "stop", directory).out == f"{directory}: nobody runs this sweep; nothing to stop\n"
    with Store.create_or_open(directory, {"spec": "tiny"}, "sweep: small\n") as store, store.driver_lock():
        assert not store.stop_requested()
        assert f"{directory}: asked process " in run("sweep", "stop", directory).out
        assert store.stop_requested()


# ---- while it runs


def test_in_a_pipe_each_finished_trial_is_one_line(capsys):
    progress = Progress(trials=100, counts={Status.COMPLETED: 6}, running=(7,))
    with SweepReporter() as reporter:
        reporter.started(RECORDS[0], progress)
        reporter.epoch(0, 0, {"epoch": 1}, progress)
        reporter.tick(progress)
        reporter.finished(RECORDS[0], progress)
    assert capsys.readouterr().out == (
        "  6/100  trial 0: 0.5000 val_accuracy, 1,000 parameters, 50.00k MACs, 0:29  "
        "stages.s1.kernel=3 recipe.learning_rate=0.01\n"
    )


def test_the_line_of_a_trial_says_what_became_of_it():
    assert trial_line(RECORDS[1]).startswith("trial 1: ValueError: no such layer (failed), 0:29  stages.s1.kernel=3")
    assert ", stopped early, 0:29  " in trial_line(RECORDS[2])
    assert ", the same as trial 2, 0:00  " in trial_line(RECORDS[3])
    assert trial_line(trial(0, None, "FAILED", error="x" * 1000)).count("x") == 157


def test_the_live_line_has_done_running_failed_best_and_time():
    progress = Progress(
        trials=20,
        counts={Status.COMPLETED: 3, Status.FAILED: 1, Status.TIMED_OUT: 1},
        running=(5, 6),
        best=RECORDS[2],
        seconds=75.0,
        seconds_left=200.4,
    )
    assert progress_line(progress, {5: " epoch 2"}) == (
        "5/20 trials  ━━━━━                 2 failed  running: 5 epoch 2, 6  "
        "best: trial 2, val_accuracy 0.7500  1:15, about 3:20 left"
    )
    assert progress_line(Progress(trials=20), {}) == "0/20 trials                        0:00"
