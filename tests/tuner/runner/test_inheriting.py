"""Trials that begin with the weights of others: what they train, whose weights are kept, what a crash leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pretender import EPOCHS
from pretending import PretendSweep, drive, outcome
from test_trial_runs import NETWORK, Told, rows

import factory
from factory.models.load import load
from factory.spec.render import render
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.render import render_recipe
from tuner.runner import Silent, training
from tuner.runner.tasks import RECIPE, SPEC, Task
from tuner.store import Store
from tuner.sweep.sections import Budget

QUICK = {"recipe": "quick", "epochs": 1, "batch_size": 32, "deterministic": True, "ema": 0.9, "data": {"samples": 60}}
GROWN = {"stages.stem.filters": 9, "stages.stem.kernel": 5}
SWEEP = {"algorithm": "morphing_evolution", "settings": {"population": 3, "sample": 2, "child_epochs": 2}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trainer, the folder of a parent that it has trained, and a maker of children."""
    root = tmp_path_factory.mktemp("inheriting")

    def task(name, changes=(), **options):
        folder = root / name
        folder.mkdir()
        (folder / SPEC).write_text(render(factory.load(NETWORK, **dict(changes))))
        (folder / RECIPE).write_text(render_recipe(load_recipe(QUICK)))
        return Task(int(name), str(folder), "digits", **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "use_threads", lambda threads: None)  # TensorFlow has begun, in this process
        trainer = training.KerasTrainer(1)
        trainer.run(task("0000"), Told())
        yield trainer, root, task


def test_a_child_begins_as_the_function_of_its_parent(trained):
    _, root, _ = trained
    spec = factory.load(NETWORK, **GROWN)
    child = factory.build(spec, seed=7)
    model = root / "0000" / "run-0" / "model.keras"
    told = training.Inheriting(model, 0)(child, spec)
    assert told == f"weights of {model}: 1 grown and widened, 2 widened: the same function"
    images = np.random.default_rng(0).uniform(0, 255, (8, 8, 8, 1)).astype("float32")
    np.testing.assert_allclose(child(images), load(model)(images), atol=1e-5)


def test_a_child_trains_for_its_own_epochs_and_goes_on_without_inheriting_again(trained):
    trainer, root, task = trained
    parent, heard = str(root / "0000"), Told()
    [result] = trainer.run(task("0001", GROWN, inherits=parent, epochs=2), heard)
    assert heard.epochs == [(0, 1), (0, 2)] and result["epochs"] == 2
    trainer.run(task("0002", GROWN, inherits=parent, epochs=2, until=1), Told())
    trainer.run(Task(2, str(root / "0002"), "digits", inherits=str(root / "nowhere"), epochs=2), Told())
    assert rows(root / "0001" / "run-0") == rows(root / "0002" / "run-0")


def test_a_child_whose_parent_has_lost_its_weights_says_so(trained):
    trainer, root, task = trained
    with pytest.raises(factory.FactoryError, match=r"nowhere/run-0/model\.keras"):
        trainer.run(task("0003", GROWN, inherits=str(root / "nowhere")), Told())
    trainer.tidy()


# ---- without training


class Watching(Silent):
    """After every trial, which trials have their weights; dies after so many of them."""

    def __init__(self, directory: Path, dies_after: int = 999):
        self.directory, self.dies_after, self.kept = directory, dies_after, []

    def finished(self, record, progress):
        self.kept.append({int(path.parts[-3]) for path in self.directory.glob("trials/*/run-0/model.keras")})
        if len(self.kept) == self.dies_after:
            raise RuntimeError("died")


@pytest.fixture
def pretend(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return PretendSweep(**SWEEP, keys="half", budget=Budget(trials=16))


def test_the_population_keeps_its_weights_and_children_train_for_their_own_epochs(pretend, tmp_path):
    watching = Watching(tmp_path)
    store = drive(pretend, tmp_path, reporter=watching)
    trials = store.trials()
    assert all(trial.scores for trial in trials) and any(trial.status == "COPIED" for trial in trials)
    source = {trial.number: trial.number if trial.copied_from is None else trial.copied_from for trial in trials}
    for number, kept in enumerate(watching.kept):
        population = {source[one] for one in range(max(0, number - 2), number + 1)}
        best = max((t for t in trials[: number + 1] if t.copied_from is None), key=lambda t: (t.scores, -t.number))
        assert kept == population | {best.number}, number
    for trial in trials:
        epochs = EPOCHS if trial.inherits is None else 2
        if trial.copied_from is None:
            assert [row["epoch"] for row in store.curve(trial.number)] == list(range(1, epochs + 1))
        else:  # the same network, however long the other was trained
            assert trials[trial.copied_from].key == trial.key
    assert [trial.inherits is None for trial in trials] == [True] * 3 + [False] * 13


def test_drivers_that_die_at_any_trial_lose_no_parent(pretend, tmp_path):
    whole = drive(pretend, tmp_path / "whole")
    for moment in (1, 3, 1, 5):
        with pytest.raises(RuntimeError, match="died"):
            drive(pretend, tmp_path / "run", reporter=Watching(tmp_path / "run", moment))
    store = drive(pretend, tmp_path / "run")
    assert outcome(store) == outcome(whole)
    assert [trial.inherits for trial in store.trials()] == [trial.inherits for trial in whole.trials()]


def test_a_larger_budget_goes_on_with_the_population(pretend, tmp_path):
    drive(pretend, tmp_path).close()
    pretend.budget = Budget(trials=20)
    store: Store = drive(pretend, tmp_path)
    assert len(store.trials()) == 20 and all(trial.scores for trial in store.trials())
