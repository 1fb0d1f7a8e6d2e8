"""`factory space`: of a file what would be searched, of a directory what the trials say; tables, JSON, files."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import yaml
from trial_records import trial

import factory
import tuner
from tuner.store import Status, Store

NET = "{name: net, input: {resolution: 8, channels: 1}, classes: 10, stages: {a: {block: conv, filters: 4, kernel: 3}, "
SWEEP = f"""\
spec: {NET}b: {{block: conv, filters: 8, kernel: 3}}, head: {{block: classifier}}}}}}
space:
  stages.a.filters: {{choice: [4, 8]}}
  stages.b.kernel: {{choice: [1, 3, 5]}}
  recipe.batch_size: {{choice: [16, 32]}}
constraints: [params <= 900, depth <= 3]
"""
SMALL = """\
space      small: 3 dimensions, 12 points
feasible   66.7%: 8 points
kept out   33.3% by params <= 900
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SWEEP)
    return path


@pytest.fixture
def directory(tmp_path):
    """A sweep of 12 trials whose accuracy follows the kernel, with a little of the filters."""
    sweep = sweep_of()
    points = list(sweep.space.grid())
    random = np.random.default_rng(0)
    with Store.create_or_open(tmp_path / "runs", sweep.identity(), sweep.text) as store, store.driver_lock():
        for number, point in enumerate(points):
            accuracy = 0.5 + point["stages.b.kernel"] / 20 + point["stages.a.filters"] / 1000 + random.normal() / 1e4
            record = replace(trial(number, point=point, epochs=None), status=Status.RUNNING, ended="", seconds=None)
            store.add(record)
            store.finish(number, Status.COMPLETED, scores=(accuracy,), values={"val_accuracy": accuracy})
    return tmp_path / "runs"


def sweep_of() -> tuner.Sweep:
    return tuner.load(yaml.safe_load(SWEEP))


def cost(filters: int, kernel: int) -> factory.Cost:
    return factory.cost(sweep_of().spec.override({"stages.a.filters": filters, "stages.b.kernel": kernel}))


def test_a_file_is_looked_at_before_anything_runs(run, file):
    out = run("space", file).out
    assert out.startswith(SMALL)
    lines = [line.split() for line in out.splitlines()]
    params = [cost(filters, kernel).params for filters in (4, 8) for kernel in (1, 3, 5)]
    assert ["cost", "lowest", "5%", "25%", "50%", "75%", "95%", "highest"] in lines
    fitting = sorted(value for value in params if value <= 900)
    [found] = [line for line in lines if line[:1] == ["params"]]
    assert found[1] == str(fitting[0]) and found[-1] == str(fitting[-1])
    assert any(line[:4] == ["stages.a.filters", "4", "6", "67%"] for line in lines)
    assert "recipe.batch_size" not in out  # it changes no cost


def test_values_are_told_by_what_they_cost_feasible_or_not(run, file):
    found = json.loads(run("space", file, "--json").out)
    assert found["points"] == 12 and found["feasible"]["points"] == 8 and found["kept_out"] == {"params <= 900": 4}
    rows = {(row["dimension"], row["value"]): row for row in found["values"]}
    for kernel in (1, 3, 5):
        row = rows["stages.b.kernel", str(kernel)]
        assert row["macs"] == np.median([cost(filters, kernel).macs for filters in (4, 8)])
        assert row["peak_memory"] == np.median([cost(filters, kernel).peak_memory() for filters in (4, 8)])
    assert found["costs"]["macs"]["lowest"] == cost(4, 1).macs


def test_a_large_space_is_sampled_as_often_as_asked(run):
    out = run("space", "digits_recipe", "--samples", "100").out
    assert "infinitely many points\nfeasible   100.0% (96.3% to 100.0%) of 100 points drawn" in out


def test_a_directory_says_what_its_trials_say(run, directory):
    out = run("space", directory).out
    lines = [line.split() for line in out.splitlines()]
    assert out.startswith("space        3 dimensions, 12 points\nlooked at    12 points, maximize val_accuracy\n")
    [whole] = [line for line in lines if line[:1] == ["all"]]
    assert whole[1] == "12"
    [large] = [line for line in lines if line[:2] == ["5", "4"]]
    assert large[2] == "0.7580" and large[-4] == "1.00"
    [matters] = [line for line in lines if line[:1] == ["stages.b.kernel"] and "%" in line[1]]
    assert float(matters[1].rstrip("%")) > 90
    assert "random walk over 12 points" in out


def test_all_of_it_comes_as_json_and_as_files_with_the_same_numbers(run, directory, tmp_path):
    found = json.loads(run("space", directory, "--json", "-o", tmp_path / "out").out)
    assert found["points"] == 12 and found["locality"]["distances"][0]["pairs"] == 24
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "edf.csv", "edf.png", "importance.csv", "importance.png", "locality.csv", "locality.png", "subspaces.csv",
    ]  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "out" / "importance.csv").open()))
    told = found["importance"]["dimensions"]
    assert [float(row["alone"]) for row in rows] == [one["alone"]["value"] for one in told]
    subspaces = list(csv.DictReader((tmp_path / "out" / "subspaces.csv").open()))
    assert [row["value"] for row in subspaces] == [one["label"] for one in found["distributions"]]
    again = json.loads(run("space", directory, "--json").out)
    assert again == found  # the same seed
    assert json.loads(run("space", directory, "--json", "--seed", "1").out) != found


def test_the_pictures_of_a_file_are_written_beside_its_tables(run, file, tmp_path):
    out = run("space", file, "-o", tmp_path / "out").out
    written = [line.removeprefix("wrote ") for line in out.splitlines() if line.startswith("wrote ")]
    assert written == [f"{tmp_path}/out/{name}" for name in ("costs.csv", "values.csv", "costs.png", "values.png")]
    assert (tmp_path / "out" / "costs.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no_such_sweep"], "'no_such_sweep' is neither a file nor a sweep"),
        (["digits_macro", "--objective", "macs"], "--objective is for the directory of a sweep"),
        ([".", "--samples", "200"], "--samples is for a sweep file"),
        (["."], "there is no sweep.db"),
    ],
)
def test_mistakes_are_told(run, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    result = run("space", *words)
    assert result.code == 2 and message in result.err and "Traceback" not in result.err


def test_a_sweep_without_trials_is_told_to_be_too_little(run, tmp_path):
    sweep = sweep_of()
    Store.create_or_open(tmp_path / "s", sweep.identity(), sweep.text).close()
    result = run("space", tmp_path / "s")
    assert result.code == 2 and "0 points with a value are too few" in result.err
