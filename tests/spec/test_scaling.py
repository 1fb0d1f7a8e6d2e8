"""Scaling: where a literal is written, once, by the rules of the spec."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import channels_of, graph_of, spec_of

from factory import cost, totals
from factory.blocks.values import Multiple
from factory.spec import input_shape


def make_divisible(value: float, divisor: int) -> int:
    """MobileNet's rule as its authors published it."""
    new = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return new + divisor if new < 0.9 * value else new


@given(st.integers(1, 4096), st.floats(0.1, 4), st.sampled_from([1, 2, 4, 8, 16, 32]))
def test_the_rule_of_to_is_mobilenets_make_divisible(channels, factor, divisor):
    assert Multiple(to=divisor)(channels * factor) == make_divisible(channels * factor, divisor)


def scaled(width: float, rounding: str, filters: object) -> int | None:
    text = f"scale: {{width: {width}}}\nrounding: {{width: {rounding}}}\n"
    return channels_of(f"{text}stages: {{a: {{block: conv, filters: {filters}}}}}")[0]


@pytest.mark.parametrize(
    ("width", "rounding", "filters", "channels"),
    [
        (1.0, "{to: 8}", 58, 58),  # at exactly 1.0 a width is left alone
        (1, "{to: 8}", 58, 58),
        (2.3, "nearest", 80, 184),  # 183.99999999999997
        (0.75, "{to: 8}", 116, 88),  # 87 -> 88
        (1.1, "{to: 8}", 32, 32),  # 35.2 -> 32, which is above 0.9 x 35.2
        (0.35, "{to: 8}", 32, 16),  # 11.2 -> 8, which is below 0.9 x 11.2: up
        (0.35, "{to: 8, keep: 0}", 32, 8),
        (0.1, "{to: 8}", 8, 8),  # never below one multiple
        (0.5, "nearest", 5, 3),  # halves up
        (0.5, "up", 5, 3),
        (0.3, "up", 10, 3),  # 3.0 stays 3
        (0.31, "up", 10, 4),
        (0.01, "nearest", 10, 1),
        (2.0, "{to: 8}", "$(20)", 20),  # an expression's value is final
        (2.0, "nearest", '"$(width(20) + 1)"', 41),
        (2.0, "nearest", '"$(classes)"', 1000),
    ],
)
def test_width(width, rounding, filters, channels):
    assert scaled(width, rounding, filters) == channels


@pytest.mark.parametrize(
    ("depth", "rounding", "repeats", "count"),
    [
        (1.0, "ceil", 3, 3),
        (1.1, "ceil", 1, 2),
        (1.1, "ceil", 10, 11),  # 11.000000000000002
        (1.8, "ceil", 2, 4),
        (1.2, "round", 2, 2),
        (1.25, "round", 2, 3),
        (1.9, "floor", 1, 1),
        (1.1, "floor", 10, 11),
        (0.1, "floor", 3, 1),
        (0.1, "round", 3, 1),
        (2.0, "ceil", "$(3)", 3),
    ],
)
def test_depth(depth, rounding, repeats, count):
    text = f"scale: {{depth: {depth}}}\nrounding: {{depth: {rounding}}}\n"
    nodes = graph_of(f"{text}stages: {{a: {{block: conv, filters: 3, repeats: {repeats}}}}}").nodes
    assert len(nodes) == count


def test_only_the_outermost_repeats_scales():
    body = "[{block: sequence, repeats: 2, body: [{block: conv, filters: 3}]}]"
    text = f"scale: {{depth: 2.0}}\nstages: {{a: {{block: sequence, repeats: 2, body: {body}}}}}"
    assert len(graph_of(text).nodes) == 4 * 2
    text = f"scale: {{depth: 2.0}}\nstages: {{a: {{block: sequence, body: {body}}}}}"
    assert len(graph_of(text).nodes) == 4


