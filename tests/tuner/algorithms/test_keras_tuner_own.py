"""KerasTuner's own Bayesian search and Hyperband behind our interface, and what is mended around them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from guided_searches import CONDITIONAL, SEPARABLE, check_restart, landscape, make, regret, search
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from tuner.algorithms.algorithm import Exhausted, Result
from tuner.algorithms.surrogate import CLIMBED, Starts, Surrogate
from tuner.space import Choice, Int, Space

OPTIONS = {"bayesian": {"startup": 6}, "hyperband": {"epochs": 9}}
both = pytest.mark.parametrize("name", ["bayesian", "hyperband"])


@both
@pytest.mark.parametrize("space", [SEPARABLE, CONDITIONAL], ids=["choices", "conditions"])
def test_a_restart_changes_no_proposal_and_no_point_begins_twice(name, space):
    trials = {"bayesian": 13, "hyperband": 40}[name]
    proposals = check_restart(name, space, trials=trials, restart=(7, 11, 31), **OPTIONS[name])
    begun = [space.key(proposal.point) for proposal in proposals if proposal.continues is None]
    assert len(set(begun)) == len(begun) and len(proposals) == trials


@both
def test_seeds_have_nothing_in_common_and_0_is_one(name):
    runs = [search(make(name, SEPARABLE, seed=seed, startup=20), 12) if name == "bayesian" else
            search(make(name, SEPARABLE, seed=seed, epochs=27), 12) for seed in (0, 0, 1, 2)]  # fmt: skip
    assert runs[0] == runs[1]
    keys = [{SEPARABLE.key(proposal.point) for proposal in run} for run in runs[1:]]
    assert not keys[0] & keys[1] and not keys[1] & keys[2]


@both
def test_every_feasible_point_of_a_small_space_begins_once(name):
    space = Space([Choice("a", (1, 2, 3)), Int("b", 1, 4)])
    proposals = search(make(name, space, feasible=lambda point: point["a"] != point["b"], **OPTIONS[name]), 99)
    begun = [space.key(proposal.point) for proposal in proposals if proposal.continues is None]
    assert sorted(begun) == sorted(space.key(point) for point in space.grid() if point["a"] != point["b"])


@both
def test_failures_alone_do_not_end_it(name):
    made = make(name, CONDITIONAL, **OPTIONS[name])
    for number in range(40):
        assert made.ask() is not None
        made.tell(number, Result(None) if number % 2 else Result((float("nan"),)))


def test_bayesian_finds_better_points_than_random_search():
    guided = [regret("bayesian", 30, seed, startup=10) for seed in range(2)]
    random = [regret("random", 30, seed) for seed in range(2)]
    assert np.mean(guided) < np.mean(random) - 0.03


def test_the_fast_process_predicts_what_scikit_learn_predicts():
    random = np.random.default_rng(0)
    x, new = random.uniform(size=(30, 4)), random.uniform(size=(7, 4))
    y = 3 + 5 * np.sin(3 * x).sum(axis=1)
    fast = Surrogate(1e-4, 0).fit(x, y)
    slow = GaussianProcessRegressor(
        Matern(nu=2.5), alpha=1e-4, normalize_y=True, n_restarts_optimizer=20, random_state=1
    )
    slow.fit(x, y)
    for mine, theirs in zip(fast.predict(new, return_std=True), slow.predict(new, return_std=True), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3)


def test_the_climb_starts_where_the_bound_is_lowest():
    random = np.random.default_rng(0)
    x = random.uniform(size=(40, 2))
    process = Surrogate(1e-4, 0).fit(x, ((x - 0.7) ** 2).sum(axis=1))
    starts = Starts(process, 0.0, random).uniform(np.zeros(2), np.ones(2), size=(50, 2))
    assert starts.shape == (CLIMBED, 2) and np.abs(starts - 0.7).max() < 0.1


def test_bayesian_is_shown_no_more_than_so_many_results(monkeypatch):
    made = make("bayesian", SEPARABLE, startup=99)
    search(made, 40)
    shown = made._shown(10)
    finished = made.finished
    assert len(shown) == 10 and {t.number for t in finished[-3:]} <= {t.number for t in shown}
    assert {t.number for t in sorted(finished, key=lambda t: -t.score)[:5]} <= {t.number for t in shown}


def run_hyperband(fails, *, epochs=9, iterations=1, trials=400):
    """One round of all brackets; the trials that `fails` picks by number fail."""
    made = make("hyperband", SEPARABLE, epochs=epochs, iterations=iterations)
    with pytest.raises(Exhausted, match="all brackets of 1 iterations are done"):
        for number in range(trials):
            point = made.ask().point
            made.tell(number, Result(None) if fails(number) else Result((landscape(point),)))
    return made.trials


def rounds(trials):
    """How many trials there were, by the epochs of the trial that they began with and their own."""
    first = lambda t: t if t.proposal.continues is None else first(trials[t.proposal.continues])  # noqa: E731
    return Counter((first(trial).proposal.epochs, trial.proposal.epochs) for trial in trials)


def test_the_brackets_are_those_of_keras_tuner():
    """For 9 epochs and factor 3: ceil(3 / 3 * 9) = 9 trials, 3 and 1 of them go on; ceil(3 / 2 * 3) = 5, 2; 3."""
    trials = run_hyperband(lambda number: False)
    assert rounds(trials) == {(1, 1): 9, (1, 3): 3, (1, 9): 1, (3, 3): 5, (3, 9): 2, (9, 9): 3}
    for trial in trials:
        if trial.proposal.continues is not None:
            assert trial.proposal.point == trials[trial.proposal.continues].proposal.point
    best = sorted((t for t in trials if t.proposal.epochs == 1), key=lambda t: -t.score)[:3]
    assert {t.proposal.continues for t in trials if t.proposal.epochs == 3} - {None} == {t.number for t in best}


def test_failed_trials_cost_no_promotions():
    """KerasTuner promotes nothing after 3 failures of the 9, and keeps waiting for more."""
    assert rounds(run_hyperband(lambda number: number in (0, 3, 4, 7))) == rounds(run_hyperband(lambda number: False))


def test_where_fewer_survive_than_should_go_on_the_survivors_do():
    found = rounds(run_hyperband(lambda number: number < 7))
    assert found[1, 1] == 9 and found[1, 3] == 2 and found[1, 9] == 1


def test_where_all_fail_the_brackets_still_end():
    assert rounds(run_hyperband(lambda number: True)) == {(1, 1): 9, (3, 3): 5, (9, 9): 3}


def test_a_trial_that_fails_while_it_goes_on_leaves_the_rest_of_its_round():
    trials = run_hyperband(lambda number: False)
    failing = next(t.number for t in trials if t.proposal.epochs == 3 and t.proposal.continues is not None)
    found = rounds(run_hyperband(lambda number: number == failing))
    assert found[1, 3] == 3 and found[1, 9] == 1
