"""Step 1 of compound scaling: the sweep that comes along, and the strategy that step 2 takes from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from trial_records import trial

import factory
import tuner
from factory.errors import FactoryError
from tuner.runner import run
from tuner.scaling import Base
from tuner.scaling.choosing import choose_strategy, from_sweep
from tuner.store import Status, Store

TINY = """\
name: tiny
input: {resolution: 8, channels: 1, preprocess: unit}
classes: 10
rounding: {width: {to: 2}, depth: round}
stages:
  stem: {block: conv, filters: 8, kernel: 3}
  s1: {block: conv, repeats: 2, filters: 8, kernel: 3}
  head: {block: classifier}
"""


def sweep_of(directory: Path, records, scale=(1.0, 1.0, 1.0)) -> Path:
    identity = {"spec": {"scale": dict(zip(("depth", "width", "resolution"), scale, strict=True))}}
    with Store.create_or_open(directory, identity, "sweep: small\n") as store, store.driver_lock():
        for record in records:
            store.add(replace(record, status=Status.RUNNING, scores=None, values={}, ended="", seconds=None))
            store.start(record.number, record.worker)
            store.finish(record.number, record.status, scores=record.scores, values=record.values)
    return directory


def test_the_grid_is_around_twice_the_cost_as_measured():
    sweep = tuner.load("compound_b0")
    base = factory.totals(sweep.spec).macs
    feasible = [point for point in sweep.space.grid() if sweep.feasible(point)]
    ratios = [factory.totals(sweep.candidates.network(point)).macs / base for point in feasible]
    assert len(feasible) <= sweep.budget.trials and len(feasible) > 10
    assert min(ratios) >= 1.9 and max(ratios) <= 2.1
    near = [point for point in sweep.space.grid() if 1.9 <= product(point) <= 2.1]
    assert any(not sweep.feasible(point) for point in near)  # the formula is not what counts


def product(point) -> float:
    return point["scale.depth"] * point["scale.width"] ** 2 * point["scale.resolution"] ** 2


def test_step_one_is_trained_and_step_two_takes_what_has_won(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY)
    changes = {
        "spec.extends": str(tmp_path / "tiny.yaml"),
        "budget": {"trials": 2, "epochs": 1},
        "recipe.data": {"samples": 60},
        "recipe.schedule.warmup_epochs": 0,
    }
    sweep = tuner.load("compound_b0", **changes)
    with run(sweep, tmp_path / "sweep") as store:
        trials = store.trials()
    assert {one.status for one in trials} <= {Status.COMPLETED, Status.COPIED}, trials[0].error
    assert all(1.9 <= one.costs["macs"] / factory.totals(sweep.spec).macs <= 2.1 for one in trials)
    strategy = choose_strategy(str(tmp_path / "sweep"))
    best = max(trials, key=lambda one: one.scores)
    base = Base("tiny", sweep.spec)
    assert base.member(strategy, 1).totals.macs == best.costs["macs"]
    assert base.member(strategy, 2).scale.depth == pytest.approx(best.point["scale.depth"] ** 2)


def test_the_best_trial_over_the_multipliers_of_its_sweep(tmp_path):
    point = {"scale.depth": 2.4, "scale.width": 1.1, "recipe.learning_rate": 0.1}
    records = [trial(0, 0.5, point={"scale.depth": 9.0}), trial(1, 0.9, point=point), trial(2, 0.7)]
    strategy = from_sweep(sweep_of(tmp_path / "s", records, scale=(2.0, 1.0, 1.5)))
    assert strategy.rates == pytest.approx((1.2, 1.1, 1.0)) and "trial 1 of" in strategy.about


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([trial(0, None, "FAILED", error="boom")], "no trial has finished with a score yet"),
        ([trial(0, 0.5)], "the best trial, 0, says nothing of scaling; expected a sweep over some of scale.depth"),
    ],
)
def test_a_sweep_that_says_nothing_of_scaling_is_told(tmp_path, records, message):
    with pytest.raises(FactoryError, match=message):
        from_sweep(sweep_of(tmp_path / "s", records))


def test_a_directory_without_a_sweep_is_told(tmp_path):
    with pytest.raises(FactoryError, match="this is not a sweep's directory"):
        choose_strategy(str(tmp_path))
