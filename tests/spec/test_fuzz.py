"""Fuzzing: whatever the text, it gives a spec or a mistake in words, and both ways of counting agree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory import FactoryError, cost, plan, totals
from factory.spec.document import compile_spec
from factory.spec.reading import read_text

TEXT = """factory: 1
name: fuzz
input: {resolution: 16, channels: 3, preprocess: {scale: $(1/255), mean: [0.5, 0.5, 0.5], std: [1, 1, 1], as: weights}}
classes: 10
scale: {width: 1.1, depth: 1.2, resolution: 1.0}
scaled: {width: true}
rounding: {width: {to: 8, keep: 0.9}, depth: ceil, resolution: {to: 1}}
conventions: {norm: {kind: batch, epsilon: 1e-3}, activation: {kind: leaky_relu, slope: 0.1}, padding: same}
defaults: {max_pool: {kernel: 2}, mbconv: {se: {ratio: 0.25, round: {to: 8}}}}
stochastic_depth: {rate: 0.2, decay: linear}
auxiliary: [aux]
features: [s1]
blocks:
  fire:
    params:
      squeeze: width
      expand: {type: width, default: 16, min: 1, max: 64}
      bypass: {type: shortcut, default: none}
      inner: {type: body, default: []}
    body:
      - block: residual
        shortcut: $bypass
        body:
          - {block: conv, filters: $squeeze, kernel: 1}
          - {block: branches, branches: {a: [{block: conv, filters: $(expand // 2)}], b: $inner}}
  look_back:
    inputs: [x, y]
    outputs: {out: join, y: x}
    body:
      left: {block: conv, filters: "$(max(8, in.channels))", from: x}
      right: {block: conv, filters: $(4 if index else 8), from: y}
      join: {block: concat, from: [left, right]}
stages:
  stem: {block: conv, filters: 8, kernel: [3, 3], stride: 2, bias: true}
  s1: {block: mbconv, filters: 8, repeats: 2, expand: 2, stride: 2, first: {expand: 1}, last: {block: basic}}
  s2:
    block: fire
    squeeze: 4
    bypass: projection
    inner: [{block: conv, filters: 4, scaled: {width: false}}]
    repeats: 2
    norm: none
  s3: {block: look_back, from: [s2, s1]}
  aux: {block: classifier, from: s1}
  parts: {block: split, parts: [1, 3], from: s3}
  s4: {block: concat, from: [parts.p2, parts.p1]}
  s5: {block: sequence, repeats: $(1 + 1), share: true, body: {a: {block: depthwise_conv, kernel: 3}}}
  head: {block: classifier, dropout: 0.2, activation: linear}
expect: {params: 1, source: nobody}
"""
TOKENS = re.findall(r"[\w.]+|\s+|[^\w\s]", TEXT)
WORDS = [index for index, token in enumerate(TOKENS) if re.fullmatch(r"[\w.]+", token)]
ODD = [
    "null", "-1", "0", "1e9", "1e400", "[]", "{}", "true", "$x", "$(1/0)", "$(classes)", "$(in.height)", "*a", "&a 1",
    "!!int 1", "~", "\x00", "é", "\U0001f600", "9" * 12, "0.1", "any", "[x, y]", "{kind: group}", "[[1, 2], [3, 4]]",
    "{a: 1}", "$squeeze", "$inner", "[{block: conv, filters: 4}]", "{block: conv, filters: 4}", "\n", "- ", "# ", "'",
]  # fmt: skip
REPLACEMENTS = st.sampled_from(sorted({TOKENS[index] for index in WORDS}) + ODD)


def check(text: str) -> None:
    try:
        spec = compile_spec(read_text(text, "fuzz.yaml"), "fuzz.yaml")
    except FactoryError as error:
        assert str(error)
        return
    try:
        counted = totals(spec)
    except FactoryError:
        counted = None
    try:
        graph = plan(spec)
    except FactoryError:
        return
    assert graph.nodes is not None
    if counted is not None:
        assert counted == cost(spec).totals


def test_the_text_itself_is_a_spec():
    check(TEXT)
    assert compile_spec(read_text(TEXT, "fuzz.yaml"), "fuzz.yaml").classes == 10


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from(WORDS), REPLACEMENTS, min_size=1, max_size=3))
def test_words_replaced(changes):
    check("".join(changes.get(index, token) for index, token in enumerate(TOKENS)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 12), st.text(max_size=4))
def test_characters_cut_and_inserted(place, length, inserted):
    check(TEXT[:place] + inserted + TEXT[place + length :])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(range(len(TOKENS))), min_size=1, max_size=3, unique=True))
def test_tokens_deleted(places):
    check("".join(token for index, token in enumerate(TOKENS) if index not in places))


@pytest.mark.parametrize(
    "path",
    [
        "stages.s1",
        "stages.stem.kernel",
        "conventions",
        "blocks.fire.params.expand",
        "scale",
        "input",
        "stages.s2.inner",
    ],
)
@settings(max_examples=30, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["block", "kind", "body", "width", "type"]), inner, max_size=3)
        ),
        max_leaves=5,
    )
)
def test_any_value_at_a_path(path, value):
    spec = compile_spec(read_text(TEXT, "fuzz.yaml"), "fuzz.yaml")
    try:
        changed = spec.override({path: value})
        totals(changed)
    except FactoryError as error:
        assert str(error)
