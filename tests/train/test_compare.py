"""What run folders tell, finished or not, and in which settings runs differ."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folders import SPEC, result, row, write_run

import factory
from factory.errors import FactoryError
from factory.train.compare import HEADLINES, Difference, compare, differences, read_run, short_names
from factory.train.measures import make_measures

ROWS = [
    row(1, loss=1.0, accuracy=0.5, val_loss=1.1, val_accuracy=0.4),
    row(2, loss=0.5, accuracy=0.8, val_loss=0.7, val_accuracy=0.7),
    row(3, loss=0.3, accuracy=0.9, val_loss=0.9, val_accuracy=0.6),
]


def test_a_finished_run_is_what_its_result_says(tmp_path):
    run = read_run(write_run(tmp_path / "one", rows=ROWS, result=result()))
    assert (run.name, run.state, run.epochs, run.planned, run.best_epoch) == ("one", "finished", 3, 3, 2)
    assert run.train == {"loss": 0.2, "accuracy": 0.95}
    assert run.validation == {"loss": 0.3, "accuracy": 0.9} and run.test == {"loss": 0.4, "accuracy": 0.875}
    assert (run.params, run.macs, run.seconds, run.images_per_second) == (1234, 56789, 12.5, 321.0)
    assert run.headline == "accuracy" and run.settings["data"] == "digits"


def test_a_run_that_ended_before_its_last_epoch_was_stopped_early(tmp_path):
    run = read_run(write_run(tmp_path / "one", result=result(epochs=2)))
    assert (run.state, run.epochs, run.planned) == ("stopped early", 2, 3)


def test_an_unfinished_run_is_its_best_epoch_so_far(tmp_path):
    run = read_run(write_run(tmp_path / "one", recipe={"epochs": 8}, rows=ROWS))
    assert (run.state, run.epochs, run.planned, run.best_epoch) == ("unfinished", 3, 8, 2)
    assert run.train == {"loss": 0.5, "accuracy": 0.8} and run.validation == {"loss": 0.7, "accuracy": 0.7}
    assert run.test == {}
    assert (run.seconds, run.images_per_second) == (6.0, 200.0)
    cost = factory.cost(factory.load(SPEC))
    assert (run.params, run.macs) == (cost.params, cost.macs)


def test_without_validation_the_training_measure_ranks_epochs(tmp_path):
    rows = [row(1, loss=1.0, accuracy=0.9), row(2, loss=0.9, accuracy=0.8)]
    run = read_run(write_run(tmp_path / "one", rows=rows))
    assert run.best_epoch == 1 and run.train == {"loss": 1.0, "accuracy": 0.9} and run.validation == {}


def test_errors_are_better_the_smaller(tmp_path):
    rows = [row(epoch, loss=1.0, mean_absolute_error=error) for epoch, error in ((1, 3.0), (2, 1.0), (3, 2.0))]
    run = read_run(write_run(tmp_path / "one", task="values", rows=rows))
    assert run.best_epoch == 2 and run.headline == "mean_absolute_error"


def test_a_run_killed_in_its_first_epoch_has_no_measures(tmp_path):
    run = read_run(write_run(tmp_path / "one"))
    assert (run.state, run.epochs, run.best_epoch, run.seconds) == ("unfinished", 0, None, 0.0)
    assert run.images_per_second is None and run.train == run.validation == {}


@pytest.mark.parametrize("task", HEADLINES)
def test_headlines_are_those_of_training(task):
    assert HEADLINES[task] == make_measures(task, ("a", "b")).headline[0]


def test_settings_in_which_runs_differ_have_their_paths(tmp_path):
    a = write_run(tmp_path / "a", result=result())
    b = write_run(
        tmp_path / "b",
        spec={"stages.s1.filters": 7},
        recipe={"seed": 1, "augment": [{"flip": "horizontal"}], "note": "another"},
        data="keras:mnist",
    )
    found = dict(compare([a, b]).differences)
    assert found.pop("recipe.augment")[0] == []
    assert found == {
        "data": ("digits", "keras:mnist"),
        "spec.stages.s1.filters": (6, 7),
        "recipe.seed": (0, 1),
    }


def test_equal_runs_differ_in_nothing(tmp_path):
    found = compare([write_run(tmp_path / name) for name in "ab"])
    assert [run.name for run in found.runs] == ["a", "b"] and found.differences == ()


plain = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


@given(*[st.dictionaries(st.sampled_from("xyz"), plain, max_size=3)] * 2)
def test_differences_are_those_and_all_of_those(a, b):
    """Putting b's values into a at the paths that differ gives b; what is absent is null."""
    found = list(differences([a, b]))
    changed = json.loads(json.dumps(a))
    for path, (_, value) in found:
        *way, last = path.split(".")
        place = changed
        for key in way:
            place = place[int(key) if isinstance(place, list) else key]
        place[int(last) if isinstance(place, list) else last] = value
    assert without_nulls(changed) == without_nulls(b)
    assert not any(same(*difference.values) for difference in found)


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return list(map(without_nulls, value))
    return (value, isinstance(value, bool))


