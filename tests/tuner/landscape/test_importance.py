"""Importance of dimensions: exact on full tables, as others work it out on trials, right where the answer is known."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pytest
from made_up import digits_macro, landscape
from sklearn.tree import DecisionTreeRegressor

from tuner.landscape.importance import cells_of, importances, tree_shares
from tuner.space import Choice, Float, Int, Space


def variance_shares(table: np.ndarray) -> tuple[list[float], list[float]]:
    """Main and total shares of a full table (a side a dimension), by analysis of variance over its sides."""
    axes = range(table.ndim)
    others = [tuple(j for j in axes if j != i) for i in axes]
    alone = [table.mean(axis=other).var() / table.var() for other in others]
    total = [table.var(axis=i).mean() / table.var() for i in axes]
    return alone, total


def grown(places: np.ndarray, values: np.ndarray):
    return DecisionTreeRegressor(random_state=0).fit(places, values).tree_


def test_by_hand():
    """f = 4 a + 2 b + 2 a b for a and b of 0 and 1: 0, 2, 4, 8; the effects are 5, 3 and 1 times 1/2 and 1/4."""
    tree = grown(np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]), np.array([0.0, 2.0, 4.0, 8.0]))
    alone, total = tree_shares(tree, [np.array([0.25, 0.75])] * 2)
    assert alone == pytest.approx([25 / 35, 9 / 35]) and total == pytest.approx([26 / 35, 10 / 35])


@pytest.mark.parametrize("sides", [(2, 3), (4, 1, 3), (2, 3, 2, 3)])
def test_a_tree_that_has_seen_the_whole_table_gives_its_analysis_of_variance(sides):
    table = np.random.default_rng(1).normal(size=sides)
    space = Space([Int(f"d{i}", 1, side) for i, side in enumerate(sides)])
    points = np.array([space.places(point) for point in space.grid()])
    found = tree_shares(grown(points, table.ravel()), [cells_of(dimension) for dimension in space])
    np.testing.assert_allclose(found, variance_shares(table), atol=1e-12)


def test_the_table_of_trained_networks_exactly():
    networks = digits_macro()
    table = np.empty((3,) * 5)
    for point, loss in zip(networks.points, networks.losses, strict=True):
        table[tuple(d.index(point[d.name]) for d in networks.space)] = loss
    places = np.array([networks.space.places(point) for point in networks.points])
    found = tree_shares(grown(places, networks.losses), [cells_of(dimension) for dimension in networks.space])
    np.testing.assert_allclose(found, variance_shares(table), atol=1e-9)
    forest = importances(networks, np.random.default_rng(0))
    shares = np.array([[one.alone.value, one.total.value] for one in forest.dimensions]).T
    assert np.abs(shares - found).max() < 0.12 and forest.fit > 0.7
    assert shares[0].argmax() == found[0].argmax() == 4  # what gathers the image


def test_a_forest_finds_what_a_known_function_is_made_of():
    """y = 4 u + (v > 1/2): variances 16/12 and 1/4; w does nothing."""
    random = np.random.default_rng(0)
    space = Space([Float("u", 0, 1), Choice("v", (0, 1)), Float("w", 1, 10, log=True)])
    points = [space.sample(random) for _ in range(150)]
    found = importances(landscape(space, points, [4 * p["u"] + p["v"] for p in points]), random)
    expected = [(16 / 12) / (16 / 12 + 1 / 4), (1 / 4) / (16 / 12 + 1 / 4), 0]
    assert [one.alone.value for one in found.dimensions] == pytest.approx(expected, abs=0.03)
    assert found.interactions.value < 0.03 and found.fit > 0.95
    for one in found.dimensions:
        assert one.alone.low <= one.alone.value <= one.alone.high and one.alone.value <= one.total.value + 1e-9


def test_optunas_fanova_says_the_same():
    optuna = pytest.importorskip("optuna")
    random = np.random.default_rng(0)
    space = Space([Float("u", 0, 1), Float("v", 0, 1), Int("w", 0, 3)])
    points = [space.sample(random) for _ in range(100)]
    values = [p["u"] ** 2 + 0.5 * np.sin(6 * p["v"]) + 0.1 * p["w"] * p["u"] for p in points]
    mine = np.array([one.alone.value for one in importances(landscape(space, points, values), random).dimensions])
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kinds = optuna.distributions
    where = {
        "u": kinds.FloatDistribution(0, 1),
        "v": kinds.FloatDistribution(0, 1),
        "w": kinds.IntDistribution(0, 3),
    }
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(params=point, distributions=where, value=value)
            for point, value in zip(points, values, strict=True)
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        theirs = optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.FanovaImportanceEvaluator(n_trees=16, seed=0), normalize=False
        )
    assert mine == pytest.approx([theirs[name] for name in "uvw"], abs=0.06)


def test_noise_alone_is_told_by_the_fit():
    random = np.random.default_rng(0)
    space = Space([Int("a", 0, 2), Int("b", 0, 2), Int("c", 0, 2)])
    points = [dict(zip("abc", values, strict=True)) for values in product(range(3), repeat=3)] * 4
    assert importances(landscape(space, points, random.normal(size=108)), random).fit < 0.2
