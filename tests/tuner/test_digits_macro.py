"""The shipped table of the macro space, and every search algorithm on it."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

import factory
from tuner.algorithms import ALGORITHMS

ROOT = Path(__file__).parents[2]
ONCE = ("reinforce", "ppo", "bayesian")
"""These search once, not three times: a search takes seconds."""
SHORTENING = ("halving", "hyperband")
"""These stop trials early, and may be through with all networks before the evaluations are spent."""
UNGUIDED = {"random": 0.2, "sobol": 0.2, "grid": 1.0}
"""Shares of the best networks that are expected of those that do not learn."""


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture
def table(_benchmarks):
    from benchmarks.macro_search import table

    return table()


def test_every_network_of_the_space_is_in_the_table_once(table):
    assert len(table.rows) == 3**5 == table.space.size
    assert set(table.rows) == {table.space.key(point) for point in table.space.grid()}
    assert len({row.by_seed for row in table.rows.values()}) == 3**5


def test_every_network_is_another_one(table):
    from benchmarks.macro_table import base

    specs = [base().override(table.space.settings(row.point)) for row in table.rows.values()]
    assert len({factory.canonical_hash(factory.plan(spec)) for spec in specs}) == 3**5


def test_costs_are_those_of_the_specs(table):
    from benchmarks.macro_table import base

    for row in itertools.islice(table.rows.values(), 0, None, 7):
        cost = factory.cost(base().override(table.space.settings(row.point)))
        assert (cost.params, cost.macs) == (row.params, row.macs)


def test_the_table_is_of_the_space_and_recipe_as_they_are_now(table):
    """Whoever changes what is trained has to make the table anew."""
    from benchmarks import digits_macro, macro_table

    assert table.about["spec"] == macro_table.SPEC.strip().splitlines()
    assert table.about["choices"] == macro_table.CHOICES.strip().splitlines()
    assert table.about["recipe"] == digits_macro.RECIPE
    assert (table.about["epochs"], table.about["seeds"]) == (list(macro_table.EPOCHS), list(macro_table.SEEDS))


def test_a_row_agrees_with_itself(table):
    for row in table.rows.values():
        assert math.isclose(np.mean(row.by_seed), row.log_loss, abs_tol=2e-5)
        assert row.curve[-1] == row.log_loss and len(row.curve) == 4 and len(row.by_seed) == 3
        assert 0 < row.log_loss < 3 and 0 < row.accuracy < 1 and row.seconds > 0


def test_networks_differ_by_more_than_their_seeds(table):
    """One-way analysis of variance: F = mean square between / within networks."""
    from scipy.stats import f_oneway

    losses = np.array(sorted((row.by_seed for row in table.rows.values()), key=np.mean))
    assert f_oneway(*losses).statistic > 10
    assert f_oneway(*losses[: len(losses) // 2]).statistic > 2
    first, second, third = losses.T
    assert np.corrcoef(first, (second + third) / 2)[0, 1] > 0.9


def test_random_search_has_the_regret_that_drawing_without_replacement_has(table):
    """Of n networks without replacement the best is number r, from 0, with chance C(242 - r, n - 1) / C(243, n)."""
    from benchmarks.macro_search import search

    searches = [search("random", seed) for seed in range(100)]
    for evaluations in (10, 20, 40):
        chances = [math.comb(242 - rank, evaluations - 1) / math.comb(243, evaluations) for rank in range(243)]
        expected = float(np.dot(chances, table.losses - table.losses[0]))
        found = np.array([one.regret(evaluations) for one in searches])
        assert abs(found.mean() - expected) < 3 * found.std(ddof=1) / 10


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_finds_a_good_network_in_forty_evaluations(name, table):
    """One of the best tenth, in the middle one of three searches."""
    from benchmarks.macro_search import search

    if name == "gp":
        pytest.importorskip("torch")  # Optuna's, which no extra of ours brings
    searches = [search(name, seed) for seed in range(1 if name in ONCE else 3)]
    for found in searches:
        assert found.regrets == sorted(found.regrets, reverse=True) or name in SHORTENING
        assert found.spent[-1] == pytest.approx(40) or name in SHORTENING
    assert np.median([found.regret(40) for found in searches]) <= _regret_of_best(table, UNGUIDED.get(name, 0.1))


def test_the_same_seed_is_the_same_search(table):
    from benchmarks.macro_search import search

    first, again, other = (search("evolution", seed).regrets for seed in (5, 5, 6))
    assert first == again != other


def test_an_evaluation_is_a_training_to_the_end(table):
    """9 epochs, then 18 more of the same network are one evaluation; the best is judged by how it looked."""
    from benchmarks.macro_search import Search

    ordered = sorted(table.rows.values(), key=lambda row: row.log_loss)
    best, worst = ordered[0], ordered[-1]
    found = Search()
    found.add(table, worst.point, epochs=27, trained=27)
    found.add(table, best.point, epochs=9, trained=9)
    found.add(table, best.point, epochs=27, trained=18)
    assert found.spent == pytest.approx([1, 4 / 3, 2])
    assert found.regrets == [table.losses[-1] - table.losses[0], 0, 0]
    assert [found.regret(evaluations) for evaluations in (1, 2)] == [found.regrets[0], 0]


def test_a_killed_making_goes_on_after_the_last_whole_row(tmp_path):
    from benchmarks.digits_macro import finished

    journal = tmp_path / "table.jsonl"
    assert finished(journal) == []
    journal.write_text('{"network": ["a"]}\n{"network": ["b"]}\n{"netw')
    assert finished(journal) == [{"network": ["a"]}, {"network": ["b"]}]
    assert journal.read_text() == '{"network": ["a"]}\n{"network": ["b"]}\n'


def _regret_of_best(table, share):
    """The regret of the worst of the best networks, so large a share of all."""
    return table.losses[int(share * len(table.losses)) - 1] - table.losses[0]
