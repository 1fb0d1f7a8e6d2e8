"""From the store of a sweep to points and values: every point once, its longest trial, the runs of its seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml
from made_up import landscape
from trial_records import trial

import tuner
from factory.errors import FactoryError
from tuner.landscape import analyse, read_landscape
from tuner.space import Int, Space
from tuner.store import Status, Store
from tuner.sweep.identity import space_of

SWEEP = """
spec:
  name: tiny
  input: {resolution: 8, channels: 1}
  classes: 10
  stages: {a: {block: conv, filters: 4}, b: {block: conv, filters: 8, kernel: 3}, head: {block: classifier}}
space: {stages.a.filters: {choice: [4, 8]}, stages.b.kernel: {int: [1, 3], step: 2}}
"""


def kept(directory, records, text="") -> Store:
    """The store of a sweep with these trials, values by name."""
    sweep = tuner.load(yaml.safe_load(SWEEP + text))
    store = Store.create_or_open(directory, sweep.identity(), sweep.text)
    with store.driver_lock():
        for record in records:
            store.add(replace(record, status=Status.RUNNING, scores=None, values={}, ended="", seconds=None))
            for index, run in enumerate(record.result.get("runs", [])):
                store.epoch(record.number, index, {"epoch": 1, "step": 1, "val_accuracy": run["shown"]})
            told = ("scores", "values", "result", "error", "seconds", "copied_from")
            store.finish(record.number, record.status, **{name: getattr(record, name) for name in told})
    return store


def at(number: int, filters: int, kernel: int, accuracy: float | None, status: str = "COMPLETED", **changes):
    return trial(
        number, accuracy, status, point={"stages.a.filters": filters, "stages.b.kernel": kernel}, epochs=None, **changes
    )


@pytest.mark.parametrize("name", ["digits_macro", "digits_pareto", "digits_recipe"])
def test_the_space_of_a_sweep_comes_back_from_its_identity(name):
    sweep = tuner.load(name)
    back = space_of(sweep.identity())
    assert back.size == sweep.space.size
    for seed in range(5):
        point = sweep.space.sample(np.random.default_rng(seed))
        assert back.contains(point) and list(back.places(point)) == list(sweep.space.places(point))
    assert [getattr(one, "ordered", None) for one in back] == [getattr(one, "ordered", None) for one in sweep.space]


def test_points_and_values_are_those_of_trials_with_scores(tmp_path):
    records = [
        at(0, 4, 1, 0.5),
        at(1, 4, 3, None, "FAILED", error="boom"),
        at(2, 8, 1, 0.7, "STOPPED"),
        at(3, 8, 3, 0.5, "COPIED", copied_from=0),
    ]
    with kept(tmp_path / "s", records) as store:
        found = read_landscape(store)
    assert [tuple(point.values()) for point in found.points] == [(4, 1), (8, 1), (8, 3)]
    assert (found.objective, found.maximize, found.short, found.runs) == ("val_accuracy", True, 1, None)
    assert found.values.tolist() == [0.5, 0.7, 0.5] and found.losses.tolist() == [-0.5, -0.7, -0.5]


def test_a_point_that_was_trained_again_for_longer_counts_once(tmp_path):
    text = "algorithm: {name: halving, min_epochs: 1}\nbudget: {epochs: 9}"
    short = [replace(at(0, 4, 1, 0.5), epochs=1), replace(at(1, 8, 1, 0.4), epochs=1)]
    with kept(tmp_path / "s", [*short, replace(at(2, 4, 1, 0.8), epochs=3, continues=0)], text) as store:
        found = read_landscape(store)
    assert found.values.tolist() == [0.8, 0.4] and found.short == 1


def test_the_runs_of_every_seed_are_read_from_the_curves_of_copies_too(tmp_path):
    runs = {"runs": [{"shown": 0.4}, {"shown": 0.6}]}
    records = [
        at(0, 4, 1, 0.5, result=runs),
        at(1, 4, 3, 0.5, result={"runs": [{"shown": 0.5}, {"shown": 0.5}]}),
        at(2, 8, 3, 0.5, "COPIED", result=runs, copied_from=0),
    ]
    with kept(tmp_path / "s", records[:2], "repeats: {seeds: 2}") as store:
        assert read_landscape(store).runs.tolist() == [[0.4, 0.6], [0.5, 0.5]]
    with kept(tmp_path / "t", records, "repeats: {seeds: 2}") as store:
        assert read_landscape(store).runs.tolist() == [[0.4, 0.6], [0.5, 0.5], [0.4, 0.6]]


def test_an_objective_is_taken_by_its_name(tmp_path):
    text = "objective: [{maximize: val_accuracy}, {minimize: macs, name: work}]"
    records = [
        replace(
            at(i, 4 + 4 * (i % 2), 1 + 2 * (i // 2), 0.5),
            scores=(0.5, -9.0 + i),
            values={"val_accuracy": 0.5, "work": 9.0 - i},
        )
        for i in range(4)
    ]
    with kept(tmp_path / "s", records, text) as store:
        found = read_landscape(store, "work")
        assert (found.maximize, found.values.tolist()) == (False, [9.0, 8.0, 7.0, 6.0])
        with pytest.raises(FactoryError, match="'wrok' is no objective of this sweep; did you mean 'work'"):
            read_landscape(store, "wrok")


def test_too_few_points_and_points_that_are_all_alike_are_told(tmp_path):
    with kept(tmp_path / "s", [at(0, 4, 1, 0.5)]) as store:
        few = read_landscape(store)
    with pytest.raises(FactoryError, match="1 points with a value are too few: it takes 5"):
        analyse(few)
    space = Space([Int("a", 1, 6)])
    with pytest.raises(FactoryError, match="all 6 points have the same loss, 2"):
        analyse(landscape(space, list(space.grid()), [2.0] * 6))


def test_a_file_that_is_damaged_is_told(tmp_path):
    with kept(tmp_path / "s", [at(0, 4, 1, 0.5)]) as store:
        (tmp_path / "s" / "sweep.json").write_text("{")
        with pytest.raises(
            FactoryError, match=r"sweep\.json: cannot be read: .*starting the sweep again writes it anew"
        ):
            read_landscape(store)