def same(a, b) -> bool:
    return json.dumps(a) == json.dumps(b)


def test_three_settings_are_compared_at_once():
    values = [{"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 3]}, {"a": True, "b": [1, 2]}]
    assert list(differences(values)) == [Difference("a", (1, 1, True)), Difference("b.1", (2, 3, 2))]


def test_names_are_short_where_they_are_distinct(tmp_path):
    assert short_names([tmp_path / "a" / "one", "x/two.keras"]) == ["one", "two"]
    assert short_names(["a/one", "b/one"]) == ["a/one", "b/one"]
    with pytest.raises(FactoryError, match=r"a/\.\./a/one: given twice"):
        short_names(["a/one", "a/../a/one"])


def damage(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("run.json", "{", r"run.json: damaged: Expecting property name"),
        ("run.json", '{"data": "digits"}', r"run.json: damaged: task: Field required"),
        ("run.json", '{"data": "digits", "task": "clases"}', r"unknown task 'clases'; did you mean 'classes'\?"),
        ("run.json", "[]", r"run.json: damaged: Input should be"),
        ("result.json", '{"epochs": 3}', r"result.json: damaged: best_epoch: Field required"),
        ("metrics.jsonl", '{"epoch": 1}\n', r"metrics.jsonl: damaged: step: Field required"),
        ("recipe.yaml", "seed: 1\n", r"recipe.yaml: damaged: expected 'epochs', a whole number, received None"),
        ("spec.yaml", "a: [", r"spec.yaml:"),
    ],
)
def test_damaged_files_are_told(tmp_path, name, text, message):
    folder = write_run(tmp_path / "one")
    with pytest.raises(FactoryError, match=message):
        read_run(damage(folder, name, text))


def test_what_is_no_run_is_told(tmp_path):
    write_run(tmp_path / "runs" / "digits-a")
    with pytest.raises(FactoryError, match=r"digits-b: there is no such folder; did you mean '.*digits-a'\?"):
        read_run(tmp_path / "runs" / "digits-b")
    with pytest.raises(
        FactoryError, match=r"runs: expected the folder of a run, .* no run.json; there are runs in it: "
    ):
        read_run(tmp_path / "runs")
    with pytest.raises(FactoryError, match="expected the folder of a run, this is a file"):
        read_run(tmp_path / "runs" / "digits-a" / "run.json")
    (tmp_path / "runs" / "digits-a" / "spec.yaml").unlink()
    with pytest.raises(FactoryError, match=r"spec.yaml: No such file"):
        read_run(tmp_path / "runs" / "digits-a")


def test_comparing_imports_no_framework(tmp_path):
    folders = [str(write_run(tmp_path / name, rows=ROWS)) for name in "ab"]
    code = (
        f"import sys; from factory.train.compare import compare; compare({folders!r}); "
        "print({name.partition('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'sklearn', 'matplotlib'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
