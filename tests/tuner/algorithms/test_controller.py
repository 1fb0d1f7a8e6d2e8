"""The RNN controller: its tokens, its policy in NumPy against Keras, what it learns, what it remembers."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from guided_searches import CONDITIONAL, SEPARABLE, check_restart, make, outcome, regret, search
from hypothesis import given
from hypothesis import strategies as st
from search_spaces import spaces

from tuner.algorithms.algorithm import Result
from tuner.algorithms.controller import Baseline
from tuner.algorithms.policy import Policy, first_weights
from tuner.algorithms.tokens import Tokens
from tuner.space import Choice, Float, Space


@given(space=spaces(), seed=st.integers(0, 99))
def test_a_token_stands_for_its_value_or_the_bin_around_it(space, seed):
    tokens, random = Tokens(space, bins=7), np.random.default_rng(seed)
    point = space.sample(random)
    for index, dimension in enumerate(space):
        if dimension.name in point:
            token = tokens.token(index, point[dimension.name])
            assert 0 <= token < tokens.counts[index]
            value = tokens.value(index, token, random)
            assert dimension.contains(value) and tokens.token(index, value) == token
            assert not tokens.listed[index] or dimension.exact(value) == dimension.exact(point[dimension.name])


def test_the_sequence_of_a_point_skips_what_takes_no_part():
    point = {"block": "conv", "kernel": 7, "width": 0.5, "rate": 0.1, "batch": 8, "alone": "only"}
    inputs, targets, present = Tokens(CONDITIONAL, bins=10).sequence(point)
    # Tokens in all: block 3, expand 6, squeeze 2, kernel 3, width 11, rate 10 bins, batch 10 bins, alone 1.
    assert present.tolist() == [True, False, False, True, True, True, True, True]
    assert targets.tolist() == [0, 0, 0, 2, 0, 9, 0, 0]
    assert inputs[present].tolist() == [0, 1, 1 + 11 + 2, 1 + 14, 1 + 25 + 9, 1 + 35]


def test_the_probabilities_of_all_points_add_up_to_1_and_are_those_of_keras():
    from tuner.algorithms.controller_network import ControllerNetwork

    space = Space([d for d in CONDITIONAL if d.name in ("block", "expand", "squeeze", "kernel")])
    tokens = Tokens(space, bins=4)
    weights = {k: 3 * v for k, v in first_weights(tokens, 5, np.random.default_rng(3)).items()}
    policy, points = Policy(tokens, weights), list(space.grid())
    logs = np.array([policy.log_probability(point) for point in points])
    assert np.exp(logs).sum() == pytest.approx(1, abs=1e-5)
    network = ControllerNetwork(tokens.counts, 5)
    inputs, targets, present = map(np.stack, zip(*map(tokens.sequence, points), strict=True))
    network(inputs, present)
    network.write(weights)
    taken = np.take_along_axis(network(inputs, present).numpy(), targets[..., None], axis=2)[..., 0]
    np.testing.assert_allclose((taken * present).sum(axis=1), logs, atol=1e-5)


def test_points_are_drawn_with_their_probabilities():
    space = Space([Choice("a", ("x", "y", "z")), Float("b", 0, 1)])
    tokens, random = Tokens(space, bins=2), np.random.default_rng(0)
    weights = first_weights(tokens, 4, random)
    weights["head_bias"][0] = np.log([0.6, 0.3, 0.1])
    policy = Policy(tokens, weights | {"head": 0 * weights["head"]})
    drawn = [policy.draw(random) for _ in range(4000)]
    shares = [np.mean([p["a"] == label for p in drawn]) for label in "xyz"]
    np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.04)
    np.testing.assert_allclose(np.quantile([p["b"] for p in drawn], [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.05)
    hot = [policy.draw(random, 1e6)["a"] for _ in range(4000)]
    np.testing.assert_allclose([hot.count(label) / 4000 for label in "xyz"], 1 / 3, atol=0.04)


def test_the_baseline_is_a_moving_average_and_advantages_are_in_standard_deviations():
    baseline = Baseline(0.5)
    assert baseline.advantage(None) is None  # a failure before anything can be expected
    assert baseline.advantage(1.0) is None
    assert baseline.advantage(3.0) == 1.0  # 2 above 1, the only distance so far
    assert (baseline.mean, baseline.variance) == (2.0, 4.0)
    assert baseline.advantage(5.0) == 1.5
    assert (baseline.mean, baseline.variance) == (3.5, 6.5)
    assert baseline.advantage(None) == pytest.approx((1.0 - 3.5) / math.sqrt(6.5))
    assert baseline.mean == 3.5
    again = Baseline(0.5, json.loads(json.dumps(baseline.state())))
    assert again.advantage(4.0) == baseline.advantage(4.0)


@pytest.mark.parametrize(("score", "sign"), [(2.0, 1), (-2.0, -1)])
def test_a_result_above_the_baseline_makes_its_point_more_probable(score, sign):
    made = make("reinforce", SEPARABLE)
    for number, value in enumerate([0.0, 1.0]):
        made.ask()
        made.tell(number, Result((value,)))
    point = made.ask().point
    before = made.policy.log_probability(point)
    made.tell(2, Result((score,)))
    assert sign * (made.policy.log_probability(point) - before) > 0.05


def test_what_is_infeasible_is_not_proposed_and_teaches_nothing():
    made = make("reinforce", SEPARABLE, feasible=lambda point: point["depth"] > 6)
    for _ in range(20):
        assert made.ask().point["depth"] > 6
    assert made.state() == make("reinforce", SEPARABLE).state()


@pytest.mark.parametrize("name", ["reinforce", "ppo"])
def test_a_restart_changes_no_proposal_and_no_point_is_proposed_twice(name):
    proposals = check_restart(name, CONDITIONAL, trials=20, restart=(7, 13))
    assert len({CONDITIONAL.key(proposal.point) for proposal in proposals}) == 20


@pytest.mark.parametrize("name", ["reinforce", "ppo"])
def test_where_its_state_is_lost_it_learns_from_all_results_again(name):
    first, again = make(name, CONDITIONAL), make(name, CONDITIONAL)
    for number in range(12):
        point = first.ask().point
        first.tell(number, Result((float(len(point)),)))
    again.restore({}, first.trials)
    fresh = make(name, CONDITIONAL)
    assert again.state()["baseline"] == first.state()["baseline"]
    assert again.state()["weights"] != fresh.state()["weights"]
    if name == "reinforce":  # PPO's depend on the policy that proposed each point, which is lost
        assert again.state() == first.state()


def test_every_feasible_point_of_a_small_space_is_proposed_once():
    space = Space([Choice("a", (1, 2, 3)), Choice("b", (0, 1, 2, 3))])
    proposals = search(make("reinforce", space, feasible=lambda point: point["a"] != point["b"]), 99)
    assert sorted(space.key(p.point) for p in proposals) == sorted(
        space.key(p) for p in space.grid() if p["a"] != p["b"]
    )


def test_it_finds_better_points_than_random_search():
    guided = [regret("reinforce", 70, seed) for seed in range(2)]
    random = [regret("random", 70, seed) for seed in range(2)]
    assert np.mean(guided) < np.mean(random) - 0.02


def test_failures_alone_and_scores_that_are_all_the_same_do_no_harm():
    made = make("reinforce", CONDITIONAL)
    for number in range(12):
        made.ask()
        made.tell(number, Result(None) if number < 4 else Result((float("inf"),)) if number < 6 else Result((1.0,)))
    assert all(np.isfinite(array).all() for array in made.policy.weights.values())


def test_the_state_is_as_large_as_the_weights_and_does_not_grow():
    made, sizes = make("ppo", SEPARABLE), []
    for number in range(18):
        point = made.ask().point
        made.tell(number, outcome(number, point, SEPARABLE))
        sizes.append(len(json.dumps(made.state())))
    weights = sum(array.size for array in made.policy.weights.values())
    assert sizes[-1] < 3 * weights * 4 * 4 / 3 * 1.1  # weights and Adam's two moments, 4 bytes each, 4 / 3 in base64
    assert abs(sizes[-1] - sizes[8]) < 500


def test_before_the_first_result_nothing_heavy_is_imported():
    code = (
        "import sys\nfrom tuner.algorithms import ALGORITHMS, algorithm\nfrom tuner.space import Choice, Space\n"
        "for name in ALGORITHMS: algorithm(name)\n"
        "algorithm('reinforce')(Space([Choice('a', (1, 2, 3))])).ask()\n"
        "print([m for m in ('tensorflow', 'keras', 'keras_tuner', 'optuna', 'sklearn') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
