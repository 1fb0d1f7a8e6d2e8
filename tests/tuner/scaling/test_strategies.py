"""Strategies of scaling: their factors by hand and as published, their choice by text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import FactoryError
from tuner.scaling import STRATEGIES, Factors
from tuner.scaling.choosing import choose_strategy

DOUBLING = ["fast", "d", "w", "r", "dw", "dr", "wr", "dwr"]


def test_compound_is_that_of_the_paper():
    assert STRATEGIES["compound"].at(1) == (1.2, 1.1, 1.15)
    assert STRATEGIES["compound"].at(2) == pytest.approx((1.44, 1.21, 1.3225))
    assert STRATEGIES["compound"].law == "1.92^phi"  # 1.2 * 1.1^2 * 1.15^2 = 1.2 * 1.21 * 1.3225 = 1.920


def test_fast_scaling_is_mostly_in_width():
    """Dollar et al. 2021, alpha = 0.8: shares 0.1, 0.8 and 0.1 of the growth, here of 4 times the cost."""
    depth, width, resolution = STRATEGIES["fast"].at(2)
    assert (depth, width**2, resolution**2) == pytest.approx((4**0.1, 4**0.8, 4**0.1))


@pytest.mark.parametrize("name", DOUBLING)
@given(phi=st.floats(-4, 8))
def test_each_phi_doubles_the_cost(name, phi):
    assert math.isclose(STRATEGIES[name].at(phi).growth, 2**phi)


@pytest.mark.parametrize("name", DOUBLING[1:])
def test_what_a_name_does_not_say_stays(name):
    factors = STRATEGIES[name].at(3)._asdict()
    assert {part[0] for part, factor in factors.items() if factor != 1} == set(name)
    shares = {round(math.log2(factors[part]) * (1 if part == "depth" else 2), 9) for part in factors if part[0] in name}
    assert shares == {round(3 / len(name), 9)}  # each makes the same share


@pytest.mark.parametrize("phi", [-1, 0.5, 8])
def test_the_table_has_its_rows_alone(phi):
    with pytest.raises(FactoryError, match=r"strategy 'table': expected a phi of 0, 1, ... 7, received"):
        STRATEGIES["table"].at(phi)


def test_a_strategy_is_chosen_by_name_or_by_its_factors():
    assert choose_strategy("dwr") is STRATEGIES["dwr"]
    assert choose_strategy("3, 2,1").at(2) == (9, 4, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("compond", "did you mean 'compound'"),
        ("1.2,1.1", "expected three numbers above 0"),
        ("1.2,1.1,1,1", "expected three numbers above 0"),
        ("1.2,0,1", "expected three numbers above 0"),
        ("1.2,inf,1", "expected three numbers above 0"),
        ("1.2,x,1", "expected three numbers above 0"),
    ],
)
def test_what_is_no_strategy_is_told(text, message):
    with pytest.raises(FactoryError, match=message):
        choose_strategy(text)


def test_factors_are_multiplied_to_five_digits():
    assert Factors(1.1, 2, 1).times(Factors(1.2, 1 / 3, 123456)) == (1.32, 0.66667, 123460)
