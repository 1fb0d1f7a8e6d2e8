"""A run pauses after some of its epochs, and what it comes to in the end is what it would have come to anyway."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from runs import RECIPE, SPEC, final_weights

import factory
from factory.errors import FactoryError

QUICK = {**RECIPE, "epochs": 3, "data": {"samples": 142}, "deterministic": True}
"""128 samples to learn from in batches of 64."""


def rows(folder):
    """metrics.jsonl without what was timed."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "images_per_second")} for row in lines]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, factory.fit(SPEC, "digits", QUICK, folder)


@pytest.fixture(scope="module")
def paused(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paused") / "run"
    return folder, factory.fit(SPEC, "digits", QUICK, folder, until=2)


def test_a_paused_run_has_the_epochs_that_the_whole_run_begins_with(whole, paused):
    folder, found = paused
    assert rows(folder) == rows(whole[0])[:2]
    assert found.result["epochs"] == 2 and found.result["test"] == {}
    best = rows(folder)[found.result["best_epoch"] - 1]
    assert found.result["validation"]["loss"] == best["val_loss"]
    assert not (folder / "result.json").exists() and not (folder / "model.keras").exists()


def test_pausing_at_the_same_epoch_again_trains_nothing(paused):
    folder, found = paused
    before = sorted(folder.glob("checkpoints/*"))
    assert factory.fit(SPEC, "digits", QUICK, folder, until=2).result == found.result
    assert sorted(folder.glob("checkpoints/*")) == before


def test_a_copy_of_a_paused_run_goes_on_to_the_end_of_the_whole_run(whole, paused, tmp_path):
    shutil.copytree(paused[0], tmp_path / "run")
    heard = []
    reporter = type("Heard", (), {"say": lambda *_: None, "step": lambda *_: None})()
    reporter.epoch = lambda row, epochs: heard.append(row["epoch"])
    found = factory.fit(SPEC, "digits", QUICK, tmp_path / "run", reporter=reporter)
    assert heard == [3]
    assert rows(tmp_path / "run") == rows(whole[0])
    assert found.result["test"] == whole[1].result["test"]
    for name, array in final_weights(whole[0]).items():
        np.testing.assert_array_equal(final_weights(tmp_path / "run")[name], array, err_msg=name)


def test_a_run_does_not_pause_after_its_last_epoch(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    assert factory.fit(SPEC, "digits", QUICK, tmp_path / "run", until=9).result == whole[1].result


def test_metrics_that_a_kill_kept_from_being_written_come_from_the_checkpoint(whole, tmp_path):
    """SIGKILL between the last checkpoint and the files of metrics."""
    run = tmp_path / "run"
    shutil.copytree(whole[0], run)
    (run / "result.json").unlink()
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text("".join(lines[:-1]))
    factory.fit(SPEC, "digits", QUICK, run)
    assert (run / "metrics.jsonl").read_text() == "".join(lines)


def test_a_pause_before_the_first_epoch_is_refused(tmp_path):
    with pytest.raises(FactoryError, match="until: expected a number of epochs from 1, received 0"):
        factory.fit(SPEC, "digits", QUICK, tmp_path / "run", until=0)
