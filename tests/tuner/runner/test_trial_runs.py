"""The run of one trial: seeds, folds, pausing, going on from another trial, stopping. Against plain `factory.fit`."""

from __future__ import annotations

import json

import pytest

import factory
from factory.spec.render import render
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.render import render_recipe
from tuner.runner import training
from tuner.runner.tasks import RECIPE, SPEC, Task

NETWORK = {
    "name": "tiny",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "stages": {"stem": {"block": "conv", "filters": 4, "kernel": 3}, "head": {"block": "classifier"}},
}
QUICK = {"recipe": "quick", "epochs": 3, "batch_size": 32, "deterministic": True, "data": {"samples": 60}}


class Told:
    """A line to nobody, which says stop after an epoch of the first run."""

    def __init__(self, stop_after: int = 99):
        self.stop_after, self.epochs = stop_after, []

    def epoch(self, run, row):
        self.epochs.append((run.number, row["epoch"]))
        return run.number == 0 and row["epoch"] >= self.stop_after


@pytest.fixture(scope="module")
def trainer():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "use_threads", lambda threads: None)  # TensorFlow has begun, in this process
        yield training.KerasTrainer(1)


@pytest.fixture
def task(tmp_path):
    def make(number=0, **options):
        folder = tmp_path / f"{number:04}"
        folder.mkdir()
        (folder / SPEC).write_text(render(factory.load(NETWORK)))
        (folder / RECIPE).write_text(render_recipe(load_recipe(QUICK)))
        return Task(number, str(folder), "digits", **options)

    return make


def rows(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "images_per_second")} for row in lines]


def test_runs_of_seeds_and_folds_are_those_of_fit(trainer, task, tmp_path):
    told = Told()
    results = trainer.run(task(seeds=2, folds=2, until=1), told)
    assert told.epochs == [(run, 1) for run in range(4)] and len(results) == 4
    data = {"samples": 60, "split": "kfold", "folds": 2, "fold": 1}
    alone = factory.fit(NETWORK, "digits", {**QUICK, "seed": 1, "data": data}, tmp_path / "alone", until=1)
    assert rows(tmp_path / "0000" / "run-3") == rows(tmp_path / "alone")
    assert results[3]["validation"] == alone.result["validation"] and results[3]["data"] == "digits"


def test_a_trial_goes_on_from_a_paused_one_and_leaves_it_as_it_was(trainer, task, tmp_path):
    parent = task(0, until=2)
    trainer.run(parent, Told())
    before = sorted((tmp_path / "0000").rglob("*.npz"))
    told = Told()
    [result] = trainer.run(task(1, continues=parent.folder), told)
    assert told.epochs == [(0, 3)] and result["epochs"] == 3 and result["test"]
    assert sorted((tmp_path / "0000").rglob("*.npz")) == before
    factory.fit(NETWORK, "digits", QUICK, tmp_path / "whole")
    assert rows(tmp_path / "0001" / "run-0") == rows(tmp_path / "whole")
    again = Told()
    assert trainer.run(Task(1, str(tmp_path / "0001"), "digits", continues=parent.folder), again) == [result]
    assert again.epochs == []


def test_a_stopped_trial_ends_after_its_epoch_without_further_runs(trainer, task):
    told = Told(stop_after=2)
    [result] = trainer.run(task(seeds=3), told)
    assert told.epochs == [(0, 1), (0, 2)] and result["epochs"] == 2
    trainer.tidy()
