"""Grid search goes through all combinations in order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from search_runs import Search
from search_spaces import spaces

from tuner.algorithms.algorithm import Proposal, Trial
from tuner.algorithms.grid import Grid, GridParameters
from tuner.space import Choice, Condition, Float, Int, Space


@settings(max_examples=40)
@given(space=spaces(largest=3, most=4), points=st.integers(1, 4))
def test_the_order_is_that_of_the_space(space, points):
    search = Search(lambda: Grid(space, GridParameters(points=points)), lambda p: (0.0,)).run(1_000)
    assert search.exhausted and search.points == list(space.grid(points))


def test_values_follow_each_other_as_on_an_odometer():
    space = Space(
        [
            Choice("block", ("mb", "skip")),
            Choice("expand", (3, 6), when=(Condition("block", "eq", "mb"),)),
            Float("rate", 0.0, 1.0),
        ]
    )
    search = Search(lambda: Grid(space, GridParameters(points=3)), lambda p: (0.0,)).run(100)
    assert [tuple(point.values()) for point in search.points] == [
        ("mb", 3, 0.0), ("mb", 3, 0.5), ("mb", 3, 1.0), ("mb", 6, 0.0), ("mb", 6, 0.5), ("mb", 6, 1.0),
        ("skip", 0.0), ("skip", 0.5), ("skip", 1.0),
    ]  # fmt: skip


def test_trials_that_are_not_of_the_grid_leave_no_point_out():
    """KerasTuner's first trial has the defaults of a build, and declares the space by it."""
    space = Space([Choice("block", ("mb", "skip")), Float("rate", 0.0, 1.0)])
    trials = [Trial(0, Proposal({"block": "skip", "rate": 0.3})), Trial(1, Proposal({"block": "mb", "rate": 1.0}))]
    for state in ({}, {"last": {"block": "skip", "rate": 0.3}}, {"last": {"block": "mb"}}):
        grid = Grid(space, GridParameters(points=2))
        grid.restore(state, trials)
        points = [tuple(grid.ask().point.values()) for _ in range(3)]
        assert points == [("mb", 0.0), ("skip", 0.0), ("skip", 1.0)]


def test_going_on_does_not_test_the_earlier_points_again():
    asked = []

    def feasible(point):
        asked.append(point)
        return point["x"] % 10 == 0

    space = Space([Int("x", 0, 999)])
    first = Search(lambda: Grid(space, feasible=feasible), lambda p: (0.0,)).run(50).algorithm
    again = Grid(space, feasible=feasible)
    again.restore(first.state(), first.trials)
    asked.clear()
    assert again.ask().point == {"x": 500} and len(asked) == 10
