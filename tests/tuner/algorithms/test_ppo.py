"""Proximal policy optimisation of the controller: the clipped surrogate, batches, what waits for one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from guided_searches import SEPARABLE, landscape, make, regret

from tuner.algorithms.algorithm import Result
from tuner.algorithms.controller_network import Batch, ControllerTrainer
from tuner.algorithms.policy import Policy, first_weights
from tuner.algorithms.tokens import Tokens
from tuner.algorithms.trainer import Learned

TOKENS = Tokens(SEPARABLE, bins=10)
WEIGHTS = first_weights(TOKENS, 4, np.random.default_rng(0))
POINT = Policy(TOKENS, WEIGHTS).draw(np.random.default_rng(1))


@pytest.fixture(scope="module")
def trainer():
    return ControllerTrainer(TOKENS.counts, 4, rate=0.01, entropy=0.0, clip=0.2)


def moved(trainer, advantage, ratio):
    """By how much one step changes the log-probability of a point that was proposed with 1 / ratio of its own."""
    before = Policy(TOKENS, WEIGHTS).log_probability(POINT)
    sequence = [column[None] for column in TOKENS.sequence(POINT)]
    batch = Batch(*sequence, np.float32([advantage]), np.float32([before - np.log(ratio)]))
    learned = trainer.train(Learned(WEIGHTS), batch, steps=1)
    return Policy(TOKENS, learned.weights).log_probability(POINT) - before


@pytest.mark.parametrize(
    ("advantage", "ratio", "direction"),
    [
        (1.0, 1.0, 1),
        (-1.0, 1.0, -1),
        (1.0, 1.3, 0),  # far enough already: equation 7 is flat
        (-1.0, 0.7, 0),
        (1.0, 0.7, 1),  # too far the wrong way: it goes back
        (-1.0, 1.3, -1),
    ],
)
def test_the_surrogate_is_clipped_where_the_probability_has_moved_far_enough(trainer, advantage, ratio, direction):
    change = moved(trainer, advantage, ratio)
    assert abs(change) < 1e-6 if direction == 0 else change * direction > 0.01


def test_it_learns_when_a_batch_is_full():
    made = make("ppo", SEPARABLE, batch=3)
    weights = [made.policy.weights["head"]]
    for number in range(8):
        point = made.ask().point
        made.tell(number, Result((landscape(point),)))
        weights.append(made.policy.weights["head"])
    changed = [not np.array_equal(a, b) for a, b in pairwise(weights)]
    assert changed == [False, False, False, True, False, False, True, False]  # the first result only sets the baseline


def test_results_that_wait_for_their_batch_and_the_probabilities_of_running_trials_are_state():
    made = make("ppo", SEPARABLE, batch=4)
    for _ in range(5):
        made.ask()
    for number in (2, 0, 3):
        made.tell(number, Result((landscape(made.trials[number].proposal.point),)))
    state = made.state()
    assert [number for number, _ in state["waiting"]] == [0, 3]
    assert sorted(map(int, state["proposed"])) == [0, 1, 3, 4]  # 2 set the baseline, and taught nothing


def test_it_finds_better_points_than_random_search():
    guided = [regret("ppo", 70, seed) for seed in range(2)]
    random = [regret("random", 70, seed) for seed in range(2)]
    assert np.mean(guided) < np.mean(random) - 0.02
