"""`render --freeze`: random graphs written out, the same network ever after."""

from __future__ import annotations

import pytest
from texts import spec_of

import factory
from factory import SpecError
from factory.blocks.random_wiring import parse_edges, parse_generator, random_edges
from factory.spec.document import compile_spec
from factory.spec.freezing import freeze
from factory.spec.reading import read_text
from factory.spec.render import render

DEFAULTS = """
defaults:
  random_graph: {generator: {kind: ws, k: 4, p: 0.5}, nodes: 8, filters: 4, node: {block: conv, norm: none}}
"""
EVERYWHERE = f"""{DEFAULTS}
blocks:
  wired: {{body: [{{block: random_graph, seed: 5}}]}}
  around:
    params: {{inner: {{type: body, default: [{{block: random_graph, seed: 9}}]}}}}
    body: [{{block: sequence, body: $inner}}]
stages:
  a: {{block: random_graph, seed: 1}}
  b: {{block: random_graph, seed: 2, nodes: 6, repeats: 3, first: {{seed: 4}}, last: {{generator: {{kind: ba, m: 2}}}}}}
  c: {{block: sequence, body: {{one: {{block: wired}}, two: {{block: random_graph, seed: 7}}}}}}
  d: {{block: conv, filters: 4, repeats: 2, last: {{block: random_graph, seed: 8}}}}
  e: {{block: around}}
  head: {{block: classifier}}
"""


def network(spec: factory.Spec) -> str:
    return factory.canonical_hash(factory.plan(spec))


def check(spec: factory.Spec) -> str:
    text = render(spec, frozen=True)
    again = compile_spec(read_text(text, "frozen"), "frozen")
    assert network(again) == network(spec)
    assert render(again) == render(again, frozen=True) == text
    assert not any(word in text for word in ("generator:", "seed:"))
    return text


@pytest.mark.parametrize("name", ["randwire_ws_small", "randwire_ba_small", "randwire_er_small", "randwire_ws_regular"])
def test_random_networks_of_the_zoo_are_the_same_when_frozen(name):
    check(factory.load(name))


def test_graphs_are_written_out_wherever_they_are_called(monkeypatch):
    spec = spec_of(EVERYWHERE)
    text = check(spec)
    assert text.count("edges:") == 9
    drawn = random_edges(parse_generator({"kind": "ba", "m": 2}), 6, 2)
    frozen = compile_spec(read_text(text, "frozen"), "frozen")
    assert parse_edges(frozen.document["stages"]["b"]["last"]["edges"]) == drawn
    monkeypatch.setattr("factory.blocks.random_graph.random_edges", None)
    assert network(frozen)


def test_frozen_and_flat_go_together():
    spec = factory.load("randwire_ws_small", width=0.5)
    text = render(spec, flat=True, frozen=True)
    flat = compile_spec(read_text(text, "flat"), "flat")
    assert network(flat) == network(spec) and "conv3: {block: random_graph, filters: 40," in text


def test_a_graph_from_an_expression_cannot_be_written_out():
    spec = spec_of(f"{DEFAULTS}stages: {{a: {{block: random_graph, repeats: 2, seed: $(index)}}}}")
    assert factory.plan(spec).nodes
    with pytest.raises(SpecError) as raised:
        freeze(spec)
    [problem] = raised.value.problems
    assert problem.path == "stages.a" and problem.message.startswith("this random graph cannot be written out: ")
    assert problem.hint == "give numbers, not expressions, or make each graph a call of its own"


def test_networks_without_random_graphs_stay_as_they_are():
    spec = factory.load("mobilenet_v2")
    assert render(spec, frozen=True) == render(spec)
