"""Heads: outputs, auxiliary heads, features, networks without their top; stochastic depth."""

from __future__ import annotations

import pytest
from texts import graph_of, problem_of, spec_of

from factory import cost, plan, totals
from factory.graph.ops import StochasticDepth

TRUNK = "stages: {a: {block: conv, filters: 4}, b: {block: conv, filters: 5}, "


def test_the_output_is_the_last_stage():
    assert list(graph_of(TRUNK + "h: {block: classifier}}").outputs) == ["h"]


def test_outputs_may_be_named_listed_or_mapped():
    for text, names in (
        ("b", ["b"]), ("[a, b]", ["a", "b"]), ("{low: a, high: b}", ["low", "high"]), ("[b.out]", ["b"]),
    ):  # fmt: skip
        assert (
            list(
                graph_of(
                    f"outputs: {text}\nstages: {{a: {{block: conv, filters: 4}}, b: {{block: conv, filters: 4}}}}"
                ).outputs
            )
            == names
        )
    two = graph_of("outputs: [s.p1, s.p2]\nstages: {a: {block: conv, filters: 4}, s: {block: split}}")
    assert list(two.outputs) == ["s", "s_p2"]


def test_auxiliary_heads_are_left_out_of_the_costs():
    with_head = spec_of("auxiliary: [x]\n" + TRUNK + "x: {block: classifier, from: a}, h: {block: classifier}}")
    without = spec_of(TRUNK + "h: {block: classifier}}")
    assert cost(with_head).totals == cost(without).totals == totals(with_head)
    assert cost(with_head).auxiliary.params == 4 * 1000 + 1000
    assert list(plan(with_head).auxiliary) == ["x"]


def test_an_auxiliary_head_is_nobodys_predecessor_and_no_output():
    graph = graph_of("auxiliary: [x]\n" + TRUNK + "x: {block: classifier}, h: {block: dense, units: 7}}")
    assert graph.shape(graph.outputs["h"]) == (32, 32, 7)
    graph = graph_of("auxiliary: [x]\n" + TRUNK + "x: {block: classifier}}")
    assert list(graph.outputs) == ["b"]


def test_features_are_what_a_backbone_gives():
    spec = spec_of("features: [a, b]\n" + TRUNK + "h: {block: classifier}}")
    assert list(plan(spec).features) == ["a", "b"]
    backbone = plan(spec, top=False)
    assert {name: backbone.shape(ref) for name, ref in backbone.outputs.items()} == {"a": (32, 32, 4), "b": (32, 32, 5)}
    assert not any(node.stage == "h" for node in backbone.nodes)


def test_without_features_the_top_is_dropped_whole():
    head = "h: {block: sequence, body: [{block: conv, filters: 9}, {block: classifier}]}}"
    backbone = plan(spec_of(TRUNK + head), top=False)
    assert {name: backbone.shape(ref) for name, ref in backbone.outputs.items()} == {"features": (32, 32, 5)}


@pytest.mark.parametrize(
    ("text", "path", "column", "message", "hint"),
    [
        ("outputs: [c]", "outputs", 11, "there is no stage 'c'", "known: a, b"),
        ("outputs: {x: bb}", "outputs", 14, "there is no stage 'bb'", "did you mean 'b'?"),
        ("outputs: []", "outputs", 10, "expected a name, a list of names or a mapping, received []", ""),
        ("outputs: null", "outputs", 10, "expected a name, a list of names or a mapping, received nothing", ""),
        ("outputs: [b, b]", "outputs", 14, "'b' is named twice", ""),
        ("outputs: b.indices", "outputs", 10, "'b' has no output 'indices'", "its outputs: out"),
        ("auxiliary: [c]", "auxiliary", 13, "there is no stage 'c'", "known: a, b"),
        ("features: c", "features", 11, "expected a list of names of stages, received 'c'", ""),
        (
            "auxiliary: [a, b]",
            "stages",
            9,
            "all stages are auxiliary heads",
            "name the network's output under 'outputs'",
        ),
    ],
)
def test_mistakes(text, path, column, message, hint):
    problem = problem_of(f"{text}\nstages: {{a: {{block: conv, filters: 4}}, b: {{block: conv, filters: 4}}}}")
    assert (problem.path, problem.message, problem.hint) == (path, message, hint)
    assert str(problem.mark) == f"net.yaml:{2 if path == 'stages' else 1}:{column}"


def drop_rates(text: str) -> dict[str, float]:
    nodes = graph_of(text).nodes
    return {node.name: node.op.rate for node in nodes if isinstance(node.op, StochasticDepth)}


BLOCKS = (
    "stages: {a: {block: basic, filters: 3, repeats: 2}, b: {block: mbconv, filters: 8}, c: {block: "
    "residual, body: []}, d: {block: mbconv, filters: 8, repeats: 2}}"
)


def test_stochastic_depth_numbers_every_call_that_can_be_residual():
    # a.0, a.1, b (no shortcut: the channels change), c, d.0, d.1: rate * i / 6 at those with a shortcut
    rates = drop_rates("stochastic_depth: {rate: 0.3}\n" + BLOCKS)
    expected = {"a.1.drop": 0.3 * 1 / 6, "c.drop": 0.3 * 3 / 6, "d.0.drop": 0.3 * 4 / 6, "d.1.drop": 0.3 * 5 / 6}
    assert rates == pytest.approx(expected)


def test_constant_stochastic_depth_is_the_same_for_all():
    rates = drop_rates("stochastic_depth: {rate: 0.3, decay: constant}\n" + BLOCKS)
    assert list(rates) == ["a.0.drop", "a.1.drop", "c.drop", "d.0.drop", "d.1.drop"]
    assert set(rates.values()) == {0.3}
