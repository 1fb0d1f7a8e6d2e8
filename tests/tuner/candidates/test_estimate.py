"""What is estimated of a sweep: the share of a small space exactly, of a large one with an interval, costs, time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

import factory
from factory.train.recipe.reading import load_recipe
from tuner.candidates.building import Candidates
from tuner.candidates.constraints import parse_constraint
from tuner.candidates.data_facts import DataFacts
from tuner.candidates.estimate import estimate, trial_seconds, wilson
from tuner.space import Choice, Float, Int, Space

LENET = factory.load("lenet5")


def candidates(*dimensions, constraints: tuple[str, ...] = ()) -> Candidates:
    return Candidates(LENET, load_recipe("base"), Space(dimensions), [parse_constraint(text) for text in constraints])


def test_a_small_space_is_counted():
    """f6 reads 120 values and gives to 10 classes: (120 + 1 + 10) x units parameters, and those of all else."""
    rest = factory.cost(LENET).params - (120 + 1 + 10) * 84
    limit = rest + (120 + 1 + 10) * 30
    found = estimate(candidates(Int("stages.f6.units", 1, 100), constraints=(f"params <= {limit}",)))
    assert (found.size, found.looked_at, found.feasible, found.exact) == (100, 100, 30, True)
    assert (found.share, found.low, found.high) == (0.3, 0.3, 0.3)
    assert found.costs["params"] == (rest + 131, rest + int(131 * 15.5), limit)
    assert found.obstacles == {f"params <= {limit}": 70}


def test_the_share_of_a_large_space_is_within_its_interval():
    limit = factory.cost(LENET).params
    space = (Int("stages.f6.units", 1, 168), Float("recipe.learning_rate", 0.01, 0.1))
    found = estimate(candidates(*space, constraints=(f"params <= {limit}",)), samples=400, seed=3)
    assert (found.size, found.looked_at, found.exact) == (math.inf, 400, False)
    assert found.low < 0.5 < found.high  # 84 of 168
    assert found.high - found.low < 0.1
    same = estimate(candidates(*space, constraints=(f"params <= {limit}",)), samples=400, seed=3)
    assert (same.feasible, same.costs) == (found.feasible, found.costs)


def test_points_that_cannot_be_built_are_counted_by_their_reason():
    found = estimate(candidates(Choice("stages.c1.filters", (3, 4, 6, 12)), constraints=("macs <= 400K",)))
    assert (found.feasible, found.share) == (1, 0.25)
    first = "stages.c3.branches.threes.0: channel 3 does not exist: there are 3, counted from 0"
    assert found.obstacles == {first: 2, "macs <= 400K": 1}


def test_costs_that_need_a_graph_are_shown_where_a_constraint_asks_for_one():
    sums = estimate(candidates(Choice("stages.f6.units", (42, 84)))).costs
    every = estimate(candidates(Choice("stages.f6.units", (42, 84)), constraints=("depth <= 9",))).costs
    assert set(every) - set(sums) == {"depth", "peak_memory", "receptive_field"}


@given(st.integers(1, 2000), st.data())
def test_the_interval_is_wilsons(trials, data):
    hits = data.draw(st.integers(0, trials))
    expected = binomtest(hits, trials).proportion_ci(0.95, method="wilson")
    assert wilson(hits, trials) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_more_work_takes_longer():
    facts = DataFacts("classes", 10, 3, (32, 32), 50_000)
    base = trial_seconds(40_000_000, facts, epochs=2, batch_size=100)
    assert base == pytest.approx(10 + 1000 * 0.005 + 2 * 50_000 * 3 * 40e6 / 10e9)
    assert trial_seconds(40_000_000, facts, epochs=2, batch_size=100, cores=2) < base
