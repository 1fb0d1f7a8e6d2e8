"""Optuna's samplers as algorithms: what they propose, what they forget, what they need."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from guided_searches import CONDITIONAL, SEPARABLE, check_restart, landscape, make, regret, search

from factory.errors import FactoryError
from tuner.algorithms import optuna_algorithm
from tuner.algorithms.algorithm import Result
from tuner.space import Choice, Float, Int, Space

NAMES = ["tpe", "cmaes", "optuna_nsga2"]
NUMBERS = Space([Float(f"x{i}", -1.0, 2.0) for i in range(4)] + [Int("n", 1, 64, log=True), Choice("c", ("a", "b"))])


@pytest.fixture(params=NAMES)
def name(request):
    pytest.importorskip("optuna")
    return request.param


SMALL = {"tpe": {"startup": 4}, "cmaes": {"population": 4}, "optuna_nsga2": {"population": 4}}


@pytest.mark.parametrize("space", [SEPARABLE, CONDITIONAL, NUMBERS], ids=["choices", "conditions", "numbers"])
def test_a_restart_changes_no_proposal_and_no_point_is_proposed_twice(name, space):
    proposals = check_restart(name, space, **SMALL[name])
    assert len({space.key(proposal.point) for proposal in proposals}) == len(proposals) == 40


@pytest.mark.parametrize("objectives", [2, 3])
def test_with_several_objectives_too(name, objectives):
    check_restart(name, NUMBERS, objectives=objectives, trials=30, **SMALL[name])


def test_seeds_have_nothing_in_common_and_0_is_one(name):
    runs = [search(make(name, NUMBERS, seed=seed), 12) for seed in (0, 0, 1)]
    assert runs[0] == runs[1]
    keys = [{NUMBERS.key(proposal.point) for proposal in run} for run in runs[1:]]
    assert not keys[0] & keys[1]


def test_infeasible_points_are_never_proposed_and_feasible_ones_to_the_last(name):
    space = Space([Choice("a", (1, 2, 3)), Int("b", 0, 5)])
    proposals = search(make(name, space, feasible=lambda point: point["a"] * point["b"] < 6, **SMALL[name]), 99)
    feasible = [point for point in space.grid() if point["a"] * point["b"] < 6]
    assert sorted(space.key(p.point) for p in proposals) == sorted(map(space.key, feasible))


@pytest.mark.parametrize("name", ["tpe", "cmaes", "optuna_nsga2"])
def test_it_finds_better_points_than_random_search(name):
    pytest.importorskip("optuna")
    space = NUMBERS if name == "cmaes" else SEPARABLE
    seeds = range(4)
    guided = [regret(name, 60, seed, space=space, **SMALL[name]) for seed in seeds]
    random = [regret("random", 60, seed, space=space) for seed in seeds]
    assert np.mean(guided) < np.mean(random) - 0.02


def test_a_search_of_failures_alone_goes_on(name):
    made = make(name, CONDITIONAL, **SMALL[name])
    for number in range(20):
        assert made.ask() is not None
        made.tell(number, Result(None) if number % 2 else Result((float("nan"),)))


def test_a_proposal_asked_for_again_is_the_same(name):
    made = make(name, NUMBERS, **SMALL[name])
    search(made, 17, workers=2)
    number = len(made.trials)
    again = [made.propose(number, made.random(number)) for _ in range(2)]
    assert again[0] == again[1] == made.ask()


@pytest.mark.parametrize(("sampler", "most"), [("tpe", 2), ("cmaes", 12_000), ("optuna_nsga2", 200)])
def test_the_state_does_not_grow_with_the_search(sampler, most):
    pytest.importorskip("optuna")
    made = make(sampler, NUMBERS, **SMALL[sampler])
    search(made, 60, workers=3)
    assert len(json.dumps(made.state())) <= most


def test_the_study_sees_failures_as_fail_and_the_rest_as_complete():
    optuna = pytest.importorskip("optuna")
    made = make("tpe", NUMBERS)
    proposals = search(made, 14)
    states = [trial.state for trial in made._study._study.get_trials()]
    expected = optuna.trial.TrialState
    assert states[:13] == [expected.FAIL if n % 6 == 4 else expected.COMPLETE for n in range(13)]
    values = [trial.value for trial in made._study._study.get_trials()]
    assert values[0] == landscape(proposals[0].point, NUMBERS)


def test_optuna_says_nothing(capfd, recwarn):
    pytest.importorskip("optuna")
    search(make("tpe", CONDITIONAL, startup=2), 8)
    search(make("cmaes", CONDITIONAL), 8)
    assert capfd.readouterr() == ("", "") and not recwarn
    assert logging.getLogger("optuna").level == logging.WARNING


@pytest.mark.parametrize(
    ("sampler", "missing", "message"),
    [
        ("tpe", "optuna", r"optuna missing, which .*: pip install keras-model-factory\[optuna\]$"),
        ("cmaes", "cmaes", r"cmaes missing, which .*: pip install keras-model-factory\[optuna\]$"),
        ("gp", "torch", r"torch missing, which .*: pip install keras-model-factory\[gp\]$"),
    ],
)
def test_what_is_missing_is_named_with_how_to_install_it(monkeypatch, sampler, missing, message):
    monkeypatch.setattr(optuna_algorithm, "find_spec", lambda module: None if module == missing else object())
    with pytest.raises(FactoryError, match=message):
        make(sampler, NUMBERS).ask()


def test_the_gaussian_process_restarts_too():
    pytest.importorskip("torch")
    check_restart("gp", NUMBERS, trials=12, workers=2, restart=(7,), startup=5)
