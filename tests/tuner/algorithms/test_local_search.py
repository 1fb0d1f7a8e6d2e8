"""Local search: up the hill, from a new start where there is no way up, and never idle."""

from __future__ import annotations

import pytest
from search_landscapes import SPACE, Landscape, bests, standard_errors_above
from search_runs import Search

from tuner.algorithms.algorithm import Result
from tuner.algorithms.local_search import LocalSearch, LocalSearchParameters
from tuner.space import Choice, Int, Space

LINE = Space([Int("x", 0, 99)])


def local_search(space=SPACE, improvement="first", **keywords):
    return LocalSearch(space, LocalSearchParameters(improvement=improvement), **keywords)


@pytest.mark.parametrize("improvement", ["first", "best"])
def test_on_a_line_with_one_top_it_climbs_there_and_begins_anew(improvement):
    search = Search(lambda: local_search(LINE, improvement), lambda p: (-abs(p.point["x"] - 60),)).run(100)
    visited = [point["x"] for point in search.points]
    start, top = visited[0], visited.index(60)
    climb = range(min(start, 60), max(start, 60) + 1)
    # the way, and no more than one step into the wrong direction at each place of it, all but one of which are known
    assert set(visited[: top + 1]) <= {*climb, min(climb) - 1, max(climb) + 1}
    after = visited[top + 1 :]
    assert set(after[:2]) & {59, 61} and abs(after[2] - 60) > 1


def test_first_improvement_moves_at_once_and_best_looks_at_all_neighbours():
    space = Space([Choice("a", (0, 1, 2)), Choice("b", (0, 1, 2)), Choice("c", (0, 1, 2))])
    for improvement in ("first", "best"):
        algorithm = local_search(space, improvement)
        centre = algorithm.ask().point
        algorithm.tell(0, Result((0.0,)))
        for number, score in ((1, -1.0), (2, 1.0)):
            assert space.distance(algorithm.ask().point, centre) == 1
            algorithm.tell(number, Result((score,)))
        assert algorithm.centre == (2 if improvement == "first" else 0)
        for number, score in ((3, -1.0), (4, 3.0), (5, 2.0), (6, -1.0)):
            if improvement == "best":
                assert space.distance(algorithm.ask().point, centre) == 1
                algorithm.tell(number, Result((score,)))
        assert algorithm.centre == (2 if improvement == "first" else 4)


@pytest.mark.parametrize("improvement", ["first", "best"])
@pytest.mark.parametrize("workers", [1, 3])
def test_it_begins_anew_only_where_no_neighbour_is_better(improvement, workers):
    landscape = Landscape(2)
    search = Search(lambda: local_search(improvement=improvement), landscape.scores, workers=workers).run(300)
    scores = {SPACE.key(trial.proposal.point): trial.score for trial in search.algorithm.finished}
    optimum = max(search.algorithm.finished, key=lambda trial: trial.score)
    around = list(SPACE.neighbours(optimum.proposal.point, search.algorithm.random(0)))
    assert all(scores[SPACE.key(point)] <= optimum.score for point in around)


def test_while_all_neighbours_are_under_way_a_free_worker_tries_a_random_point_to_begin_from_later():
    algorithm = local_search(LINE)
    centre = algorithm.ask().point["x"]
    algorithm.tell(0, Result((0.0,)))
    assert {algorithm.ask().point["x"], algorithm.ask().point["x"]} == {centre - 1, centre + 1}
    elsewhere = algorithm.ask().point["x"]
    assert abs(elsewhere - centre) > 1 and algorithm.starts == [3]
    algorithm.tell(3, Result((5.0,)))
    assert algorithm.centre == 0
    algorithm.tell(1, Result((-1.0,)))
    algorithm.tell(2, Result(None))
    assert algorithm.centre == 3 and algorithm.starts == []


def test_a_better_neighbour_of_an_earlier_centre_that_finishes_late_is_moved_to():
    algorithm = local_search()
    for _ in range(3):
        algorithm.ask()
        algorithm.tell(0, Result((0.0,)))
    algorithm.tell(1, Result((1.0,)))
    assert algorithm.centre == 1
    algorithm.tell(2, Result((2.0,)))
    assert algorithm.centre == 2


def test_failed_trials_are_no_places_to_begin_from_or_go_to():
    algorithm = local_search(LINE)
    algorithm.ask()
    algorithm.tell(0, Result(None))
    assert algorithm.centre is None and algorithm.starts == []
    algorithm.ask()
    algorithm.tell(1, Result((-5.0,)))
    assert algorithm.centre == 1


@pytest.mark.parametrize(("improvement", "workers"), [("first", 1), ("first", 4), ("best", 4)])
def test_it_finds_better_points_than_random_search(improvement, workers):
    found = bests("local_search", trials=120, workers=workers, improvement=improvement)
    assert standard_errors_above(found, bests("random", trials=120, workers=workers)) > 4
