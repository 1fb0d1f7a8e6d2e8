"""An empty feasible set is found before anything runs, and what is feasible is what brute force says."""

from __future__ import annotations

import itertools

from sweep_texts import TINY, message_of, sweep_of

import factory
from factory.spec.reading import read_text

SPACE = (
    "space: {stages.a.filters: {choice: [2, 4, 8]}, stages.b.kernel: {choice: [1, 3, 5]}, "
    "scale.width: {float: [1, 2], step: 1}}"
)


def test_an_empty_feasible_set_is_told_with_what_the_costs_are():
    """64 positions x 9 x filters, 16 x kernel^2 x filters x 8, and 8 x 10; twice the channels at width 2."""
    told = message_of(f"constraints: [params <= 5M, macs <= 1K]\n{SPACE}")
    assert told == (
        "s.yaml:1:14: constraints: no candidate is feasible, of all 18 points of the space\n"
        "    constraints: [params <= 5M, macs <= 1K]\n                 ^\n"
        f"    macs <= 1K: not fulfilled by 18; macs is {64 * 9 * 2 + 16 * 2 * 8 + 80:,} to "
        f"{64 * 9 * 16 + 16 * 25 * 16 * 16 + 160:,}"
    )


def test_of_a_large_space_points_are_drawn():
    told = message_of("constraints: [macs <= 1K]\nspace: {stages.a.filters: {int: [1, 3000]}}")
    assert "no candidate is feasible, of 2,000 points drawn at random" in told


def test_a_space_that_cannot_be_built_together_says_so():
    """Each group by itself divides its channels; with filters of 3 or 5 none does."""
    spec = TINY.replace("filters: 8, kernel: 3", "filters: 8, groups: 2, kernel: 3")
    told = message_of("space: {stages.a.filters: {choice: [3, 5]}, stages.b.filters: {choice: [7, 9]}}", spec=spec)
    assert "cannot be built" in told


def test_feasible_is_what_brute_force_says():
    text = f"constraints: [macs <= 16K, params >= 300, depth <= 3, peak_memory <= 5K, receptive_field >= 5]\n{SPACE}"
    sweep = sweep_of(text)
    answers = set()
    for filters, kernel, width in itertools.product((2, 4, 8), (1, 3, 5), (1.0, 2.0)):
        point = {"stages.a.filters": filters, "stages.b.kernel": kernel, "scale.width": width}
        spec = factory.load(read_text(TINY, "tiny"), **point)
        cost = factory.cost(spec)
        field = max(max(one.size) for one in cost.fields if one)
        feasible = cost.macs <= 16e3 and cost.params >= 300 and cost.peak_memory() <= 5e3 and field >= 5
        assert sweep.feasible(point) is feasible, point
        answers.add(feasible)
    assert answers == {True, False}


def test_the_recipe_decides_too():
    sweep = sweep_of("space: {recipe.schedule.end: {float: [0, 0.1]}, recipe.schedule.peak: {float: [0.05, 0.2]}}")
    assert sweep.feasible({"recipe.schedule.end": 0.04, "recipe.schedule.peak": 0.06})
    assert not sweep.feasible({"recipe.schedule.end": 0.07, "recipe.schedule.peak": 0.06})
