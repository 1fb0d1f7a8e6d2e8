"""Latency in sweeps: a constraint, an objective, a column; asked for by those that name it, and by nothing else."""

from __future__ import annotations

import json

import pytest
from latency_tables import fill, own_table
from trial_records import trial

import factory
import tuner
from factory.errors import SpecError
from factory.spec import plan
from tuner.analysis.export import trials_csv
from tuner.candidates import building, measuring
from tuner.candidates.estimate import drawn, estimate
from tuner.candidates.measuring import measure_space
from tuner.latency import MeasuringFailed, Unmeasured, estimate_latency_ms
from tuner.latency.units import units_of
from tuner.sweep.feasibility import check_feasible

NET = {
    "name": "net",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "stages": {
        "s1": {"block": "conv", "filters": 8},
        "s2": {"block": "conv", "filters": 8},
        "head": {"block": "classifier"},
    },
}
SPACE = {"stages.s1.filters": {"choice": [8, 16, 32]}, "recipe.batch_size": {"choice": [16, 32]}}
REWARD = "val_accuracy * (latency_ms / 20) ** -0.07"


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    return own_table(tmp_path, monkeypatch)


def sweep(**changes) -> tuner.Sweep:
    return tuner.load({"spec": NET, "space": SPACE, "recipe": "digits", **changes})


def graphs() -> list:
    return [plan(factory.load(NET, **{"stages.s1.filters": filters})) for filters in (8, 16, 32)]


def test_a_sweep_that_does_not_ask_for_latency_never_looks_for_it(monkeypatch):
    monkeypatch.setattr(building, "estimate_latency_ms", None)
    plain = sweep(constraints=["macs <= 10M", "depth >= 1"])
    point = next(plain.space.grid())
    assert plain.feasible(point) and "latency_ms" not in plain.candidate(point).costs
    assert "machine" not in plain.identity()


def test_a_constraint_keeps_out_what_the_table_says_is_slow():
    fill(*graphs())
    ms = [estimate_latency_ms(graph) for graph in graphs()]
    assert ms[0] < ms[1] < ms[2]
    found = sweep(constraints=[f"latency_ms <= {ms[1]}"])
    points = list(found.space.grid())
    assert [found.feasible(point) for point in points] == [point["stages.s1.filters"] <= 16 for point in points]
    assert estimate(found.candidates).costs["latency_ms"] == (ms[0], (ms[0] + ms[1]) / 2, ms[1])
    with pytest.raises(SpecError, match=rf"latency_ms <= 0.1: not fulfilled by 6; latency_ms is {ms[0]} to {ms[2]}"):
        sweep(constraints=["latency_ms <= 0.1"])


def test_the_reward_of_mnasnet_weighs_accuracy_and_latency():
    """Tan et al. 2019, equation 2, worked out by hand for twice the target: 2 ** -0.07 = 0.95263."""
    fill(*graphs())
    found = sweep(objective={"maximize": REWARD})
    candidate = found.candidate(next(found.space.grid()))
    assert candidate.costs["latency_ms"] == estimate_latency_ms(graphs()[0])
    [objective] = found.objectives
    rows = [{"val_accuracy": 0.5}, {"val_accuracy": 0.8}]
    assert objective.value(rows, {}, {"latency_ms": 40.0}) == pytest.approx(0.8 * 0.95263, rel=1e-5)
    assert objective.value(rows, {}, {"latency_ms": 20.0}) == 0.8


def test_trials_of_two_machines_are_not_compared(monkeypatch):
    identity = sweep(objective={"maximize": REWARD}).identity()
    assert identity["machine"]["threads"] >= 1 and json.loads(json.dumps(identity)) == identity


def test_before_anything_is_measured_a_file_can_be_read_and_a_point_cannot_be_decided():
    found = sweep(constraints=["latency_ms <= 1", "macs <= 10M"])
    point = next(found.space.grid())
    for ask in (found.feasible, found.candidate):
        with pytest.raises(Unmeasured):
            ask(point)
    look = estimate(found.candidates)
    assert (look.unmeasured, look.undecided, look.feasible, look.obstacles) == (6, 6, 0, {})
    rewarded = estimate(sweep(objective={"maximize": REWARD}).candidates)
    assert (rewarded.unmeasured, rewarded.undecided, rewarded.feasible) == (6, 0, 6)
    assert "macs" in rewarded.costs and "latency_ms" not in rewarded.costs


def test_what_was_lacking_is_looked_for_again_once_it_is_measured():
    found = sweep(constraints=["latency_ms <= 1000"])
    points = list(found.space.grid())
    with pytest.raises(Unmeasured):
        found.feasible(points[0])
    fill(*graphs())
    assert all(found.feasible(point) for point in points)
    assert estimate(found.candidates).unmeasured == 0


def test_a_sample_of_the_space_is_measured_without_what_other_constraints_keep_out(monkeypatch):
    measured = []

    def measure(networks, tell):
        measured.extend(network.nodes[0].outputs[0][-1] for network in networks)
        fill(*graphs())
        return 7

    monkeypatch.setattr(measuring, "measure_missing", measure)
    limit = factory.cost(factory.load(NET, **{"stages.s1.filters": 16})).macs
    found = sweep(constraints=[f"macs <= {limit}", "latency_ms <= 0.1"])
    assert measure_space(found.candidates) == 7
    assert len(measured) == 4
    with pytest.raises(SpecError, match=r"latency_ms <= 0\.1: not fulfilled by 4"):
        check_feasible(found.candidates, None)


def test_a_driver_measures_what_a_candidate_asks_for(monkeypatch):
    found = sweep(constraints=["latency_ms <= 1000"])
    monkeypatch.setattr(building, "measured_latency_ms", lambda graph: 2.5)
    found.candidates.measure_latency()
    point = next(found.space.grid())
    assert found.feasible(point) and found.candidate(point).costs["latency_ms"] == 2.5


def test_where_measuring_fails_no_candidate_is_to_blame(monkeypatch):
    def fail(graph):
        raise MeasuringFailed("measuring latencies failed: killed")

    monkeypatch.setattr(building, "measured_latency_ms", fail)
    found = sweep(constraints=["latency_ms <= 1000"])
    found.candidates.measure_latency()
    point = next(found.space.grid())
    for ask in (found.feasible, found.candidate, found.candidates.obstacle, found.feasible):
        with pytest.raises(MeasuringFailed):
            ask(point)


def test_a_network_of_any_size_has_no_latency():
    spec = {**NET, "input": {**NET["input"], "resolution": "any"}}
    with pytest.raises(SpecError, match="latency_ms is not known: the input size of the spec is 'any'"):
        tuner.load(
            {
                "spec": spec,
                "space": SPACE,
                "recipe": "digits",
                "data": "tfds:unseen",
                "constraints": ["latency_ms <= 1"],
            }
        )


def test_exported_trials_have_a_column_for_it():
    text = trials_csv([trial(0, 0.5, costs={"params": 1000, "latency_ms": 1.234})])
    header, row = (line.split(",") for line in text.splitlines())
    assert row[header.index("latency_ms")] == "1.234"


def test_mnasnets_space_has_few_operations_beside_its_points():
    """All of them are found in a sample: what is measured before a sweep begins is what its candidates need."""
    found = tuner.load("mnasnet")
    assert found.space.size > 1e10 and found.candidates.latency
    graphs = (plan(found.candidates.network(point)) for point in drawn(found.space, 200))
    keys = [{unit.key for _, unit in units_of(graph)} for graph in graphs]
    first, rest = set().union(*keys[:150]), set().union(*keys[150:])
    assert len(rest - first) <= 0.02 * len(first)
