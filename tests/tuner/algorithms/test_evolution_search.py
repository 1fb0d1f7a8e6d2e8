"""Regularised evolution: who becomes a parent, who ages out, and that it helps."""

from __future__ import annotations

import pytest
from search_landscapes import SPACE, Landscape, bests, standard_errors_above
from search_runs import Search

from tuner.algorithms.algorithm import Result
from tuner.algorithms.evolution import Evolution, EvolutionParameters


def evolution(population=5, sample=3, **keywords):
    return Evolution(SPACE, EvolutionParameters(population=population, sample=sample), **keywords)


def distances(search, number, others):
    return [SPACE.distance(search.points[number], search.points[other]) for other in others]


def test_after_a_random_population_every_trial_differs_in_one_dimension_from_one_of_the_latest():
    search = Search(evolution, Landscape(0).scores).run(60)
    assert min(distances(search, 4, range(4))) > 1  # at random: 16 / 3 on average
    for number in range(5, 60):
        assert min(distances(search, number, range(number - 5, number))) == 1


def test_the_best_of_a_large_sample_is_the_parent():
    landscape = Landscape(1)
    search = Search(lambda: evolution(10, 200), landscape.scores).run(60)
    for number in range(10, 60):
        parent = max(range(number - 10, number), key=lambda other: landscape.quality(search.points[other]))
        assert SPACE.distance(search.points[number], search.points[parent]) == 1


def test_with_a_sample_of_one_every_member_becomes_a_parent():
    algorithm = evolution(4, 1)
    for number in range(4):
        algorithm.ask()
        algorithm.tell(number, Result((float(number),)))
    members = [trial.proposal.point for trial in algorithm.trials]
    parents = set()
    for number in range(4, 60):
        child = algorithm.propose(number, algorithm.random(number)).point
        parents |= {index for index, member in enumerate(members) if SPACE.distance(child, member) == 1}
    assert parents == {0, 1, 2, 3}


def test_age_counts_from_when_a_trial_finished_and_the_oldest_leaves_even_if_it_is_the_best():
    algorithm = evolution(3)
    for _ in range(5):
        algorithm.ask()
    for number, score in ((3, 9.0), (0, 1.0), (4, 2.0), (1, 3.0)):
        algorithm.tell(number, Result((score,)))
    assert algorithm.state() == {"population": [0, 4, 1]}


def test_failed_trials_are_replaced_by_random_ones_and_are_never_parents():
    algorithm = evolution(3)
    for number in range(6):
        algorithm.ask()
        algorithm.tell(number, Result((1.0,) if number % 2 else None))
    assert algorithm.state() == {"population": [1, 3, 5]}
    points = [trial.proposal.point for trial in algorithm.trials]
    assert all(min(SPACE.distance(points[n], other) for other in points[:n]) > 1 for n in range(1, 6))
    child = algorithm.ask().point
    assert min(SPACE.distance(child, points[n]) for n in (1, 3, 5)) == 1


def test_infeasible_mutations_are_drawn_again_from_the_same_parent():
    algorithm = evolution(2, 50, feasible=lambda point: point["stage0"] == 1 and point["stage1"] == 1)
    search = Search(lambda: algorithm, Landscape(0).scores).run(40)
    near = [min(distances(search, number, range(number - 2, number))) for number in range(2, 40)]
    assert near == [1] * 38


def test_where_all_neighbours_of_the_parent_are_known_it_goes_further_away():
    algorithm = evolution(2, 50)
    for number in range(2):
        algorithm.ask()
        algorithm.tell(number, Result((float(number),)))
    parent = algorithm.trials[1].proposal.point
    neighbours = [{**parent, d.name: v} for d in SPACE for v in d.values() if v != parent[d.name]]
    algorithm.known |= {SPACE.key(point) for point in neighbours}
    assert SPACE.distance(algorithm.ask().point, parent) == 2


@pytest.mark.parametrize("workers", [1, 4])
def test_it_finds_better_points_than_random_search(workers):
    found, random = bests("evolution", trials=80, workers=workers), bests("random", trials=80, workers=workers)
    assert standard_errors_above(found, random) > 4