def test_a_block_call_can_opt_out_and_in_again():
    text = """
scale: {width: 2.0, depth: 2.0}
rounding: {width: nearest}
stages:
  a: {block: conv, filters: 3, scaled: {width: false}, repeats: 1}
  b: {block: conv, filters: 3, scaled: {depth: false}, repeats: 1}
  c:
    block: sequence
    scaled: {width: false}
    body:
      - {block: conv, filters: 5}
      - {block: conv, filters: 5, scaled: {width: true}}
      - {block: conv, filters: "$(width(5))"}
"""
    assert channels_of(text) == [3, 3, 6, 5, 10, 5]


def test_a_network_can_opt_out():
    text = "scale: {width: 2.0}\nscaled: {width: false}\nrounding: {width: nearest}\n"
    stages = "stages: {a: {block: conv, filters: 3}, b: {block: conv, filters: 3, scaled: {width: true}}}"
    assert channels_of(text + stages) == [3, 6]


def test_a_parameter_is_scaled_where_it_is_given_and_not_where_it_is_used():
    text = """
scale: {width: 2.0}
rounding: {width: nearest}
blocks:
  twice:
    params: {wide: width, plain: int, usual: {type: width, default: 7}}
    body:
      - {block: conv, filters: $wide}
      - {block: conv, filters: $plain}
      - {block: conv, filters: $usual}
      - {block: conv, filters: $(wide + 1)}
stages: {a: {block: twice, wide: 5, plain: 5}}
"""
    assert channels_of(text) == [10, 5, 14, 11]


def test_expanded_channels_follow_the_rule_only_where_the_spec_sets_one():
    stages = "stages: {a: {block: conv, filters: 10}, b: {block: mbconv, filters: 10, expand: 1.5}}"
    plain = spec_of(stages)
    ruled = spec_of("rounding: {width: {to: 8}}\n" + stages)
    assert cost(plain).params - cost(ruled).params == (15 - 16) * (10 + 1 + 9 + 1 + 10)


@pytest.mark.parametrize(
    ("section", "shape"),
    [
        ("input: {resolution: 224}\nscale: {resolution: 1.15}", (258, 258, 3)),  # 257.6
        ("input: {resolution: 224}\nscale: {resolution: 1.15}\nrounding: {resolution: {to: 32}}", (256, 256, 3)),
        ("input: {resolution: [100, 60], channels: 1}\nscale: {resolution: 0.5}", (50, 30, 1)),
        ("input: {resolution: 224}\nrounding: {resolution: {to: 100}}", (224, 224, 3)),  # 1.0: left alone
        ("input: {resolution: any}\nscale: {resolution: 2.0}", (None, None, 3)),
    ],
)
def test_resolution(section, shape):
    assert input_shape(spec_of(section + "\nstages: {a: {block: conv, filters: 3}}", "")) == shape


def test_an_error_after_scaling_shows_the_arithmetic():
    from texts import problem_of

    text = "scale: {width: 0.75}\nstages: {a: {block: conv, filters: 116}, b: {block: conv, filters: 60, groups: 3}}"
    problem = problem_of(text)
    assert problem.message == "88 input channels are not divisible by groups 3"
    assert problem.notes == ["88 comes from scaling: 116 x 0.75 -> 88"]


@given(st.floats(0.25, 3), st.floats(0.25, 3))
def test_totals_are_the_costs_whatever_the_scale(width, depth):
    spec = spec_of(
        "stages: {a: {block: conv, filters: 16}, b: {block: mbconv, filters: 24, repeats: 2, stride: 2, se: 0.25}}"
    ).override({"scale.width": width, "scale.depth": depth})
    assert totals(spec) == cost(spec).totals
    repeats = math.ceil(2 * depth - 1e-9)
    assert sum(node.name.endswith("project") for node in graph_nodes(spec)) == repeats


def graph_nodes(spec):
    from factory import plan

    return plan(spec).nodes
