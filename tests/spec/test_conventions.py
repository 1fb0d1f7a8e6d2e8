"""Conventions and defaults: what holds where a call says nothing, and who wins."""

from __future__ import annotations

import pytest
from texts import graph_of, problem_of, shapes_of

from factory.graph.ops import Activation, AvgPool, BatchNorm, Conv, GroupNorm, LayerNorm, MaxPool, PRelu

IMAGE = "input: {resolution: 32}\n"


def ops_of(text: str, *kinds: type) -> list:
    return [node.op for node in graph_of(text, IMAGE).nodes if isinstance(node.op, kinds)]


def test_the_usual_conventions_are_batch_norm_relu_and_same_padding():
    conv, norm, activation = ops_of("stages: {a: {block: conv, filters: 4, stride: 2}}", object)
    assert (conv.bias, conv.padding) == (False, ((0, 1), (0, 1)))
    assert norm == BatchNorm(1e-3, 0.99, True, True)
    assert activation == Activation("relu")


def test_conventions_hold_for_the_whole_network():
    text = (
        "conventions: {norm: {kind: group, groups: 2}, activation: {kind: leaky_relu, slope: 0.2}, "
        "padding: 0, bias: true}\n"
    )
    ops = ops_of(text + "stages: {a: {block: conv, filters: 4}, b: {block: mbconv, filters: 4, expand: 2}}", object)
    assert {op.padding for op in ops if isinstance(op, Conv)} == {((0, 0), (0, 0))}
    assert {op.bias for op in ops if isinstance(op, Conv)} == {True}
    assert {op.groups for op in ops if isinstance(op, GroupNorm)} == {2}
    assert {op for op in ops if isinstance(op, Activation)} == {Activation("leaky_relu", (0.2,))}


def test_a_call_changes_conventions_for_all_inside_it():
    text = (
        "stages: {a: {block: sequence, norm: none, activation: swish, body: [{block: conv, filters: 4}, "
        "{block: conv, filters: 4, activation: relu}]}, b: {block: conv, filters: 4}}"
    )
    assert [op.kind for op in ops_of(text, Activation)] == ["swish", "relu", "relu"]
    assert len(ops_of(text, BatchNorm)) == 1


def test_a_norm_of_the_same_kind_keeps_what_it_leaves_open():
    text = (
        "conventions: {norm: {kind: batch, epsilon: 1e-5, momentum: 0.9}}\nstages: {a: {block: conv, "
        "filters: 4, norm: {scale: false}}, b: {block: conv, filters: 4, norm: {kind: layer}}}"
    )
    assert ops_of(text, BatchNorm) == [BatchNorm(1e-5, 0.9, False, True)]
    assert ops_of(text, LayerNorm) == [LayerNorm(1e-3, True, True)]


def test_norm_and_activation_do_not_reach_dense_and_padding_not_pooling():
    text = (
        "conventions: {padding: same}\nstages: {p: {block: max_pool, kernel: 3, stride: 2}, q: {block: "
        "avg_pool, kernel: 3, stride: 2}, d: {block: dense, units: 4}}"
    )
    assert [op.padding for op in ops_of(text, MaxPool, AvgPool)] == [((0, 0), (0, 0))] * 2
    assert not ops_of(text, BatchNorm, Activation)


def test_bias_auto_is_where_there_is_no_norm():
    text = (
        "stages: {a: {block: conv, filters: 4}, b: {block: conv, filters: 4, norm: none}, c: {block: "
        "conv, filters: 4, order: conv-act}, d: {block: conv, filters: 4, norm: none, bias: false}}"
    )
    assert [op.bias for op in ops_of(text, Conv)] == [False, True, True, False]


def test_a_parameterised_activation():
    text = "conventions: {norm: none}\nstages: {a: {block: conv, filters: 4, activation: {kind: prelu, shared: true}}}"
    assert ops_of(text, PRelu) == [PRelu(shared=True, start=0.25)]


def test_defaults_win_over_conventions_and_calls_over_defaults():
    text = """
conventions: {activation: relu}
defaults: {conv: {kernel: 5, activation: swish}}
stages:
  a: {block: conv, filters: 4}
  b: {block: conv, filters: 4, kernel: 1, activation: tanh}
  c: {block: depthwise_conv}
"""
    assert [op.kernel for op in ops_of(text, Conv)] == [(5, 5), (1, 1)]
    assert [op.kind for op in ops_of(text, Activation)] == ["swish", "tanh", "relu"]


def test_defaults_reach_calls_inside_blocks():
    text = "defaults: {depthwise_conv: {multiplier: 3}}\nstages: {a: {block: mbconv, filters: 4, expand: 1}}"
    assert [shape[-1] for shape in shapes_of(text, IMAGE)][:1] == [9]


