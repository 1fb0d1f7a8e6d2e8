"""`tuner.runner.run` with sweep files, KerasTuner and its oracles: every algorithm goes on as if nothing had been."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pretending import outcome

import tuner
from factory.errors import FactoryError
from tuner.runner import Silent, run
from tuner.runner.memory import Bound
from tuner.runner.session import TRAINER
from tuner.runner.workers import Workers
from tuner.store import Status

SWEEP = {
    "sweep": "tiny",
    "spec": {
        "name": "tiny",
        "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
        "classes": 10,
        "stages": {"stem": {"block": "conv", "filters": 4, "kernel": 3}, "head": {"block": "classifier"}},
    },
    "space": {"stages.stem.kernel": {"choice": [1, 2, 3, 4, 5]}, "stages.stem.filters": {"int": [4, 12]}},
    "objective": {"maximize": "val_accuracy"},
    "budget": {"trials": 10, "epochs": 4},
    "data": "digits",
    "recipe": {"recipe": "quick", "batch_size": 32, "deterministic": True, "data": {"samples": 60}},
}


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


class Interrupting(Silent):
    """Ctrl-C in the middle of a trial."""

    def __init__(self, trial):
        self.trial = trial

    def epoch(self, number, run, row, progress):
        if number == self.trial:
            raise KeyboardInterrupt


@pytest.mark.parametrize("algorithm", ["halving", "reinforce"])  # a small state, and a large one
def test_an_interrupted_sweep_proposes_what_the_whole_one_does(algorithm, tmp_path):
    sweep = tuner.load({**SWEEP, "algorithm": {"name": algorithm}})
    with run(sweep, tmp_path / "whole", trainer="pretender:Pretender") as store:
        whole = outcome(store)
    assert {status for _, _, _, status, _, _ in whole} <= {"COMPLETED", "COPIED"} and len(whole) == 10
    for trial in (2, 7):
        with pytest.raises(KeyboardInterrupt):
            run(sweep, tmp_path / "run", trainer="pretender:Pretender", reporter=Interrupting(trial))
    with run(sweep, tmp_path / "run", trainer="pretender:Pretender") as store:
        assert outcome(store) == whole


def test_a_sweep_trains_networks_and_keras_tuner_finds_the_best(tmp_path):
    from tuner.oracles import of_sweep
    from tuner.runner.tuner import SweepTuner

    sweep = tuner.load({**SWEEP, "budget": {"trials": 3, "epochs": 1}})
    with run(sweep, tmp_path / "sweep") as store:
        trials = store.trials()
        assert [trial.status for trial in trials] == [Status.COMPLETED] * 3, trials[0].error
        best = max(trials, key=lambda trial: trial.scores)
        assert best.result["runs"][0]["validation"]["accuracy"] == best.scores[0]

        workers = Workers(tmp_path / "sweep" / "workers", 1, TRAINER, 1)
        searching = SweepTuner(of_sweep(sweep), sweep, store, workers, Silent(), Bound.of(sweep.trial, 1))
        searching.search()  # nothing is left
        assert not workers.all
        assert searching.get_best_hyperparameters()[0].values == best.point
        [network] = searching.get_best_models()
        assert network.count_params() == best.costs["params"]
        worst = min(searching.oracle.trials.values(), key=lambda trial: trial.score)
        with pytest.raises(FactoryError, match="has kept no weights"):
            searching.load_model(worst)


def test_a_sweep_needs_a_worker(tmp_path):
    with pytest.raises(FactoryError, match="workers: expected a number from 1, received 0"):
        run(tuner.load(SWEEP), tmp_path, workers=0)


def test_a_finished_sweep_is_answered_without_tensorflow_after_the_rest_of_an_end_that_was_cut_short(tmp_path):
    sweep = {**SWEEP, "budget": {"trials": 2, "epochs": 4}}
    run(tuner.load(sweep), tmp_path / "run", trainer="pretender:Pretender").close()
    left = tmp_path / "run" / "trials" / "0000" / "run-0" / "checkpoints"
    other = tmp_path / "run" / "trials" / "0001" / "run-0" / "checkpoints"
    for folder in (left, other):
        folder.mkdir(parents=True, exist_ok=True)
    code = (
        "import sys, tuner; from tuner.runner import run;"
        f"run(tuner.load({sweep!r}), {str(tmp_path / 'run')!r}).close();"
        "print(sorted({'tensorflow', 'keras', 'keras_tuner'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
    assert left.exists() + other.exists() == 1
