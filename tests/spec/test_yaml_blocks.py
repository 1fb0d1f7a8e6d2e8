"""Blocks written in YAML: parameters, bodies as parameters, include, and how they call each other."""

from __future__ import annotations

import pytest
from texts import HEAD, channels_of, graph_of, problem_of, problems_of, shapes_of, write

from factory import SpecError, load, plan


def block(signature: str, call: str = "block: b") -> str:
    return f"blocks: {{b: {{{signature}}}}}\nstages: {{a: {{{call}}}}}"


def test_parameters_have_types_and_defaults():
    text = block(
        "params: {n: width, k: {type: kernel, default: 5, doc: size}}, body: [{block: conv, filters: $n, kernel: $k}]",
        "block: b, n: 4",
    )
    assert graph_of(text).cost.params == 3 * 25 * 4 + 4


def test_min_max_and_choices_bound_a_parameter():
    for options in ("min: 2, max: 8", "choices: [2, 4, 8]"):
        text = block(
            f"params: {{n: {{type: width, {options}}}}}, body: [{{block: conv, filters: $n}}]", "block: b, n: 4"
        )
        assert channels_of(text) == [4]
    text = block(
        "params: {p: {type: str, choices: [same, valid]}}, body: [{block: conv, filters: 2, padding: $p}]",
        "block: b, p: valid",
    )
    assert shapes_of(text) == [(30, 30, 2)]


def test_a_body_may_be_a_parameter():
    text = block(
        (
            "params: {inner: body}, body: [{block: residual, body: $inner}, {block: branches, branches: "
            "{l: $inner, r: []}}]"
        ),
        "block: b, inner: [{block: conv, filters: 3}]",
    )
    assert channels_of(text) == [3, 3, 3, 6]


def test_a_call_may_be_a_parameter_and_stand_anywhere():
    for body in ("[$op, $op]", "{x: $op, y: $op}"):
        text = block(f"params: {{op: call}}, body: {body}", "block: b, op: {block: conv, filters: 5}")
        assert channels_of(text) == [5, 5]


def test_a_body_has_a_default():
    text = block(
        "params: {inner: {type: body, default: [{block: conv, filters: 6}]}}, body: [{block: sequence, body: $inner}]"
    )
    assert channels_of(text) == [6]
    text = block("params: {inner: {type: body, default: []}}, body: [{block: branches, branches: {l: $inner, r: []}}]")
    assert channels_of(text) == [6]


def test_expressions_see_what_came_into_the_block():
    text = block(
        "body: [{block: conv, filters: $(in.channels * 2)}, {block: conv, filters: $(in.channels + in.height)}]",
        "block: b, repeats: 2",
    )
    assert channels_of(text) == [6, 35, 70, 67]


def test_outside_blocks_expressions_see_what_came_into_the_stage():
    text = "stages: {a: {block: sequence, body: [{block: conv, filters: 8}, {block: conv, filters: $(in.channels)}]}}"
    assert channels_of(text) == [8, 3]


def test_blocks_may_call_blocks_defined_later():
    text = "blocks: {b: {body: [{block: c}]}, c: {body: [{block: conv, filters: 2}]}}\nstages: {a: {block: b}}"
    assert channels_of(text) == [2]


def test_conventions_reach_into_a_block():
    text = block(
        "body: [{block: conv, filters: 2}, {block: conv, filters: 2, activation: relu}]", "block: b, activation: swish"
    )
    kinds = [node.op.kind for node in graph_of(text).nodes if type(node.op).__name__ == "Activation"]
    assert kinds == ["swish", "relu"]


