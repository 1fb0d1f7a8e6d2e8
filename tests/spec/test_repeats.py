"""Repeats: strides reset, first and last, shared weights."""

from __future__ import annotations

import pytest
from texts import channels_of, graph_of, problem_of, shapes_of, spec_of

from factory import cost, totals


def stage(call: str) -> str:
    return f"stages: {{a: {{{call}}}}}"


def test_a_stride_is_reset_after_the_first_repeat():
    assert shapes_of(stage("block: conv, filters: 4, stride: 2, repeats: 3")) == [(16, 16, 4)] * 3


def test_a_stride_of_the_defaults_is_reset_too():
    assert (
        shapes_of("defaults: {conv: {stride: 2}}\n" + stage("block: conv, filters: 4, repeats: 2")) == [(16, 16, 4)] * 2
    )


def test_a_stride_parameter_of_a_yaml_block_is_reset():
    block = (
        "blocks: {down: {params: {by: {type: stride, default: 2}}, body: [{block: conv, filters: 4, stride: $by}]}}\n"
    )
    assert shapes_of(block + stage("block: down, repeats: 3")) == [(16, 16, 4)] * 3
    assert shapes_of(block + stage("block: down, by: 4, repeats: 2")) == [(8, 8, 4)] * 2


@pytest.mark.parametrize(
    ("call", "channels"),
    [
        ("filters: 4, repeats: 3, first: {filters: 8}", [8, 4, 4]),
        ("filters: 4, repeats: 3, last: {filters: 8}", [4, 4, 8]),
        ("filters: 4, repeats: 2, first: {filters: 8}, last: {filters: 16}", [8, 16]),
        ("filters: 4, repeats: 1, first: {filters: 8}, last: {filters: 16}", [16]),  # both apply, last wins
        ("filters: 4, first: {filters: 8}", [8]),
        ("filters: 4, repeats: 3, first: {block: depthwise_conv, multiplier: 2}", [6, 4, 4]),
        ("filters: 4, repeats: 2, last: {block: depthwise_conv}", [4, 4]),
        ("filters: 4, repeats: 3, last: {block: dense, units: 9}", [4, 4, 9]),
    ],
)
def test_first_and_last_change_parameters_and_block(call, channels):
    assert channels_of(stage(f"block: conv, {call}")) == channels


def test_with_one_repeat_both_changes_apply():
    graph = graph_of(stage("block: conv, filters: 4, kernel: 5, repeats: 1, first: {filters: 8}, last: {kernel: 1}"))
    assert graph.cost.params == 3 * 8 + 8


def test_first_and_last_may_stride():
    assert shapes_of(stage("block: conv, filters: 4, repeats: 3, last: {stride: 2}"))[-1] == (16, 16, 4)
    shapes = shapes_of(stage("block: conv, filters: 4, stride: 2, repeats: 3, first: {stride: 1}, last: {stride: 2}"))
    assert [shape[0] for shape in shapes] == [32, 32, 16]


def test_repeats_read_their_number_and_their_count():
    assert channels_of(stage('block: conv, filters: "$(4 + index)", repeats: 3')) == [4, 5, 6]
    assert channels_of(stage('block: conv, filters: "$(8 if index == count - 1 else 2)", repeats: 3')) == [2, 2, 8]


def test_repeated_nodes_are_numbered():
    names = [node.name for node in graph_of(stage("block: conv, filters: 4, repeats: 3")).nodes]
    assert names == ["a.0", "a.1", "a.2"]


def test_shared_weights_are_counted_once():
    text = stage("block: conv, filters: 3, kernel: 3, repeats: 4, share: true")
    one = 3 * 3 * 3 * 3 + 3
    assert cost(spec_of(text)).params == one
    assert cost(spec_of(text)).macs == 4 * 32 * 32 * 3 * 27
    assert totals(spec_of(text)) == cost(spec_of(text)).totals
    assert [node.shared for node in graph_of(text).nodes] == [None, 0, 0, 0]


@pytest.mark.parametrize(
    ("call", "path", "column", "message", "hint"),
    [
        (
            "block: conv, filters: 4, repeats: 2, share: true",
            "stages.a",
            10,
            "share: true needs repeats that keep the shape",
            "keep filters and stride the same in all",
        ),
        (
            "block: sequence, repeats: 2, body: [{block: conv, filters: 4, stride: 2}]",
            "stages.a.body.0.stride",
            84,
            "a literal stride in the body of a repeated call strides in every repeat",
            "make it a parameter of type stride of a block, which is reset to 1 after the first repeat",
        ),
        (
            "block: conv, filters: 4, repeats: 0",
            "stages.a.repeats",
            48,
            "expected a number of repeats, at least 1, received 0",
            "",
        ),
        (
            "block: conv, filters: 4, repeats: 1.5",
            "stages.a.repeats",
            48,
            "expected a number of repeats, at least 1, received 1.5",
            "round it: round(...), ceil(...), divisible(..., 8)",
        ),
        ("block: conv, filters: 4, share: 1", "stages.a.share", 46, "expected true or false, received 1", ""),
        ("block: conv, filters: 4, first: 1", "stages.a.first", 46, "expected a mapping of parameters, received 1", ""),
        (
            "block: conv, filters: 4, first: {repeats: 2}",
            "stages.a.first.repeats",
            47,
            "'repeats' belongs to the call itself",
            "",
        ),
        (
            "block: conv, filters: 4, last: {from: input}",
            "stages.a.last.from",
            46,
            "'from' belongs to the call itself",
            "",
        ),
        (
            "block: conv, filters: 4, first: {kernal: 3}",
            "stages.a.kernal",
            47,
            "unknown parameter of block 'conv'",
            "did you mean 'kernel'?",
        ),
        (
            "block: conv, filters: 4, first: {groups: null}",
            "stages.a.first.groups",
            47,
            "null removes nothing: there is no such key",
            "",
        ),
    ],
)
def test_mistakes(call, path, column, message, hint):
    problem = problem_of("input: {resolution: 32}\n" + stage(call))
    assert (problem.path, problem.message) == (path, message)
    assert str(problem.mark) == f"net.yaml:2:{column}"
    if hint:
        assert problem.hint == hint


def test_a_mistake_of_all_repeats_is_told_once():
    problem = problem_of(stage("block: conv, filters: x, repeats: 3, first: {kernel: 1}, last: {kernel: 5}"))
    assert problem.path == "stages.a.filters"
