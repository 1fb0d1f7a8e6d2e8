"""Sweeps on a Ray cluster of two nodes on this machine: the same as with local workers, whatever is killed."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import tuner
from tuner.runner import Silent
from tuner.runner import run as run_locally
from tuner.sweep.sections import Budget, TrialLimits

HERE = Path(__file__).parent
RUNNER = HERE.parent / "runner"
SWEEP = {
    "sweep": "tiny",
    "spec": {
        "name": "tiny",
        "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
        "classes": 10,
        "stages": {"stem": {"block": "conv", "filters": 4, "kernel": 3}, "head": {"block": "classifier"}},
    },
    "space": {"stages.stem.kernel": {"choice": [1, 2, 3, 4, 5]}, "stages.stem.filters": {"int": [4, 12]}},
    "algorithm": {"name": "evolution", "population": 3, "sample": 2},
    "objective": {"maximize": "val_accuracy"},
    "budget": {"trials": 10, "epochs": 4},
    "stop": {"after": 2, "trials": 3},
    "data": "digits",
    "recipe": {"recipe": "quick", "batch_size": 32, "data": {"samples": 60}},
}


class Machines:
    """A cluster with token authentication, two nodes with a CPU each; another node takes the place of a killed one."""

    def __init__(self) -> None:
        from ray._raylet import Config
        from ray.cluster_utils import Cluster

        Config.initialize("")  # another test may have imported Ray before its settings were made
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.address = self.cluster.address
        self.second = self.cluster.add_node(num_cpus=1)

    def kill_second(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)


@pytest.fixture(scope="module")
def machines():
    with pytest.MonkeyPatch.context() as patch:
        for path in (HERE, RUNNER):
            patch.syspath_prepend(str(path))
        paths = [str(HERE), str(RUNNER), str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))  # of the nodes' processes
        patch.setenv("PRETEND_DELAY", "0.05")
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(20))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        started = Machines()
        yield started
        started.cluster.shutdown()


@pytest.fixture
def joined(machines):
    from tuner.cluster.connecting import connected

    with connected(machines.address):
        yield machines


def test_one_worker_on_a_cluster_gives_what_one_local_worker_gives(machines, tmp_path):
    """Evolution learns from scores, and the median rule from epochs: a message lost or late would change trials."""
    from pretending import executed, outcome

    sweep = tuner.load(SWEEP)
    with run_locally(sweep, tmp_path / "local", trainer="pretender:Pretender") as store:
        expected, curves = outcome(store), [store.curve(trial.number) for trial in store.trials()]
    assert {status for *_, status, _, _ in expected} >= {"COMPLETED", "STOPPED"}
    from tuner.cluster import run

    with run(sweep, tmp_path / "ray", machines.address, trainer="pretender:Pretender") as store:
        assert outcome(store) == expected
        assert [store.curve(trial.number) for trial in store.trials()] == curves
        assert {trial.device for trial in store.trials() if trial.seconds} == {"paper"}
    assert executed(tmp_path / "ray") == executed(tmp_path / "local")


def test_failures_end_their_own_trial_and_nothing_else(joined, tmp_path):
    from plain_sweeps import drive_on_cluster
    from pretending import PretendSweep

    fates = {
        "killed": "the worker process crashed or was killed",
        "raise": "RuntimeError: a loss that is no number",
        "exit": "out of here",
        "memory": "MemoryError: no room for a tensor",
        "hang": "no end after 0.1 minutes (trial.minutes)",
        "run": "",
    }
    sweep = PretendSweep(tuple(fates), budget=Budget(trials=16), trial=TrialLimits(minutes=0.1))
    with drive_on_cluster(sweep, tmp_path / "sweep", Silent(), workers=2) as store:
        trials = store.trials()
    assert {trial.point["do"] for trial in trials} == set(fates)  # with this seed
    for trial in trials:
        do = trial.point["do"]
        assert trial.status == {"run": "COMPLETED", "hang": "TIMED_OUT"}.get(do, "FAILED"), trial.error
        assert fates[do] in trial.error
        assert do != "hang" or "_behave" in trial.error  # where it hangs


class Killing(Silent):
    """Kills the second node where a trial has begun on it, and two finished trials later the actor's process."""

    def __init__(self, machines):
        self.machines, self.lines = machines, []
        self.killed_at = None

    def say(self, line):
        self.lines.append(line)

    def finished(self, record, progress):
        import ray

        if self.killed_at is not None and progress.done == self.killed_at + 2:
            os.kill(ray.get(self.actor.process.remote()), signal.SIGKILL)

    def epoch(self, number, run, row, progress):
        import ray

        if self.killed_at is None and ray.get(self.actor.node_of.remote(number)) == self.machines.second.node_id:
            self.machines.kill_second()
            self.killed_at = progress.done


def test_a_node_killed_in_the_middle_and_then_the_oracle_lose_nothing(joined, tmp_path):
    from plain_sweeps import drive_on_cluster
    from pretender import EPOCHS
    from pretending import PretendSweep, drive, executed, outcome

    sweep = PretendSweep(budget=Budget(trials=14))
    with drive(sweep, tmp_path / "local") as store:
        expected = outcome(store)

    killing = Killing(joined)
    with drive_on_cluster(sweep, tmp_path / "sweep", killing, workers=2, trainer="plain_sweeps:Slow") as store:
        trials = store.trials()
        assert outcome(store) == expected  # random search: the order of results changes no proposal
        for trial in trials:
            assert [row["epoch"] for row in store.curve(trial.number)] == list(range(1, EPOCHS + 1))
            assert trial.attempts == 1
    assert any("was lost with its node; trial" in line for line in killing.lines), killing.lines
    assert any("were interrupted" in line for line in killing.lines), killing.lines
    ran = Counter(executed(tmp_path / "sweep"))
    assert set(ran) == {(trial.number, 0, epoch) for trial in trials for epoch in range(1, EPOCHS + 1)}
    assert sum(ran.values()) - len(ran) <= 1 + 2, "more than the epochs under way ran again"


def test_a_stranger_without_the_token_is_not_let_in(machines, tmp_path):
    code = (
        "import sys; from factory.cli.main import main\n"
        f"sys.exit(main(['sweep', 'digits_macro', '-o', 'runs', '--cluster', '{machines.address}']))"
    )
    environment = {**os.environ, "RAY_AUTH_TOKEN": "of somebody else"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and not (tmp_path / "runs").exists()
    assert f"the Ray cluster at {machines.address} does not let us in" in done.stderr
    assert "Traceback" not in done.stderr
