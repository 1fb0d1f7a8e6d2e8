"""`tuner.load`: where files are found, what goes over them, what is made of spec, recipe and data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sweep_texts import SPACE, TINY, sweep_of

import tuner
from factory import FactoryError, SpecError
from factory.train.recipe.reading import load_recipe
from tuner.candidates.objectives import Objective
from tuner.space import Int
from tuner.sweep.render import render_sweep
from tuner.sweep.sections import Budget, Repeats, StopRule, TrialLimits

ISSUE = """
sweep: b0_macro
spec: efficientnet_b0
space:
  stages.s3.kernel: {choice: [3, 5, 7]}
  scale.width:      {float: [0.5, 1.5], step: 0.1}
  stages.s2:        {choice: {mb: {block: mbconv, expand: 6, se: 0.25}, fused: {block: fused_mbconv, expand: 4}, skip: {block: sequence, body: []}}}   # whole calls, merged like `first:`
  recipe.learning_rate: {float: [1.0e-4, 1.0e-1], log: true}
  recipe.batch_size: {choice: [32, 64, 128], when: {scale.width: {lt: 1.0}}}
constraints: [macs <= 400M, params <= 5M, activations <= 10M]
objective: {maximize: val_accuracy}
algorithm: {name: evolution, population: 20, sample: 5}
budget: {trials: 100, hours: 2, epochs: 5}
workers: 2
data: digits
recipe: digits
seed: 0
"""  # noqa: E501


def test_the_sweep_of_the_issue(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(ISSUE, encoding="utf-8")
    sweep = tuner.load(file)
    assert (sweep.name, sweep.path, sweep.text) == ("b0_macro", file, ISSUE)
    assert sweep.spec.classes == 10
    assert sweep.notes[0] == "classes: 1000 -> 10, as in digits"
    assert (sweep.recipe.recipe, sweep.recipe.epochs, sweep.epochs) == ("digits", 5, 5)
    assert [constraint.text for constraint in sweep.constraints] == [
        "macs <= 400M", "params <= 5M", "activations <= 10M",
    ]  # fmt: skip
    (objective,) = sweep.objectives
    assert (objective.name, objective.maximize, objective.take) == ("val_accuracy", True, "best")
    assert (sweep.algorithm, sweep.parameters.population, sweep.parameters.sample) == ("evolution", 20, 5)
    assert sweep.budget == Budget(trials=100, hours=2, epochs=5)
    assert (sweep.workers, sweep.seed, sweep.keep) == (2, 0, 1)
    assert (sweep.repeats, sweep.stop, sweep.trial) == (Repeats(), None, TrialLimits())
    assert [dimension.name for dimension in sweep.space] == [
        "stages.s3.kernel", "scale.width", "stages.s2", "recipe.learning_rate", "recipe.batch_size",
    ]  # fmt: skip


def test_everything_that_has_a_default():
    sweep = sweep_of("")
    assert (sweep.name, sweep.path, sweep.data, sweep.algorithm) == ("sweep", None, "digits", "random")
    assert sweep.objectives == (Objective("val_accuracy", sweep.objectives[0].formula, True),)
    assert sweep.recipe == load_recipe("base")


def test_all_sections():
    sweep = sweep_of(
        "objective: [{maximize: val_accuracy, take: last, name: accuracy}, {minimize: macs}]\n"
        "algorithm: nsga2\nrepeats: {seeds: 2, folds: 3}\nstop: {after: 2, trials: 4}\n"
        "trial: {minutes: 3, retries: 1, memory_gb: 2.5}\nkeep: 0"
    )
    assert [(one.name, one.maximize, one.take) for one in sweep.objectives] == [
        ("accuracy", True, "last"), ("macs", False, "best"),
    ]  # fmt: skip
    assert (sweep.repeats, sweep.stop) == (Repeats(seeds=2, folds=3), StopRule(after=2, trials=4))
    assert (sweep.trial, sweep.keep) == (TrialLimits(minutes=3, retries=1, memory_gb=2.5), 0)
    assert not sweep.notes


def test_an_algorithm_that_sees_one_objective_says_so():
    sweep = sweep_of("objective: [{maximize: val_accuracy}, {minimize: macs}]\nalgorithm: evolution")
    assert sweep.notes == ("evolution looks at the first objective alone, val_accuracy",)


def test_files_beside_the_sweep_come_first(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "lenet5.yaml").write_text(TINY, encoding="utf-8")
    (folder / "net.yaml").write_text("{extends: lenet5, name: child}", encoding="utf-8")
    (folder / "quick.yaml").write_text("{epochs: 2, spec: {stages.a.filters: 6}}", encoding="utf-8")
    for spec, name in (("lenet5", "tiny"), ("net.yaml", "child"), ("{extends: lenet5, name: inline}", "inline")):
        (folder / "s.yaml").write_text(f"spec: {spec}\nrecipe: quick\n{SPACE}", encoding="utf-8")
        for place, file in ((tmp_path, "project/s.yaml"), (folder, "s.yaml")):
            monkeypatch.chdir(place)
            sweep = tuner.load(file)
            assert (sweep.spec.name, sweep.name, sweep.epochs) == (name, "s", 2)


def test_what_the_recipe_changes_in_the_network_goes_under_the_point():
    """`factory.fit` puts a recipe's overrides over the spec: here they are in the base, and no longer in the recipe."""
    sweep = sweep_of("recipe: {spec: {stages.a.filters: 6, stages.b.filters: 12}}")
    spec = sweep.candidate({"stages.a.filters": 4}).spec
    assert [spec.document["stages"][stage]["filters"] for stage in ("a", "b")] == [4, 12]
    assert sweep.recipe.spec == {}


