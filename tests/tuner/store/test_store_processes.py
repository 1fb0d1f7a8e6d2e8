"""Drivers that are killed with SIGKILL, two of them in one directory, and directories that may only be read."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import store_processes


def run(work, directory, seed=0):
    """What store_processes.py prints."""
    command = [sys.executable, store_processes.__file__, work, str(directory), str(seed)]
    path = os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_that_was_taken_is_lost_by_kill_9_and_nothing_is_finished_twice(tmp_path, seed):
    found = run("kills", tmp_path / "sweep", seed)
    assert found["wrong"] == []
    assert found["killed"] == store_processes.KILLS and found["interrupted"] > 0
    expected = [[n, "FAILED", None] if n % 5 == 4 else [n, "COMPLETED", [n]] for n in range(store_processes.TRIALS)]
    assert found["done"] == expected


def test_a_second_driver_is_refused_until_the_first_is_dead(tmp_path):
    found = run("second", tmp_path / "sweep")
    assert f"process {found['pid']} on {socket.gethostname()}" in found["refused"]
    assert found["driver"]["pid"] == found["pid"] and found["after"] is None
    assert found["seen"] == found["left"] == 1


def test_a_sweep_that_may_not_be_written_can_be_read_and_is_refused_to_a_driver(tmp_path):
    for found in run("unwritable", tmp_path)["results"]:
        assert found["statuses"] == ["COMPLETED"] * 3 + ["FAILED"]
        assert "Permission denied" in found["driver"] and "Permission denied" in found["stop"]
        assert "Permission denied" in found["new"]
