"""SIGKILL at random moments, of the driver, a worker or everything: the same call again ends as if nothing had been."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
from pretender import EPOCHS
from pretending import PretendSweep, drive, executed, outcome

from tuner.store import Store

HERE = Path(__file__).parent
SETTINGS = {"algorithm": "random", "behaviours": ["run", "raise"]}


def start(directory: Path) -> subprocess.Popen:
    command = [sys.executable, str(HERE / "pretending.py"), str(directory), json.dumps(SETTINGS)]
    environment = {**os.environ, "PRETEND_DELAY": "0.01"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def lines(directory: Path) -> int:
    path = directory / "executed"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_after(directory: Path, count: int, delay: float, whom: str) -> None:
    """Starts the sweep and kills a moment after so many epochs have run."""
    process = start(directory)
    while lines(directory) < count:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.001)
    time.sleep(delay)
    workers = psutil.Process(process.pid).children() if process.poll() is None else []
    for victim in [
        *([] if whom == "worker" else [process.pid]),
        *([] if whom == "driver" else [w.pid for w in workers]),
    ]:
        os.kill(victim, signal.SIGKILL)
    if whom == "worker":
        time.sleep(0.1)
        process.kill()  # the driver goes on; so that the next call has something to take up
    process.communicate()


def test_a_sweep_killed_again_and_again_is_the_one_that_was_not(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    sweep = PretendSweep(algorithm="random", behaviours=("run", "raise"))
    whole = drive(sweep, tmp_path / "whole")
    total = len(executed(tmp_path / "whole"))
    moments = random.Random()
    marks = sorted(moments.sample(range(1, total - 1), 5))
    whom = ["driver", "everything", "worker", "driver", "everything"]
    for count, victim in zip(marks, whom, strict=True):
        delay = moments.uniform(0, 0.02)
        print(f"{victim} killed {delay:.4f} s after epoch {count}")  # shown where the test fails
        kill_after(tmp_path / "run", count, delay, victim)
    process = start(tmp_path / "run")
    output, _ = process.communicate()
    assert process.returncode == 0, output

    store = Store.open(tmp_path / "run")
    assert outcome(store) == outcome(whole)
    done = executed(tmp_path / "run")
    assert [trial for trial, _, _ in done] == sorted(trial for trial, _, _ in done), "a finished trial ran again"
    assert set(done) == set(executed(tmp_path / "whole"))
    assert sum(Counter(done).values()) - len(set(done)) <= 2 * len(whom), "more than the epoch under way ran again"
    for trial in store.trials():
        epochs = EPOCHS if trial.scores else 1
        assert [row["epoch"] for row in store.curve(trial.number)] == list(range(1, epochs + 1))
        assert trial.attempts == 1
