"""Rendering: the same network, the same text when rendered again, and no multipliers left where it is flat."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import factory
from factory.graph import Graph
from factory.spec.document import compile_spec
from factory.spec.headless import without_top
from factory.spec.reading import read_text
from factory.spec.render import render
from factory.spec.spec import Spec
from factory.spec.writing import write
from factory.spec.zoo import zoo_names

SMALL = {
    "first, last and share": """
        name: net
        input: {resolution: 32}
        stages:
          stem: {block: conv, filters: 12, stride: 2}
          s1: {block: mbconv, repeats: 3, filters: 20, stride: 2, se: 1, first: {expand: 1, se: 2}, last: {filters: 36}}
          s2: {block: basic, repeats: 2, filters: 36, share: true}
          s3: {block: conv, repeats: 3, filters: 24, kernel: 3, first: {block: mbconv}, last: {block: max_pool}}
          s4: {block: conv, repeats: 1, filters: 24, first: {block: fused_mbconv}, last: {block: conv_transpose}}
          s5: {block: max_pool, repeats: 2, last: {block: conv, filters: 18, norm: none}}
          head: {block: classifier}
    """,
    "wiring": """
        name: net
        input: {resolution: [48, 32], channels: 1, preprocess: {scale: $(1/255), mean: [0.5]}}
        classes: 7
        stages:
          a: {block: conv, filters: 16, activation: {kind: leaky_relu, slope: 0.3}}
          b: {block: conv, from: a, filters: 16, norm: {epsilon: 1e-5}}
          c: {block: concat, from: [a, b]}
          parts: {block: split, parts: [1, 3]}
          d: {block: conv, from: parts.p2, filters: 16, norm: none}
          e: {block: conv, from: parts.p1, filters: 16}
          f: {block: branches, from: [d], branches: {left: [{block: conv, filters: 8}], right: []}}
          aux: {block: classifier, from: d}
          g: {block: add, from: [d, e]}
          head: {block: classifier, from: g}
          other: {block: classifier, from: f, activation: linear}
        outputs: {main: head, second: other}
        auxiliary: [aux]
        features: [c, g]
    """,
    "blocks": """
        name: net
        input: {resolution: 32}
        rounding: {width: nearest, resolution: {to: 4}}
        conventions: {norm: {kind: group, groups: 1}, activation: prelu, initializer: {scale: 2.0}}
        scaled: {depth: true}
        defaults: {dense: {bias: false}, unit: {width: 20}}
        blocks:
          unit:
            params: {width: {type: width, default: 12}, times: {type: depth, default: 2}, inner: body}
            body:
              a: {block: conv, repeats: $times, filters: $width, kernel: 1}
              b: {block: conv, repeats: 2, filters: 24}
              c: {block: conv, filters: "$(max(4, width(in.channels // 2)))"}
              d: {block: sequence, body: $inner}
          plain: {body: [{block: conv, filters: 16}]}
        stages:
          stem: {block: plain}
          s1: {block: unit, width: 20, inner: [{block: conv, filters: 10}]}
          s2: {block: unit, repeats: 2, inner: []}
          s3: {block: unit, times: 1, scaled: {width: false}, inner: {p: {block: plain}, q: {block: conv, filters: 9}}}
          s4: {block: residual, body: [{block: conv, filters: 20}, {block: dropout, rate: 0.1}]}
          head: {block: sequence, body: [{block: flatten}, {block: dense, units: 30}, {block: dense, units: $classes}]}
    """,
    "words that look like others": """
        name: "1e-3"
        about: {paper: "yes: a # b", note: "on", arxiv: "0123.4567", url: "null"}
        stages:
          "on": {block: conv, filters: 8}
          head: {block: classifier}
    """,
}
SCALES = [{}, {"width": 1.4, "depth": 1.7, "resolution": 1.3}, {"width": 0.55, "depth": 0.6}]


def small(name: str) -> Spec:
    return read(SMALL[name])


def read(text: str) -> Spec:
    return compile_spec(read_text(text, "text"), "text")


def same(a: Graph, b: Graph) -> bool:
    """Whether two plans are one network: alike node by node, which is soon seen, or by the canonical hash."""
    first, second = (
        (
            graph.input,
            [(node.op, node.inputs, node.shared) for node in graph.nodes],
            [*graph.outputs.values()],
            [*graph.auxiliary.values()],
        )
        for graph in (a, b)
    )
    return first == second or factory.canonical_hash(a) == factory.canonical_hash(b)


def check(spec: Spec) -> None:
    """The render and the flat render are the same network as the spec, and render to themselves."""
    graph = factory.plan(spec)
    text = render(spec)
    again = read(text)
    assert same(factory.plan(again), graph)
    assert render(again) == text
    flat_text = render(spec, flat=True)
    flat = read(flat_text)
    assert same(factory.plan(flat), graph)
    assert render(flat) == flat_text
    assert (flat.scale.width, flat.scale.depth, flat.scale.resolution) == (1, 1, 1)
    for scales in SCALES[1:]:
        assert same(*(factory.plan(factory.load(each, **scales)) for each in (again, spec)))


@pytest.mark.parametrize("name", zoo_names())
def test_zoo_specs_render_to_themselves(name: str) -> None:
    check(factory.load(name))


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v2", "squeezenet1_1", "resnet50_v2"])
@pytest.mark.parametrize("scales", SCALES[1:])
def test_scaled_zoo_specs_render_to_themselves(name: str, scales: dict[str, float]) -> None:
    check(factory.load(name, **scales))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("scales", SCALES)
def test_difficult_specs_render_to_themselves(name: str, scales: dict[str, float]) -> None:
    check(factory.load(small(name), **scales))


@settings(max_examples=25, deadline=None)
@given(width=st.floats(0.3, 3), depth=st.floats(0.3, 3))
def test_any_multipliers_can_be_applied(width: float, depth: float) -> None:
    check(factory.load(small("blocks"), width=width, depth=depth))


def test_every_default_is_filled_in() -> None:
    lines = render(factory.load("efficientnet_b1")).splitlines()
    squeeze = "se: {ratio: 0.25, of: input, round: none, activation: swish, gate: sigmoid}"
    s2 = f"  s2: {{block: mbconv, repeats: 2, filters: 24, kernel: 3, stride: 2, expand: 6, {squeeze}, shortcut: auto}}"
    assert s2 in lines
    assert "scale: {width: 1.0, depth: 1.1, resolution: 1.0}" in lines
    assert (
        "conventions: {norm: {kind: batch, epsilon: 0.001, momentum: 0.99, scale: true, center: true}, "
        in "\n".join(lines)
    )
    assert not any(line.startswith(("extends", "include")) for line in lines)


def test_flat_says_the_numbers_of_the_network() -> None:
    text = render(factory.load("efficientnet_b0", width=1.2, depth=1.4, resolution=1.5), flat=True)
    assert "input: {resolution: 336," in text
    assert "s3: {block: mbconv, repeats: 3, filters: 48," in text
    assert "scale: {width: 1.0, depth: 1.0, resolution: 1.0}" in text
    assert "expect" not in text


def test_expressions_stay_expressions() -> None:
    text = render(factory.load("mobilenet_v2"))
    assert "filters: '$(max(1280, width(1280)))'" in text
    assert "filters: $classes" in render(factory.load("squeezenet1_1"))


def test_included_blocks_are_part_of_the_render(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "blocks: {pair: {body: [{block: conv, filters: 8}, {block: conv, filters: 8}]}}"
    )
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "name: net\ninclude: [more.yaml]\ninput: {resolution: 8}\nstages: {a: {block: pair}, b: {block: classifier}}"
    )
    check(factory.load(spec))
    assert "  pair:\n    body:\n" in render(factory.load(spec)) or "  pair: {body:" in render(factory.load(spec))


def test_texts_that_look_like_numbers_are_quoted() -> None:
    text = write({"a": ["1e-3", "0x10", "true", "null", "~", "", "yes", "12 a", "a\nb", "$(max(1", "é"]})
    assert read_text(text, "text")["a"] == [
        "1e-3",
        "0x10",
        "true",
        "null",
        "~",
        "",
        "yes",
        "12 a",
        "a\nb",
        "$(max(1",
        "é",
    ]
    assert write({"a": "no number"}) == "a: no number\n"


@pytest.mark.parametrize("name", [*zoo_names(), "wiring"])
def test_a_backbone_as_a_spec_is_what_planning_without_top_gives(name: str) -> None:
    spec = small(name) if name in SMALL else factory.load(name)
    backbone = factory.plan(without_top(spec))
    assert same(backbone, factory.plan(spec, top=False))
    assert same(backbone, factory.plan(read(render(without_top(spec)))))


def test_a_network_that_is_only_a_head_has_no_backbone() -> None:
    spec = read("name: net\nstages: {head: {block: classifier}}")
    with pytest.raises(factory.SpecError, match="net is nothing but its output stage"):
        without_top(spec)