def test_overrides_go_over_the_file(tmp_path):
    (tmp_path / "s.yaml").write_text(f"spec: {TINY}\n{SPACE}\nbudget: {{trials: 3}}", encoding="utf-8")
    changes = {"budget.epochs": 2, "space.stages.b.kernel": {"choice": [1, 3]}, "constraints": ["macs <= 1M"]}
    sweep = tuner.load(tmp_path / "s.yaml", workers=4, algorithm="sobol", **changes)
    assert sweep.budget == Budget(trials=3, epochs=2)
    assert (sweep.workers, sweep.algorithm, sweep.constraints[0].text) == (4, "sobol", "macs <= 1M")
    assert [dimension.name for dimension in sweep.space] == ["stages.a.filters", "stages.b.kernel"]
    again = tmp_path / "again.yaml"
    again.write_text(sweep.text, encoding="utf-8")
    assert tuner.load(again).identity() == sweep.identity()
    assert tuner.load(tmp_path / "s.yaml", budget=None).budget == Budget()


def test_an_override_replaces_an_entry_of_the_space_or_adds_or_removes_one(tmp_path):
    (tmp_path / "s.yaml").write_text(f"spec: {TINY}\n{SPACE}", encoding="utf-8")
    entry = {"int": [2, 8]}
    for changes, found in (
        ({"space.stages.a.filters": entry}, [Int("stages.a.filters", 2, 8)]),
        ({"space": {"stages.a.filters": entry}}, [Int("stages.a.filters", 2, 8)]),
        ({"space.stages.a.filters": None, "space.stages.b.filters": entry}, [Int("stages.b.filters", 2, 8)]),
    ):
        assert list(tuner.load(tmp_path / "s.yaml", **changes).space) == found


def test_an_override_through_a_value_is_told(tmp_path):
    (tmp_path / "s.yaml").write_text(f"spec: {TINY}\n{SPACE}\nworkers: 3", encoding="utf-8")
    with pytest.raises(
        SpecError, match=r"override workers.many=3: workers.many: 'workers' is a value, it has no 'many'"
    ):
        tuner.load(tmp_path / "s.yaml", **{"workers.many": 3})
    with pytest.raises(
        SpecError, match=r"override budget.trial=3: budget.trial: unknown key\n    did you mean 'trials'"
    ):
        tuner.load(tmp_path / "s.yaml", **{"budget.trial": 3})


def test_a_name_that_is_no_sweep():
    with pytest.raises(FactoryError, match="'no_such' is neither a file nor a sweep of the zoo"):
        tuner.load("no_such")
    with pytest.raises(SpecError, match=r"s.yaml:1:1: a sweep is a mapping"):
        from factory.spec.reading import read_text
        from tuner.sweep.reading import SWEEP

        read_text("[]", "s.yaml", SWEEP)


def test_rendering_fills_in_every_default():
    sweep = sweep_of(f"algorithm: evolution\nbudget: {{trials: 7}}\n{SPACE}")
    text = render_sweep(sweep)
    assert "algorithm: {name: evolution, population: 20, sample: 5}\nbudget: {trials: 7}\nworkers: 1\n" in text
    again = sweep_of(text)
    assert again.identity() == sweep.identity()
    assert render_sweep(again) == text


def test_loading_knows_no_tensorflow():
    """Neither do algorithms bring in a library when their parameters are read."""
    code = (
        "import sys, tuner\n"
        "from tuner.algorithms import ALGORITHMS\n"
        "from tuner.candidates.estimate import estimate\n"
        "document = {'spec': 'lenet5', 'space': {'stages.f6.units': {'choice': [42, 84]}}}\n"
        "for name in ALGORITHMS:\n"
        "    sweep = tuner.load({**document, 'algorithm': name})\n"
        "assert estimate(sweep.candidates).feasible == 2\n"
        "found = {name.partition('.')[0] for name in sys.modules}\n"
        "print(found & {'tensorflow', 'keras', 'keras_tuner', 'optuna', 'sklearn'})\n"
    )
    root = Path(tuner.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False)
    assert done.stdout.strip() == "set()", done.stderr
