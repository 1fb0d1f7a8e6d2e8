"""Ports: who reads whom, in any order, and what leads nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import channels_of, graph_of, problem_of, shapes_of


def test_without_from_a_call_reads_its_predecessor():
    graph = graph_of("stages: {a: {block: conv, filters: 4}, b: {block: conv, filters: 5}}")
    assert [node.inputs for node in graph.nodes] == [((-1, 0),), ((0, 0),)]


def test_the_image_can_be_read_anywhere():
    text = "stages: {a: {block: conv, filters: 4}, b: {block: concat, from: [a, input]}}"
    assert channels_of(text) == [4, 7]


def test_text_may_read_forward():
    text = """
outputs: z
stages:
  z: {block: concat, from: [y, x]}
  y: {block: conv, filters: 5, from: x}
  x: {block: conv, filters: 4, from: input}
"""
    assert channels_of(text) == [4, 5, 9]


@given(
    st.integers(2, 8).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=3), min_size=n, max_size=n)
    ),
    st.randoms(),
)
def test_any_graph_without_circles_can_be_written_in_any_order(reads, random):
    """Stage i concatenates some stages before it; the channels are those of a count by hand."""
    channels, lines = [3], []
    for index, sources in enumerate(reads, 1):
        sources = [source % index for source in sources]
        channels.append(sum(channels[source] for source in sources))
        names = ", ".join(f"n{source}" if source else "input" for source in sources)
        lines.append(f"  n{index}: {{block: concat, from: [{names}]}}")
    random.shuffle(lines)
    last = len(reads)
    text = f"outputs: n{last}\nfeatures: [{', '.join(f'n{i}' for i in range(1, last + 1))}]\nstages:\n" + "\n".join(
        lines
    )
    graph = graph_of(text)
    assert graph.shape(graph.outputs[f"n{last}"]) == (32, 32, channels[last])


def test_split_has_numbered_outputs():
    text = (
        "stages: {a: {block: conv, filters: 8}, s: {block: split, parts: [1, 3]}, c: {block: concat, "
        "from: [s.p2, s.p1, s.p1]}}"
    )
    graph = graph_of(text)
    assert graph.nodes[1].outputs == ((32, 32, 2), (32, 32, 6))
    assert graph.nodes[2].inputs == ((1, 1), (1, 0), (1, 0))


def test_a_call_takes_as_many_outputs_as_it_has_inputs():
    text = "stages: {p: {block: max_pool}, u: {block: max_unpool}}"
    assert shapes_of(text) == [(16, 16, 3), (32, 32, 3)]
    text = (
        "stages: {p: {block: max_pool}, c: {block: conv, filters: 4}, d: {block: conv, filters: 3}, u: "
        "{block: max_unpool, from: [d, p.indices]}}"
    )
    assert shapes_of(text)[-1] == (32, 32, 3)


def test_a_yaml_block_has_inputs_and_outputs_and_repeats_through_both():
    text = """
blocks:
  look_back:
    inputs: [x, previous]
    outputs: {out: join, previous: x}
    body:
      left: {block: conv, filters: 4, from: x}
      join: {block: concat, from: [left, previous]}
stages:
  a: {block: look_back, from: [input, input], repeats: 3}
  b: {block: conv, filters: 1, from: a}
  c: {block: concat, from: [b, a.previous]}
"""
    # out: 4 + 3, then 4 + 3 (previous: the image), then 4 + 7; previous at the end: 7
    assert channels_of(text) == [4, 7, 4, 7, 4, 11, 1, 8]


def test_a_body_is_any_graph_of_its_own_names_and_its_inputs():
    text = """
stages:
  a:
    block: sequence
    body:
      join: {block: add, from: [left, right]}
      left: {block: conv, filters: 4, from: input}
      right: {block: conv, filters: 4, from: input}
      end: {block: conv, filters: 2, from: join}
"""
    assert channels_of(text) == [4, 4, 4, 2]


@pytest.mark.parametrize(
    ("stages", "path", "column", "message", "hint"),
    [
        (
            "{a: {block: conv, filters: 4, from: b}, b: {block: conv, filters: 4, from: a}}",
            "stages.a.from",
            45,
            "calls read each other in a circle: a -> b -> a",
            "",
        ),
        (
            "{a: {block: concat, from: [input, a]}}",
            "stages.a.from",
            35,
            "calls read each other in a circle: a -> a",
            "",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: conv, filters: 4, from: [a, a]}}",
            "stages.b",
            40,
            "block 'conv' takes one input, it was given 2 tensors",
            "bring them together first, with a concat or add",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: max_unpool}}",
            "stages.b",
            40,
            "block 'max_unpool' takes 2 inputs (x, indices), it was given 1 tensor",
            "from: [a, b]",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: conv, filters: 4, from: aa}}",
            "stages.b.from",
            75,
            "there is no 'aa' here",
            "did you mean 'a'?",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: conv, filters: 4, from: []}}",
            "stages.b.from",
            75,
            "'from' names nothing",
            "",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: conv, filters: 4, from: [1]}}",
            "stages.b.from",
            76,
            "expected the name of a call, or name.output, received 1",
            "",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: conv, filters: 4, from: a.b.c}}",
            "stages.b.from",
            75,
            "expected the name of a call, or name.output, received 'a.b.c'",
            "",
        ),
        (
            "{a: {block: max_pool}, b: {block: conv, filters: 4, from: a.indexes}}",
            "stages.b.from",
            67,
            "'a' has no output 'indexes'",
            "its outputs: out, indices",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: conv, filters: 4}, c: {block: dense, units: 2, from: a}}",
            "stages.b",
            40,
            "'b' leads nowhere",
            "read it with 'from', list it under 'outputs', or remove it",
        ),
        (
            (
                "{a: {block: sequence, body: {x: {block: conv, filters: 4, from: y}, y: {block: conv, "
                "filters: 4, from: x}}}}"
            ),
            "stages.a.body.x.from",
            73,
            "calls read each other in a circle: x -> y -> x",
            "",
        ),
        (
            "{a: {block: sequence, body: {x: {block: conv, filters: 4}, y: {block: conv, filters: 4, from: input}}}}",
            "stages.a.body.x",
            38,
            "'x' leads nowhere",
            "read it with 'from', list it under 'outputs', or remove it",
        ),
        (
            "{a: {block: sequence, body: [{block: conv, filters: 4}, {block: conv, filters: 4, from: input}]}}",
            "stages.a.body.0",
            38,
            "this call leads nowhere",
            "the next reads something else: remove one, or write the body as a mapping",
        ),
        (
            "{a: {block: conv, filters: 4}, b: {block: sequence, body: [{block: conv, filters: 4, from: a}]}}",
            "stages.b.body.0.from",
            100,
            "there is no 'a' here",
            "known: input",
        ),
        (
            "{a: {block: sequence, body: {input: {block: conv, filters: 4}}}}",
            "stages.a.body.input",
            38,
            "'input' cannot name a call",
            "it is an input's name",
        ),
        (
            "{input: {block: conv, filters: 4}}",
            "stages.input",
            10,
            "'input' cannot name a stage",
            "'input' is the network's",
        ),
    ],
)
def test_mistakes(stages, path, column, message, hint):
    problem = problem_of(f"input: {{resolution: 32}}\nstages: {stages}")
    assert (problem.path, problem.message) == (path, message)
    assert str(problem.mark) == f"net.yaml:2:{column}"
    assert problem.hint == hint
