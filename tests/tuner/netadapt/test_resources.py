"""Targets, and the steps towards them."""

import pytest

import factory
from factory.errors import FactoryError
from tuner.netadapt.resources import Settings, Steps, cost_of, parse_amount


def test_each_reduction_is_so_many_times_the_one_before_and_the_last_stops_at_the_target() -> None:
    steps = Steps(target=50, first=0.2, decay=0.5)
    assert [steps.limit(number, 100, 100) for number in (1, 2, 3)] == [80, 90, 95]
    assert steps.limit(1, 100, 60) == 50
    assert steps.limit(2, 100, 78) == 68  # from what the network costs, which may be less than was asked for


@pytest.mark.parametrize(
    "text, amount", [("50%", 500.0), ("12.5%", 125.0), ("150M", 150e6), ("1.2G", 1.2e9), ("8.5", 8.5), ("3k", 3e3)]
)
def test_amounts(text: str, amount: float) -> None:
    assert parse_amount(text, 1000) == pytest.approx(amount)


@pytest.mark.parametrize("text", ["", "half", "-3M", "0%", "nan", "M", "1e999"])
def test_what_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(FactoryError, match=r"expected an amount such as 50%, 150M or 8.5, received '"):
        parse_amount(text, 1000)


def test_a_target_that_the_steps_never_come_to_is_told() -> None:
    graph = factory.plan(factory.load("mobilenet_v2"))
    with pytest.raises(FactoryError) as told:
        Settings(target="20%", first=0.02, decay=0.96).steps(graph)
    assert str(told.value) == (
        "steps of 2.0%, each 0.96 times the one before, add up to 50.0% of 300,774,272: they never come to "
        "60,154,854; take greater steps, or a decay nearer to 1"
    )
    assert Settings(target="51%", first=0.02, decay=0.96).steps(graph).target == pytest.approx(0.51 * 300774272)


def test_a_target_above_what_the_network_costs_is_told() -> None:
    graph = factory.plan(factory.load("mobilenet_v2"))
    with pytest.raises(FactoryError, match=r"costs 300,774,272 now: expected a target between 0 and that"):
        Settings(target="400M").steps(graph)


def test_macs_that_are_known_at_run_time_only_are_told() -> None:
    graph = factory.plan(factory.load("mobilenet_v2", **{"input.resolution": "any"}))
    with pytest.raises(FactoryError, match="the MACs of mobilenet_v2 are known at run time only"):
        Settings().steps(graph)


def test_an_unknown_resource_is_told_with_the_nearest() -> None:
    with pytest.raises(FactoryError, match=r"unknown resource 'mac'; did you mean 'macs'\?"):
        cost_of("mac")


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"first": 1.5}, "first: expected a share above 0, at most 1, received 1.5"),
        ({"decay": 0.0}, "decay: expected a factor above 0, at most 1, received 0.0"),
        ({"multiple": 0}, "multiple: expected a whole number, at least 1, received 0"),
        ({"short_steps": -1}, "short_steps: expected a whole number, at least 0, received -1"),
        ({"short_rate": 0.0}, "short_rate: expected a number above 0, received 0.0"),
    ],
)
def test_settings_that_cannot_be_are_told(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(FactoryError) as told:
        Settings(**wrong)
    assert str(told.value) == message
