"""Formulas: names and amounts, worked out safely, and what is no formula."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory import FactoryError
from tuner.candidates.constraints import parse_constraint
from tuner.candidates.formulas import FormulaError, parse_formula

NAMES = ("macs", "params", "val_accuracy", "val_top5_accuracy")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("400M", 400_000_000),
        ("1.5K", 1500),
        ("1.5k", 1500),
        (".5G", 500_000_000),
        ("2T", 2 * 10**12),
        ("64Mi", 64 * 1024**2),
        ("1.5KiB", 1536),
        ("64MB", 64_000_000),
        ("300e6", 300e6),
        ("macs / 2M", 5.0),
        ("macs*2", 20_000_000),
        ("val_top5_accuracy * 2", 1.8),
        ("min(macs, params)", 7),
        ("0.5 if macs <= 9M else 1", 1),
        ("val_accuracy * (macs / 5M) ** -0.07", 0.8 * 2**-0.07),
        ("\n val_accuracy", 0.8),
    ],
)
def test_values(text, value):
    values = {"macs": 10_000_000, "params": 7, "val_accuracy": 0.8, "val_top5_accuracy": 0.9}
    assert parse_formula(text, NAMES)(values) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "message", "hint", "part"),
    [
        ("mac <= 3", "'mac' is not known", "did you mean 'macs'?", "mac"),
        ("params + mac", "'mac' is not known", "did you mean 'macs'?", "mac"),
        ("macs <=", "cannot read the expression 'macs <='", "arithmetic", "macs <="),
        ("macs = 3", "cannot read the expression 'macs = 3'", "write <=, >= or ==", "macs = 3"),
        ("macs <= 400m", "cannot read the expression", "numbers may end in k, M, G or T", "macs <= 400m"),
        ("val.accuracy", "'val.accuracy' is not known: names have no dots", "", "val.accuracy"),
        ("in.channels", "'in.channels' is not known: names have no dots", "", "in.channels"),
        ("macs.real", "'macs.real' is not known", "", "macs.real"),
        ("mx(macs, 2)", "unknown function 'mx' in 'mx(macs, 2)'", "did you mean 'max'?", "mx(macs, 2)"),
        ("__import__('os')", "unknown function '__import__'", "", "__import__('os')"),
        ("width(macs)", "'width()' is not known", "", "width()"),
        ("[macs]", "list is not allowed in '[macs]'", "arithmetic", "[macs]"),
        ("lambda: macs", "lambda is not allowed", "", "lambda: macs"),
        ("macs; params", "cannot read the expression", "", "macs; params"),
        ("", "cannot read the expression", "", ""),
    ],
)
def test_what_is_no_formula(text, message, hint, part):
    with pytest.raises(FormulaError) as caught:
        parse_formula(text, NAMES)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.part == part


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / (macs - 3)", "divides by zero"),
        ("macs ** 100", "an exponent beyond 64"),
        ("(0 - macs) ** 0.5", "the root of a negative number"),
        ("macs + params", "'params' is not known, which macs + params needs"),
    ],
)
def test_no_value_is_told_in_words(text, message):
    with pytest.raises(FactoryError, match=re.escape(message)):
        parse_formula(text, NAMES)({"macs": 3, "params": None})


@given(st.text("macsprm <>=+-*/()0123456789.KMGTi'\"", max_size=20))
def test_any_text_is_a_formula_or_refused_in_words(text):
    try:
        formula = parse_formula(text, NAMES)
        formula(dict.fromkeys(NAMES, 2))
    except FactoryError as error:
        assert str(error)


def test_constraints_are_conditions_on_costs():
    constraint = parse_constraint("macs <= 400M and params < 5M")
    assert (constraint.text, constraint.additive) == ("macs <= 400M and params < 5M", True)
    assert constraint.holds({"macs": 400_000_000, "params": 4_999_999})
    assert not constraint.holds({"macs": 400_000_001, "params": 3})
    assert not parse_constraint("depth <= 20").additive
    assert not parse_constraint("1 / (macs - 1) > 0").holds({"macs": 0})  # has no value where all costs are 1
    for text in ("macs", "macs + 1", "3 < 4", "accuracy > 0.5"):
        with pytest.raises(FormulaError):
            parse_constraint(text)
