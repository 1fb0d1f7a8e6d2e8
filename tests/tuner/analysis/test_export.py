"""Exports: the table against the trials, the best network as a spec that needs no sweep."""

from __future__ import annotations

import csv
import io

import pytest
from run_folders import SPEC
from trial_records import Kept, trial

import factory
from factory.errors import FactoryError
from factory.spec.render import render
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.render import render_recipe
from tuner.analysis.export import export, trials_csv

NET = render(factory.load(SPEC))
RECIPE = render_recipe(load_recipe({"recipe": "short", "epochs": 3}))


def table(records) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(trials_csv(records))))


def test_the_table_has_a_line_a_trial_and_a_column_for_everything():
    records = [
        trial(0, 0.75, point={"classes": 3, "stages.s2": None, "recipe.ema": True}),
        trial(1, None, "FAILED", point={"classes": 4}, error='Traceback:\n  "boom", twice'),
        trial(2, 0.75, "COPIED", copied_from=0, costs={"params": 1000, "macs": None}),
    ]
    first, failed, copied = table(records)
    assert (first["val_accuracy"], first["stages.s2"], first["recipe.ema"], first["classes"]) == (
        "0.75",
        "null",
        "true",
        "3",
    )
    assert failed["val_accuracy"] == "" and failed["stages.s2"] == "" and failed["recipe.ema"] == ""
    assert failed["error"] == 'Traceback:\n  "boom", twice'
    assert copied["copied_from"] == "0" and copied["macs"] == "" and first["copied_from"] == ""
    assert [row["number"] for row in (first, failed, copied)] == ["0", "1", "2"]
    assert "front" not in first and first["seconds"] == "29.0"


def test_numbers_of_the_table_lose_no_digit():
    [row] = table([trial(0, 0.1 + 0.2, point={"recipe.learning_rate": 1 / 3})])
    assert float(row["val_accuracy"]) == 0.1 + 0.2 and float(row["recipe.learning_rate"]) == 1 / 3


def test_an_empty_sweep_is_a_table_of_no_trials(tmp_path):
    assert export(Kept(tmp_path, []), tmp_path / "out") == [tmp_path / "out" / "trials.csv"]
    assert (tmp_path / "out" / "trials.csv").read_text().startswith("number,status,")


def test_the_best_is_a_spec_and_a_recipe_that_can_be_used_without_the_sweep(tmp_path):
    store = Kept(tmp_path, [trial(0, 0.5), trial(1, 0.75, spec=NET, recipe=RECIPE)])
    written = export(store, tmp_path / "out")
    assert [path.name for path in written] == ["trials.csv", "best.yaml", "best.recipe.yaml"]
    spec, recipe = factory.load(written[1]), load_recipe(written[2])
    assert render(spec) == NET and render_recipe(recipe) == RECIPE
    assert written[1].read_text().splitlines()[0] == "# trial 1 of a sweep, val_accuracy 0.75"


def test_weights_are_those_of_the_first_run_of_the_best(tmp_path):
    store = Kept(tmp_path, [trial(0, 0.75, spec=NET, recipe=RECIPE)])
    for run in (0, 1):
        folder = store.folder(0) / f"run-{run}"
        folder.mkdir(parents=True)
        (folder / "model.keras").write_bytes(b"weights %d" % run)
    written = export(store, tmp_path / "out", weights=True)
    assert written[-1] == tmp_path / "out" / "best.keras" and written[-1].read_bytes() == b"weights 0"


def test_weights_that_are_not_kept_are_told_before_anything_is_written(tmp_path):
    with pytest.raises(FactoryError, match=r"the weights of trial 0 are not there; .* as many as 'keep' says"):
        export(Kept(tmp_path, [trial(0, 0.75)]), tmp_path / "out", weights=True)
    assert not (tmp_path / "out").exists()


def test_of_several_objectives_the_knee_is_the_best_and_the_whole_front_is_written(tmp_path):
    records = [
        trial(number, accuracy, scores=(accuracy, -macs), values={"val_accuracy": accuracy, "macs": macs})
        for number, (accuracy, macs) in enumerate([(0.5, 10.0), (0.9, 40.0), (0.8, 50.0), (0.85, 20.0)])
    ]
    written = export(Kept(tmp_path, records), tmp_path / "out")
    names = [path.relative_to(tmp_path / "out").as_posix() for path in written[1:]]
    stems = ["best", "front/0001", "front/0003", "front/0000"]
    assert names == [f"{stem}{end}" for stem in stems for end in (".yaml", ".recipe.yaml")]
    assert "# trial 3 of a sweep, val_accuracy 0.85, macs 20" in written[1].read_text()
    rows = table(records)
    assert [row["front"] for row in rows] == ["true", "true", "false", "true"]
    assert [row["macs"] for row in rows] == ["10.0", "40.0", "50.0", "20.0"]  # once, as an objective


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FactoryError, match="out: cannot be written"):
        export(Kept(tmp_path, [trial(0, 0.75)]), tmp_path / "out")
