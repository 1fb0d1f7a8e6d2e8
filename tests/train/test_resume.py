"""A run that is killed at any moment goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from runs import RECIPE, SPEC, final_weights, finish, kill_after_checkpoint, newest_step

import factory
from factory.train.training import Training

STEPS = 6 * RECIPE["epochs"]
"""400 samples in batches of 64."""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    finish(folder)
    return folder


def assert_same_end(folder, whole):
    expected, found = final_weights(whole), final_weights(folder)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
    rows = [[json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()] for run in (folder, whole)]
    for mine, other in zip(*rows, strict=True):
        timed = ("seconds", "images_per_second")
        assert {k: v for k, v in mine.items() if k not in timed} == {k: v for k, v in other.items() if k not in timed}
    results = [json.loads((run / "result.json").read_text()) for run in (folder, whole)]
    assert results[0]["test"] == results[1]["test"]
    assert (folder / "model.keras").is_file()


def test_killed_twice_at_random_moments_it_ends_with_the_same_weights(uninterrupted, tmp_path):
    """SIGKILL a random moment after a random step: with optimiser, schedule, averages, order and dropout as before."""
    moments = random.Random()
    for low, high in ((1, 8), (9, 16)):
        step, delay = moments.randint(low, high), moments.uniform(0, 0.05)
        print(f"killed {delay:.4f} s after step {step}")  # shown where the test fails
        kill_after_checkpoint(tmp_path / "run", step, delay)
        assert not (tmp_path / "run" / "result.json").exists()
    finish(tmp_path / "run")
    assert newest_step(tmp_path / "run") == STEPS
    assert_same_end(tmp_path / "run", uninterrupted)


def test_stopped_between_the_last_step_of_an_epoch_and_its_row_it_measures_that_epoch(
    uninterrupted, tmp_path, monkeypatch
):
    """The checkpoint of that step is there already: the epoch's validation and row are still owed."""
    recipe = {**RECIPE, "deterministic": True, "checkpoint_minutes": 1e-9}
    with monkeypatch.context() as patch:
        measured = Training._measured

        def stopped(training, epoch, speed):
            if epoch == 1:
                raise KeyboardInterrupt
            return measured(training, epoch, speed)

        patch.setattr(Training, "_measured", stopped)
        with pytest.raises(KeyboardInterrupt):
            factory.fit(SPEC, "digits", recipe, tmp_path / "run")
    assert newest_step(tmp_path / "run") == 2 * STEPS // RECIPE["epochs"]
    finish(tmp_path / "run")
    assert_same_end(tmp_path / "run", uninterrupted)


def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_ends_the_same(uninterrupted, tmp_path):
    kill_after_checkpoint(tmp_path / "run", 7, 0)
    newest = sorted((tmp_path / "run" / "checkpoints").glob("step-*.npz"))[-1]
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    output = finish(tmp_path / "run")
    assert "damaged checkpoint" in output and newest.name in output and "going on after" in output
    assert_same_end(tmp_path / "run", uninterrupted)
