"""Limits: a spec that asks for too much is refused in words and at once; sizes known only at run time."""

from __future__ import annotations

import pytest
from texts import graph_of, problem_of, shapes_of, spec_of

from factory import FactoryError, SpecError, cost, plan, totals
from factory.spec import Limits


def test_operations_and_parameters_are_bounded():
    spec = spec_of("stages: {a: {block: conv, filters: 8, repeats: 20}}")
    assert plan(spec, limits=Limits(nodes=20))
    with pytest.raises(SpecError, match="more than 19 operations"):
        plan(spec, limits=Limits(nodes=19))
    params = cost(spec).params
    assert plan(spec, limits=Limits(params=params))
    with pytest.raises(SpecError, match=f"has {params:,} parameters, the limit is {params - 1:,}"):
        plan(spec, limits=Limits(params=params - 1))


DOUBLING = "\n".join(
    [
        "blocks:",
        "  b0: {body: []}",
        *(f"  b{n}: {{body: [{{block: b{n - 1}}}, {{block: b{n - 1}}}]}}" for n in range(1, 40)),
    ]
)
CHAIN = "\n".join(
    [
        "blocks:",
        "  b0: {body: [{block: conv, filters: 2}]}",
        *(f"  b{n}: {{body: [{{block: b{n - 1}}}]}}" for n in range(1, 400)),
    ]
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: {a: {block: conv, filters: 8, repeats: 1000000000000}}", "more than 100,000 block calls"),
        (
            "scale: {depth: 1000}\nstages: {a: {block: conv, filters: 8, repeats: 1000}}",
            "more than 100,000 block calls",
        ),
        ("stages: {a: {block: sequence, repeats: 1000000000, body: []}}", "more than 100,000 block calls"),
        (DOUBLING + "\nstages: {a: {block: b39}}", "more than 100,000 block calls"),
        (CHAIN + "\nstages: {a: {block: b399}}", "blocks are nested too deeply"),
    ],
)
def test_what_would_never_end_ends(text, message):
    spec = spec_of(text)
    for count in (plan, totals):
        with pytest.raises(FactoryError, match=message):
            count(spec)


def test_multipliers_are_bounded():
    for key in ("width", "depth", "resolution"):
        problem = problem_of(f"scale: {{{key}: 1e6}}\nstages: {{a: {{block: conv, filters: 2}}}}")
        assert problem.path == f"scale.{key}"


def test_a_network_too_large_is_refused_by_its_parameters():
    problem = problem_of("stages: {a: {block: conv, filters: 100000000000000}}")
    assert "parameters, the limit is 20,000,000,000" in problem.message


def test_a_resolution_of_any_is_known_at_run_time_only():
    text = "input: {resolution: any}\nstages: {a: {block: conv, filters: 4, stride: 2}, b: {block: classifier}}"
    assert shapes_of(text, "")[0] == (None, None, 4)
    made = graph_of(text, "").cost
    assert (made.totals.macs, made.totals.activations) == (None, None)
    assert made.params == 3 * 9 * 4 + 4 * 4 + 4 * 1000 + 1000
    assert totals(spec_of(text, "")) == made.totals


def test_a_resolution_of_any_still_tells_strides_apart():
    problem = problem_of(
        "input: {resolution: any}\nstages: {a: {block: conv, filters: 3, stride: 2}, b: {block: add, from: [a, input]}}"
    )
    assert "tensors of different resolution meet" in problem.message


def test_a_resolution_of_any_has_no_height_in_expressions():
    problem = problem_of("input: {resolution: any}\nstages: {a: {block: conv, filters: $(in.height)}}")
    assert problem.message == "'in.height' has no value here (from $(in.height))"
