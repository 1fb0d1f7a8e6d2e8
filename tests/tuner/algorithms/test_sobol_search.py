"""Sobol' points: spread evenly, scrambled by the seed, resumed without going through the earlier ones."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import qmc
from search_landscapes import standard_errors_above
from search_runs import Search

from tuner.algorithms import algorithm
from tuner.algorithms.sobol import Sobol
from tuner.space import Choice, Condition, Float, Int, Space

SQUARE = Space([Float("x", 0.0, 1.0), Float("y", 0.0, 1.0)])


def points(space, trials, **keywords):
    return Search(lambda: Sobol(space, **keywords), lambda p: (0.0,)).run(trials).points


def test_every_row_and_column_of_a_board_has_as_many_points():
    found = np.array([[p["x"], p["y"]] for p in points(SQUARE, 64, seed=3)])
    for rows, columns in ((64, 1), (1, 64), (8, 8), (16, 4)):  # a (0, 6, 2)-net: one point in each of 64 boxes
        boxes = {(int(x * rows), int(y * columns)) for x, y in found}
        assert len(boxes) == 64


def test_it_is_more_even_than_random_points():
    sobol = np.array([[p["x"], p["y"]] for p in points(SQUARE, 50, seed=0)])
    assert qmc.discrepancy(sobol) < 0.5 * qmc.discrepancy(np.random.default_rng(0).uniform(size=(50, 2)))


def test_on_average_over_all_places_of_the_best_point_it_comes_nearer_than_random_search():
    optima = np.random.default_rng(1).uniform(size=(500, 2))

    def regrets(name):
        for seed in range(16):
            run = Search(partial(algorithm(name), SQUARE, seed=seed), lambda p: (0.0,)).run(64)
            found = np.array([[point["x"], point["y"]] for point in run.points])
            yield np.linalg.norm(optima[:, None] - found, axis=2).min(axis=1).mean()

    assert standard_errors_above(np.array([*regrets("random")]), np.array([*regrets("sobol")])) > 4


def test_the_seed_scrambles_it():
    assert points(SQUARE, 3, seed=0) == points(SQUARE, 3, seed=0) != points(SQUARE, 3, seed=1)


def test_values_and_conditions_come_from_the_places_in_the_sequence():
    space = Space([Choice("block", ("mb", "skip")), Int("expand", 1, 6, when=(Condition("block", "eq", "mb"),))])
    search = Sobol(space, seed=5)
    sequence = qmc.Sobol(2, rng=search.random(0, stream=1)).random(256)
    expected = {space.key(space.at(places)): space.at(places) for places in sequence}
    assert points(space, 7, seed=5) == list(expected.values())  # without those that were known


def test_going_on_does_not_go_through_the_earlier_points_again():
    asked = []

    def feasible(point):
        asked.append(point)
        return point["x"] < 0.25

    first = Search(lambda: Sobol(SQUARE, feasible=feasible), lambda p: (0.0,)).run(100).algorithm
    assert len(asked) > 300
    again = Sobol(SQUARE, feasible=feasible)
    again.restore(first.state(), first.trials)
    asked.clear()
    assert again.ask() == first.ask()
    assert len(asked) < 40
