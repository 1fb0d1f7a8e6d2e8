"""Successive halving: rungs, promotions, failures, and what it saves."""

from __future__ import annotations

import math
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_landscapes import SPACE, Landscape, standard_errors_above
from search_runs import Search

from tuner.algorithms.algorithm import Result
from tuner.algorithms.halving import Halving, HalvingParameters, rungs
from tuner.space import Int, Space


def halving(epochs=9, factor=3, min_epochs=1, space=SPACE, **keywords):
    return Halving(space, HalvingParameters(factor=factor, min_epochs=min_epochs), epochs=epochs, **keywords)


@pytest.mark.parametrize(
    ("epochs", "factor", "least", "expected"),
    [
        (9, 3, 1, [1, 3, 9]), (10, 3, 1, [1, 3, 10]), (27, 3, 2, [3, 9, 27]), (64, 4, 1, [1, 4, 16, 64]),
        (5, 2, 1, [1, 2, 5]), (1, 3, 1, [1]), (4, 3, 5, [4]), (100, 10, 10, [10, 100]),
    ],
)  # fmt: skip
def test_rungs_are_a_full_trial_divided_by_powers_of_the_factor(epochs, factor, least, expected):
    assert rungs(epochs, factor, least) == expected


def by_the_book(trials, results, levels, factor):
    """get_job of algorithm 2 of the paper: which trial goes on to which epochs, None for a new one.

    Written anew over the whole history; a promotion that failed leaves its place to the next best.
    """
    for epochs, above in reversed(list(pairwise(levels))):
        here = [n for n, p in enumerate(trials) if p.epochs == epochs and n in results and results[n] is not None]
        lost = {p.continues for n, p in enumerate(trials) if p.continues is not None and results.get(n, 0) is None}
        promoted = {p.continues for p in trials}
        top = sorted((n for n in here if n not in lost), key=lambda n: (-results[n], n))[: len(here) // factor]
        able = [n for n in top if n not in promoted]
        if able:
            return able[0], above
    return None, levels[0]


@settings(max_examples=30)
@given(
    seed=st.integers(0, 99),
    workers=st.integers(1, 6),
    factor=st.integers(2, 4),
    failures=st.sampled_from([0.0, 0.2, 0.5]),
    interrupts=st.sets(st.integers(0, 99), max_size=3),
)
def test_every_promotion_is_that_of_the_paper(seed, workers, factor, failures, interrupts):
    random = np.random.default_rng(seed)

    class Book(Search):
        def _start(self, trials):
            before = len(self.proposals)
            results = {n: None if r.scores is None else r.score for n, r in self.results}
            self.workers = min(workers, len(self.running) + 1)  # one proposal at a time, each compared
            more = super()._start(trials)
            if len(self.proposals) > before:
                continues, epochs = by_the_book(self.proposals[:before], results, self.algorithm.rungs, factor)
                proposal = self.proposals[before]
                assert (proposal.continues, proposal.epochs) == (continues, epochs)
                if continues is not None:
                    assert proposal.point == self.proposals[continues].point
                return self._start(trials) if len(self.running) < workers else more
            return more

    def score(proposal):
        return None if random.uniform() < failures else (float(random.integers(8)),)

    search = Book(lambda: halving(20, factor), score, workers=workers, order=seed, interrupts=interrupts).run(80)
    assert len(search.proposals) == 80


def test_failures_at_the_lowest_rung_cost_no_promotion():
    # KerasTuner's Hyperband: 9 failures of 27, and nothing is promoted
    algorithm = halving(9)
    for _ in range(27):
        assert algorithm.ask().epochs == 1
    for number in range(27):
        algorithm.tell(number, Result(None if number % 3 == 0 else (float(number),)))
    promoted = [algorithm.ask() for _ in range(7)]
    assert [p.continues for p in promoted] == [26, 25, 23, 22, 20, 19, None]  # 18 // 3 of those that succeeded


def test_a_promotion_that_fails_gives_its_place_to_the_next_best():
    algorithm = halving(3)
    for _ in range(3):
        algorithm.ask()
    for number in range(3):
        algorithm.tell(number, Result((float(number),)))
    assert algorithm.ask().continues == 2
    assert algorithm.ask().continues is None  # a third of three is one
    algorithm.tell(3, Result(None))
    assert algorithm.ask().continues == 1


def test_a_space_that_is_used_up_waits_for_what_may_go_on_and_ends_when_nothing_can():
    algorithm = halving(3, space=Space([Int("x", 1, 3)]))
    for _ in range(3):
        assert algorithm.ask().epochs == 1
    algorithm.tell(0, Result((1.0,)))
    assert algorithm.ask() is None
    search = Search(lambda: halving(3, space=Space([Int("x", 1, 3)])), lambda p: (float(p.point["x"]),), workers=2)
    assert [(p.point["x"], p.epochs) for p in search.run(99).proposals][3:] == [(3, 3), (2, 3), (1, 3)]
    assert search.exhausted


def test_with_the_epochs_of_sixteen_full_trials_it_finds_better_points_than_random_search():
    def curve(landscape, proposal):
        """Worse with few epochs, and noisier."""
        noise = np.random.default_rng([zlib.crc32(SPACE.key(proposal.point).encode()), proposal.epochs]).normal()
        return (landscape.quality(proposal.point) - 9 * math.exp(-proposal.epochs / 9) + noise / proposal.epochs,)

    found, random = [], []
    for seed in range(16):
        landscape = Landscape(seed)
        search = Search(lambda seed=seed: halving(27, seed=seed), lambda p, at=landscape: curve(at, p)).run(240)
        spent, best = 0, -math.inf
        for proposal in search.proposals:
            spent += proposal.epochs - (
                search.proposals[proposal.continues].epochs if proposal.continues is not None else 0
            )
            if spent <= 16 * 27 and proposal.epochs == 27:
                best = max(best, landscape.quality(proposal.point))
        assert spent > 16 * 27
        found.append(best)
        points = Search(lambda seed=seed: halving(1, seed=seed), landscape.scores).run(16)
        random.append(points.best())
    assert standard_errors_above(np.array(found), np.array(random)) > 3


@pytest.mark.parametrize("workers", [1, 3])
def test_where_no_point_is_left_those_that_stayed_behind_go_on_best_first(workers):
    space = Space([Int("x", 1, 7)])
    run = Search(lambda: halving(epochs=4, factor=2, space=space), lambda p: (p.point["x"],), workers=workers).run(99)
    for epochs in (1, 2, 4):
        assert sorted(p.point["x"] for p in run.proposals if p.epochs == epochs) == [1, 2, 3, 4, 5, 6, 7]
    assert run.exhausted
