"""Error distributions of sub-spaces, the noise of seeds and the region of the best, each by another way of counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import landscape
from scipy.stats import mannwhitneyu

from tuner.landscape.bootstrap import interval, resamples
from tuner.landscape.distributions import distributions, medians, probability_better, share_better
from tuner.landscape.noise import noise
from tuner.landscape.regions import best_probabilities, regions
from tuner.space import Choice, Condition, Float, Int, Space

LOSSES = st.lists(st.integers(0, 8).map(float), min_size=2, max_size=20).map(np.array)


@settings(max_examples=30)
@given(LOSSES, st.lists(st.floats(-1, 9), min_size=1, max_size=5))
def test_the_share_of_better_points_is_that_of_the_definition(losses, at):
    assert share_better(losses, np.array(at)) == pytest.approx([np.mean(losses < value) for value in at])


@settings(max_examples=30)
@given(LOSSES, st.integers(0, 1000))
def test_a_resample_counts_as_its_points_written_out(losses, seed):
    drawn = resamples(len(losses), np.random.default_rng(seed), 5)
    at = np.arange(-1.0, 10.0)
    members = np.arange(len(losses)) % 2 == 0
    for row, shares, median, better in zip(
        drawn,
        share_better(losses, at, drawn),
        medians(losses, drawn),
        probability_better(losses, members, drawn),
        strict=True,
    ):
        written_out = np.repeat(losses, row)
        assert row.sum() == len(losses)
        assert shares == pytest.approx([np.mean(written_out < value) for value in at])
        assert median == np.quantile(written_out, 0.5, method="inverted_cdf")
        inside, outside = written_out[np.repeat(members, row)], written_out[np.repeat(~members, row)]
        if len(inside) and len(outside):
            beaten = mannwhitneyu(outside, inside).statistic
            assert better == pytest.approx(beaten / (len(inside) * len(outside)))
        else:
            assert np.isnan(better)


def test_every_value_of_every_dimension_is_a_sub_space_with_its_own_figures():
    space = Space([Choice("a", ("x", "y")), Int("b", 1, 2)])
    points = [{"a": a, "b": b} for a in "xy" for b in (1, 2)]
    found = distributions(landscape(space, points, [0.9, 0.8, 0.7, 0.6], maximize=True), np.random.default_rng(0))
    assert [(one.dimension, one.label, one.count, one.best) for one in found] == [
        ("all", "", 4, 0.9),
        ("a", "x", 2, 0.9),
        ("a", "y", 2, 0.7),
        ("b", "1", 2, 0.9),
        ("b", "2", 2, 0.8),
    ]
    assert [one.beats.value for one in found[1:]] == [1.0, 0.0, 0.75, 0.25]  # three of four pairs of b
    whole = found[0]
    assert whole.at[0] == 0.9 and whole.share[0] == 0 and whole.share[-1] == 1
    assert (np.diff(whole.at) < 0).all() and (whole.low <= whole.share).all() and (whole.share <= whole.high).all()
    assert whole.median.low <= whole.median.value <= whole.median.high


def test_numbers_of_many_values_are_cut_into_ranges_and_what_takes_no_part_is_told():
    space = Space(
        [
            Choice("kind", ("sgd", "adam")),
            Float("momentum", 0.8, 1.0, when=(Condition("kind", "eq", "sgd"),)),
            Int("units", 1, 16),
            Choice("only", (1,)),
        ]
    )
    random = np.random.default_rng(0)
    points = [space.sample(random) for _ in range(200)]
    found = distributions(landscape(space, points, range(200)), random)
    labels = {name: [one.label for one in found if one.dimension == name] for name in (*space.by_name, "all")}
    assert labels == {
        "kind": ["sgd", "adam"],
        "momentum": ["0.8 to 0.85", "0.85 to 0.9", "0.9 to 0.95", "0.95 to 1", "-"],
        "units": ["1 to 4", "5 to 8", "9 to 12", "13 to 16"],
        "only": [],
        "all": [""],
    }
    counted = next(one for one in found if one.label == "9 to 12").count
    assert counted == sum(9 <= point["units"] <= 12 for point in points)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Medians of 60 numbers of a known distribution: of 200 intervals 95 % hold its median, give or take."""
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        losses = random.exponential(size=60)
        one = interval(0.0, medians(losses, resamples(60, random, 300)))
        hits += one.low <= np.log(2) <= one.high
    assert 180 <= hits <= 199


# ---- the region of the best


@settings(max_examples=30)
@given(LOSSES)
def test_how_probably_a_point_is_the_best_of_a_resample_is_what_counting_says(losses):
    """Over all n^m resamples of m of n points, for few points and two draws; ties are dealt out evenly."""
    few, draws = losses[:4], 2
    expected = np.zeros(len(few))
    for pair in np.ndindex(*(len(few),) * draws):
        best = min(few[list(pair)])
        equal = few == best
        expected[equal] += 1 / equal.sum()
    found = best_probabilities(few, draws / len(few))
    assert found == pytest.approx(expected / len(few) ** draws)


def test_the_region_of_the_best_is_that_of_the_papers_bootstrap():
    """A quarter drawn with replacement, the best kept, 10,000 times."""
    random = np.random.default_rng(0)
    space = Space([Int("depth", 1, 40), Choice("kind", ("a", "b"))])
    points = [space.sample(random) for _ in range(100)]
    values = [abs(point["depth"] - 20) + random.normal() for point in points]
    depth, kind = regions(landscape(space, points, values))
    drawn = random.integers(100, size=(10_000, 25))
    best = [row[np.argmin(np.array(values)[row])] for row in drawn]
    simulated = np.quantile([points[i]["depth"] for i in best], [0.025, 0.5, 0.975], method="inverted_cdf")
    assert [depth.low, depth.median, depth.high] == pytest.approx(simulated, abs=1)
    assert kind.median is None
    share = np.mean([points[i]["kind"] == "a" for i in best])
    assert kind.probabilities["a"] == pytest.approx(share, abs=0.02) and sum(kind.probabilities.values()) == 1


# ---- noise


def test_noise_and_reliability_are_those_of_the_analysis_of_variance():
    """By hand: means 2, 4, 9; within-variances 2, 0, 2; B = 2 x 13, W = 4 / 3."""
    found = noise(np.array([[1.0, 3.0], [4.0, 4.0], [8.0, 10.0]]), np.random.default_rng(0))
    assert found.of_a_run == pytest.approx((4 / 3) ** 0.5) and found.of_a_mean == pytest.approx((2 / 3) ** 0.5)
    assert found.reliability.value == pytest.approx((26 - 4 / 3) / 26)


def test_points_trained_again_correlate_as_reliability_says():
    random = np.random.default_rng(1)
    own, runs = random.normal(size=(2000, 1)), random.normal(size=(2, 2000, 3))
    first, second = own + runs[0], own + runs[1]
    found = noise(first, random).reliability
    again = np.corrcoef(first.mean(axis=1), second.mean(axis=1))[0, 1]
    assert found.low < 0.75 < found.high  # 1 / (1 + 1 / 3)
    assert found.value == pytest.approx(again, abs=0.03)
