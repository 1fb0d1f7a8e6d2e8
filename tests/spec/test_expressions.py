"""Expressions: arithmetic as Python's, a handful of functions, and nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.spec.expressions import ExpressionError, compile_expression

SCOPE = {"x": 6, "ratio": 0.25, "on": True, "in.channels": 48, "in.height": 7, "index": 1, "count": 3, "classes": 10}


def value_of(text: str):
    return compile_expression(text)({**SCOPE, "width()": lambda value: 2 * value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$x", 6), ("$(x)", 6), ("$(1 + 2 * 3)", 7), ("$((1 + 2) * 3)", 9), ("$(-2 ** 2)", -4), ("$(2 ** 3 ** 2)", 512),
        ("$(7 // 2)", 3), ("$(-7 // 2)", -4), ("$(-7 % 3)", 2), ("$(7 / 2)", 3.5), ("$(+x)", 6), ("$(10 - 4 - 3)", 3),
        ("$(min(3, 1, 2))", 1), ("$(max(x, 8))", 8), ("$(round(2.5))", 3), ("$(round(2.3 * 80))", 184),
        ("$(ceil(2.1))", 3), ("$(ceil(0.1 * 30))", 3), ("$(floor(2.9))", 2), ("$(floor(2.3 * 80))", 184),
        ("$(divisible(116 * 0.75))", 88), ("$(divisible(37, 8, 0.9))", 40), ("$(divisible(37, 8, 0))", 40),
        ("$(divisible(12, 16))", 16), ("$(divisible(11, 8))", 16), ("$(width(x))", 12),
        ("$(1 if x > 5 else 2)", 1), ("$(1 if x == 5 else 2)", 2), ("$(1 < x <= 6)", True), ("$(1 < x < 6)", False),
        ("$(not on)", False), ("$(true)", True), ("$(on and x > 7)", False), ("$(on or x > 7)", True),
        ("$(in.channels // 4)", 12), ("$( in.height * in.height )", 49), ("$(index + count + classes)", 14),
        ("$('a' == 'a')", True), ("$(ratio * in.channels)", 12.0),
    ],
)  # fmt: skip
def test_value(text, value):
    assert value_of(text) == value


NUMBERS = st.integers(0, 30) | st.sampled_from([0.25, 0.5, 1.5])
TREES = st.recursive(
    NUMBERS.map(str),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=12,
)


@given(TREES)
def test_arithmetic_is_pythons(text):
    try:
        expected = eval(text, {"__builtins__": {}})
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="divides by zero"):
            value_of(f"$({text})")
        return
    if abs(expected) > 1e15:
        return
    assert math.isclose(value_of(f"$({text})"), expected)


@given(st.text(max_size=30))
def test_any_text_has_a_value_or_is_refused(text):
    try:
        value_of(f"$({text})")
    except ExpressionError as error:
        assert error.message


def test_the_names_read_are_known_before_it_runs():
    expression = compile_expression("$(max(a, in.channels) if b else width(c))")
    assert expression.names == {"a", "b", "c", "in.channels", "width()"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$(x.real)", "only in.channels, in.height and in.width have a dot"),
        ("$(().__class__)", "only in.channels"),
        ("$(in.channels.real)", "only in.channels"),
        ("$(in.depth)", "'in.depth' is not known"),
        ("$(__import__('os'))", "unknown function '__import__'"),
        ("$(eval('1'))", "unknown function 'eval'"),
        ("$(abs(1))", "unknown function 'abs'"),
        ("$(max.real)", "only in.channels"),
        ("$((lambda: 1)())", "a call of that kind is not allowed"),
        ("$(divisible(x, to=8))", "a call of that kind is not allowed"),
        ("$(max(*[1, 2]))", "starred is not allowed"),
        ("$(lambda: 1)", "lambda is not allowed"),
        ("$([1])", "list is not allowed"),
        ("$([i for i in (1, 2)])", "listcomp is not allowed"),
        ("$(x[0])", "subscript is not allowed"),
        ("$((1, 2))", "tuple is not allowed"),
        ("$({'a': 1})", "dict is not allowed"),
        ("$(f'{x}')", "joinedstr is not allowed"),
        ("$(x := 3)", "cannot read"),
        ("$(1; 2)", "cannot read"),
        ("$()", "cannot read"),
        ("$(x if on)", "cannot read"),
        ("$(x && on)", "cannot read"),
        ("$(1if x else 2)", "cannot read"),
        ("$(1j)", "1j is not allowed"),
        ("$(None)", "None is not allowed"),
        ("$(b'a')", "b'a' is not allowed"),
        ("$(x in x)", "in is not allowed"),
        ("$(x is x)", "is is not allowed"),
        ("$(~x)", "invert is not allowed"),
        ("$(x << 2)", "lshift is not allowed"),
        ("$(x @ x)", "matmult is not allowed"),
        ("$(1e400)", "a number beyond 1e+18"),
        ("$(" + "9" * 40 + ")", "a number beyond 1e+18"),
        ("$(round(1, 2))", "round cannot take 2 values"),
        ("$(min())", "min cannot take 0 values"),
        ("$", "is not an expression"),
        ("$1", "is not an expression"),
        ("$x + 1", "is not an expression"),
        ("$(x", "is not an expression"),
        ("$(" + "x + " * 300 + "x)", "an expression of 1204 characters, the limit is 1000"),
    ],
)
def test_nothing_else_is_read(text, message):
    with pytest.raises(ExpressionError) as raised:
        compile_expression(text)
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$(1 / (x - 6))", "divides by zero"),
        ("$(1 % 0)", "divides by zero"),
        ("$(2 ** 65)", "an exponent beyond 64"),
        ("$(2 ** 2 ** 9)", "an exponent beyond 64"),
        ("$(10 ** 19)", "a number beyond 1e+18"),
        ("$(10 ** 18 * 10)", "a number beyond 1e+18"),
        ("$((-2) ** 0.5)", "the root of a negative number"),
        ("$('a' * 9)", "arithmetic needs numbers"),
        ("$(on + 1)", "arithmetic needs numbers"),
        ("$(max('a', 1))", "arithmetic needs numbers"),
        ("$(ceil('a'))", "arithmetic needs numbers"),
        ("$(1 < 'a')", "has no value"),
        ("$(divisible(x, 0))", "whole number to >= 1"),
        ("$(divisible(x, 8, 2))", "0 <= keep <= 1"),
        ("$(y + 1)", "'y' has no value here"),
        ("$(in.width)", "'in.width' has no value here"),
    ],
)
def test_what_has_no_value_says_why(text, message):
    with pytest.raises(ExpressionError) as raised:
        value_of(text)
    assert message in raised.value.message