def test_defaults_may_give_what_a_block_needs_and_reach_yaml_blocks():
    text = (
        "blocks: {b: {params: {n: width}, body: [{block: conv, filters: $n}]}}\ndefaults: {conv: "
        "{filters: 7}, b: {n: 9}}\nstages: {x: {block: conv}, y: {block: b}, z: {block: b, n: 2}}"
    )
    assert [op.filters for op in ops_of(text, Conv)] == [7, 9, 2]


@pytest.mark.parametrize(
    ("text", "path", "column", "message", "hint"),
    [
        ("conventions: {nrom: none}", "conventions.nrom", 15, "unknown convention", "did you mean 'norm'?"),
        ("conventions: {norm: bath}", "conventions.norm", 21, "unknown norm 'bath'", "did you mean 'batch'?"),
        ("conventions: {norm: {epsilom: 1}}", "conventions.norm.epsilom", 22, "unknown key", "did you mean 'epsilon'?"),
        (
            "conventions: {norm: {epsilon: 0}}",
            "conventions.norm.epsilon",
            31,
            "expected greater than 0, received 0",
            "",
        ),
        (
            "conventions: {activation: rellu}",
            "conventions.activation",
            27,
            "unknown activation 'rellu'",
            "did you mean 'relu'?",
        ),
        (
            "conventions: {activation: {kind: relu, slope: 1}}",
            "conventions.activation.slope",
            40,
            "unknown parameter of activation 'relu'",
            "relu has no parameters",
        ),
        (
            "conventions: {padding: -1}",
            "conventions.padding",
            24,
            "expected same, valid, symmetric, a number, [height, width] or [[top, bottom], [left, right]], received -1",
            "",
        ),
        ("conventions: {bias: maybe}", "conventions.bias", 21, "expected true, false or auto, received 'maybe'", ""),
        ("conventions: {initializer: he}", "conventions.initializer", 28, "unknown initializer 'he'", None),
        ("defaults: {konv: {kernel: 3}}", "defaults.konv", 12, "unknown block 'konv'", "did you mean 'conv'?"),
        (
            "defaults: {conv: {kernal: 3}}",
            "defaults.conv.kernal",
            19,
            "unknown parameter of block 'conv'",
            "did you mean 'kernel'?",
        ),
        (
            "defaults: {conv: {repeats: 3}}",
            "defaults.conv.repeats",
            19,
            "'repeats' belongs to a call",
            "defaults set parameters and conventions",
        ),
        ("defaults: {conv: 3}", "defaults.conv", 12, "expected a mapping of parameters, received 3", ""),
        (
            "rounding: {width: nearst}",
            "rounding.width",
            19,
            "expected 'nearest' or 'up' or a mapping, received 'nearst'",
            "did you mean 'nearest'?",
        ),
        ("rounding: {width: {too: 8}}", "rounding.width.too", 20, "unknown key", None),
        ("rounding: {width: {to: 0}}", "rounding.width.to", 24, "expected greater than or equal to 1, received 0", ""),
        ("scale: {width: 0}", "scale.width", 16, "expected greater than 0, received 0", ""),
        ("scale: {wdth: 1}", "scale.wdth", 9, "unknown key", "did you mean 'width'?"),
        (
            "input: {preprocess: torhc}",
            "input.preprocess",
            21,
            "unknown preprocessing 'torhc'",
            "did you mean 'torch'?",
        ),
        (
            "input: {preprocess: {mean: [1, 2]}}",
            "input.preprocess.mean",
            28,
            "mean has 2 values for 3 channels",
            "give one value a channel",
        ),
        ("input: {preprocess: {mean: 3}}", "input.preprocess.mean", 28, "expected a valid tuple, received 3", ""),
        (
            "input: {preprocess: {std: [1, 0, 1]}}",
            "input.preprocess.std",
            27,
            "expected numbers above 0, received",
            None,
        ),
        (
            "input: {resolution: 0}",
            "input.resolution",
            21,
            "expected a whole number of pixels, [height, width] or any, received 0",
            "",
        ),
        ("classes: 0", "classes", 10, "expected a whole number, at least 1, received 0", ""),
        ("factory: 2", "factory", 10, "expected version 1 of the language, received 2", ""),
        ("factory: true", "factory", 10, "expected version 1 of the language, received true", ""),
        ("name: 3", "name", 7, "expected text, received 3", ""),
        ("scaled: {width: 3}", "scaled", 9, "expected {width: false}, {depth: false} or both, received a mapping", ""),
        ("stochastic_depth: {rate: 1}", "stochastic_depth.rate", 26, "expected less than 1, received 1", ""),
        ("expect: {parms: 1}", "expect.parms", 10, "unknown key", "did you mean 'params'?"),
        ("about: null", "about", 8, "expected a mapping, received nothing", ""),
    ],
)
def test_mistakes(text, path, column, message, hint):
    problem = problem_of(f"{text}\nstages: {{a: {{block: conv, filters: 4}}}}")
    assert problem.path == path
    assert (
        problem.message.startswith(message.removesuffix(", received")) and str(problem.mark) == f"net.yaml:1:{column}"
    )
    if hint is not None:
        assert problem.hint == hint