@pytest.mark.parametrize(
    ("signature", "call", "path", "message", "hint"),
    [
        ("bdy: [], body: []", "block: b", "blocks.b.bdy", "unknown key of a block", "did you mean 'body'?"),
        ("doc: nothing", "block: b", "blocks.b", "a block needs a body", None),
        ("params: [n], body: []", "block: b", "blocks.b.params", "expected a mapping name -> type, received ['n']", ""),
        (
            "params: {n: widht}, body: []",
            "block: b",
            "blocks.b.params.n",
            "unknown parameter type 'widht'",
            "did you mean 'width'?",
        ),
        ("params: {n: [width]}, body: []", "block: b", "blocks.b.params.n", "unknown parameter type ['width']", None),
        (
            "params: {n: {type: width, defualt: 3}}, body: []",
            "block: b, n: 1",
            "blocks.b.params.n.defualt",
            "unknown key of a parameter",
            "did you mean 'default'?",
        ),
        (
            "params: {n: {type: width, default: x}}, body: []",
            "block: b, n: 1",
            "blocks.b.params.n.default",
            "expected a number of channels, at least 1, received 'x'",
            "",
        ),
        (
            "params: {n: {type: width, min: x}}, body: []",
            "block: b, n: 1",
            "blocks.b.params.n.min",
            "expected a number, received 'x'",
            "",
        ),
        (
            "params: {n: {type: kernel, max: 3}}, body: []",
            "block: b, n: 1",
            "blocks.b.params.n.max",
            "a parameter of type kernel has no max",
            "for numbers only",
        ),
        (
            "params: {n: {type: width, choices: [a]}}, body: []",
            "block: b, n: 1",
            "blocks.b.params.n.choices.0",
            "expected a number of channels, at least 1, received 'a'",
            "",
        ),
        (
            "params: {index: width}, body: []",
            "block: b",
            "blocks.b.params.index",
            "a parameter cannot be called 'index'",
            "choose another name",
        ),
        (
            "params: {if: width}, body: []",
            "block: b",
            "blocks.b.params.if",
            "a parameter cannot be called 'if'",
            "choose another name",
        ),
        (
            "params: {block: width}, body: []",
            "block: b",
            "blocks.b.params.block",
            "a parameter cannot be called 'block'",
            "choose another name",
        ),
        ("inputs: x, body: []", "block: b", "blocks.b.inputs", "expected a list of names, received 'x'", ""),
        ("inputs: [x, x], body: [{block: add}]", "block: b", "blocks.b.inputs", "an input's name is given twice", ""),
        (
            "outputs: [x], body: []",
            "block: b",
            "blocks.b.outputs",
            "expected a mapping such as {out: add}, received ['x']",
            "",
        ),
        (
            "outputs: {}, body: []",
            "block: b",
            "blocks.b.outputs",
            "expected a mapping such as {out: add}, received a mapping",
            "",
        ),
        (
            "outputs: {o: y}, body: {x: {block: add}}",
            "block: b",
            "blocks.b.outputs.o",
            "there is no 'y' here",
            "known: input, x",
        ),
        (
            "outputs: {o: x}, body: [{block: add}]",
            "block: b",
            "blocks.b.body",
            "calls in a list have no names to be outputs by",
            "write the body as a mapping: {name: call, ...}",
        ),
        ("body: [{block: conv, filters: $m}]", "block: b", "blocks.b.body.0.filters", "'m' is not known in '$m'", None),
        (
            "params: {n: {type: width, min: 2, max: 4}}, body: []",
            "block: b, n: 5",
            "stages.a.n",
            "expected a number at least 2 and at most 4, received 5",
            "",
        ),
        (
            "params: {n: {type: width, choices: [2, 4]}}, body: []",
            "block: b, n: 5",
            "stages.a.n",
            "expected one of 2, 4, received 5",
            "",
        ),
        (
            "params: {n: width}, body: []",
            "block: b",
            "stages.a",
            "block 'b' needs 'n'",
            "n: a number of channels, at least 1",
        ),
        ("params: {n: width}, body: []", "block: b, m: 3, n: 1", "stages.a.m", "unknown parameter of block 'b'", None),
        (
            "params: {inner: body}, body: [{block: branches, branches: $inner}]",
            "block: b, inner: []",
            "blocks.b.body.0.branches",
            "expected a mapping name -> body, received '$inner'",
            None,
        ),
        ("body: [{block: b}]", "block: b", "blocks.b", "blocks call each other in a circle: b -> b", ""),
    ],
)
def test_mistakes(signature, call, path, message, hint):
    problem = problems_of(block(signature, call))[0]
    assert (problem.path, problem.message) == (path, message)
    if hint is not None:
        assert problem.hint == hint


def test_a_built_in_name_is_taken():
    problem = problem_of("blocks: {conv: {body: []}}\nstages: {a: {block: add}}")
    assert (str(problem.mark), problem.message) == ("net.yaml:1:10", "there is a built-in block 'conv'")


def test_blocks_in_a_circle_are_found_before_they_run():
    problem = problem_of(
        "blocks: {b: {body: [{block: c}]}, c: {body: [{block: residual, body: [{block: b}]}]}}\nstages: {a: {block: b}}"
    )
    assert problem.message == "blocks call each other in a circle: b -> c -> b"


def test_an_error_inside_a_block_names_the_body_and_the_call():
    text = "blocks:\n  b:\n    body: [{block: conv, filters: 5, groups: 2}]\nstages:\n  one: {block: b}\n"
    problem = problem_of(text)
    assert str(problem.mark) == "net.yaml:3:12"
    assert problem.notes == ["in block 'b', called by stages.one at net.yaml:5:3"]


def test_include_takes_blocks_from_files(tmp_path):
    write(
        tmp_path,
        lib="blocks: {b: {params: {n: width}, body: [{block: conv, filters: $n}]}}",
        net=f"include: [lib.yaml]\n{HEAD}blocks: {{c: {{body: [{{block: b, n: 2}}]}}}}\nstages: {{a: {{block: c}}}}",
    )
    assert [node.outputs[0] for node in plan(load(tmp_path / "net.yaml")).nodes] == [(32, 32, 2)]


@pytest.mark.parametrize(
    ("lib", "net", "message"),
    [
        ("blocks: {}", "include: [lbi.yaml]", "net.yaml:1:11: include: {}/lbi.yaml: no such file"),
        ("blocks: {}", "include: lib.yaml", "net.yaml:1:10: include: expected a list of files, received 'lib.yaml'"),
        ("stages: {}", "include: [lib.yaml]", "lib.yaml:1:1: stages: unknown key of an included file"),
        (
            "blocks: {b: {body: []}}",
            "include: [lib.yaml]\nblocks: {b: {body: []}}",
            "net.yaml:2:10: blocks.b: block 'b' is defined twice",
        ),
        (
            "blocks: {b: {body: []}}",
            "include: [lib.yaml, lib.yaml]",
            "lib.yaml:1:10: blocks.b: block 'b' is defined twice",
        ),
        ("blocks: 3", "include: [lib.yaml]", "lib.yaml:1:9: blocks: expected a mapping, received 3"),
    ],
)
def test_mistakes_of_include(tmp_path, lib, net, message):
    write(tmp_path, lib=lib, net=net + "\nstages: {a: {block: conv, filters: 2}}")
    with pytest.raises(SpecError) as raised:
        load(tmp_path / "net.yaml")
    assert message.format(tmp_path) in str(raised.value)


def test_the_default_of_a_body_may_call_a_block_that_is_defined_below():
    outer = "outer: {params: {body: {type: body, default: {block: inner}}}, body: {block: sequence, body: $body}}"
    inner = "inner: {body: {block: conv, filters: 5}}"
    assert channels_of(f"blocks: {{{outer}, {inner}}}\nstages: {{a: {{block: outer}}}}") == [5]
