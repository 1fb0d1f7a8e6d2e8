"""Targets: met within one per cent where rounding permits, the nearest network found where it does not."""

from __future__ import annotations

import math

import pytest

import factory
from factory.errors import FactoryError
from tuner.scaling import QUANTITIES, STRATEGIES, Base, solve
from tuner.scaling.choosing import choose_strategy

MACS, PARAMS = QUANTITIES["macs"], QUANTITIES["params"]
TARGETS = [0.7, 1.3, 2, 4.5, 16]
"""Of the base's cost."""


@pytest.fixture(scope="module", params=["efficientnet_b0", "resnet50", "mobilenet_v2"])
def base(request):
    return Base.load(request.param)


@pytest.fixture(scope="module")
def small():
    return Base.load("mobilenet_v2")


@pytest.mark.parametrize("times", TARGETS)
def test_multiply_accumulates_are_met_within_one_per_cent(base, times):
    solution = solve(base, STRATEGIES["compound"], MACS, times * base.totals.macs)
    assert abs(solution.error) <= 0.01
    assert factory.cost(solution.nearest.member.spec).macs == solution.nearest.cost
    assert solution.below.cost <= solution.target < solution.above.cost


@pytest.mark.parametrize("times", [1.5, 3])
def test_parameters_are_met_within_one_per_cent(base, times):
    solution = solve(base, STRATEGIES["compound"], PARAMS, times * base.totals.params)
    assert abs(solution.error) <= 0.01 and solution.nearest.cost == solution.nearest.member.totals.params


def test_peak_memory_is_that_of_the_graph(small):
    solution = solve(small, STRATEGIES["compound"], QUANTITIES["peak_memory"], 40e6)
    assert abs(solution.error) <= 0.01
    assert solution.nearest.cost == factory.cost(solution.nearest.member.spec).peak_memory()


def test_latency_is_what_its_table_says(small, monkeypatch):
    """With a table in which a millisecond is ten million multiply-accumulates."""
    import tuner.latency

    monkeypatch.setattr(tuner.latency, "measured_latency_ms", lambda graph: graph.cost.macs / 1e7)
    solution = solve(small, STRATEGIES["compound"], QUANTITIES["latency_ms"], 60)
    assert solution.nearest.cost == pytest.approx(60, rel=0.03)


@pytest.mark.parametrize("times", [0.6, 2.9])
def test_by_resolution_alone_no_number_of_pixels_is_nearer(small, times):
    target = times * small.totals.macs
    solution = solve(small, STRATEGIES["r"], MACS, target)
    every = [factory.totals(small.spec.override({"input.resolution": side})).macs for side in range(150, 420)]
    assert solution.nearest.cost == min(every, key=lambda macs: abs(macs - target))
    assert solution.below.cost == max(macs for macs in every if macs <= target)
    assert solution.above.cost == min(macs for macs in every if macs > target)


def test_by_depth_alone_no_number_of_layers_is_nearer(small):
    target = 1.7 * small.totals.macs
    solution = solve(small, STRATEGIES["d"], MACS, target)
    every = [factory.totals(small.spec.override({"scale.depth": step / 24})).macs for step in range(24, 100)]
    assert solution.nearest.cost == min(every, key=lambda macs: abs(macs - target))


def test_multipliers_stay_together(base):
    """What is held and what goes on are no more than a phi and a little apart."""
    rates = STRATEGIES["compound"].at(1)
    for times in (1.4, 5):
        factors = solve(base, STRATEGIES["compound"], MACS, times * base.totals.macs).nearest.member.factors
        logs = [_log(factor, rate) for factor, rate in zip(factors, rates, strict=True)]
        assert max(logs) - min(logs) <= 2.5


def _log(factor: float, rate: float) -> float:
    return math.log(factor) / math.log(rate)


def test_a_table_gives_its_nearest_network():
    base = Base.load("efficientnet_b0")
    solution = solve(base, STRATEGIES["table"], MACS, 4e9)
    assert solution.nearest.member.phi == 4 and solution.below.member.phi == 3
    assert solve(base, STRATEGIES["table"], MACS, 1e12).above is None


def test_a_strategy_that_leads_nowhere_is_told(small):
    message = "strategy 'r' does not lead to params of 10,000,000: from 3,538,984 at phi 0 it comes to 3,538,984 at phi"
    with pytest.raises(FactoryError, match=message):
        solve(small, STRATEGIES["r"], PARAMS, 1e7)
    with pytest.raises(FactoryError, match="strategy 'own' does not lead to macs"):
        solve(small, choose_strategy("1,1,1"), MACS, 1e9)


def test_a_cost_that_is_not_known_is_told():
    base = Base("any", factory.load("mobilenet_v2", **{"input.resolution": "any"}))
    with pytest.raises(FactoryError, match=r"the input size is 'any', and macs unknown; give input.resolution"):
        solve(base, STRATEGIES["w"], MACS, 1e9)
