"""Spaces as KerasTuner's hyperparameters: every point comes back, conditions hold on both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_tuner import HyperParameters

from tuner.oracles.hyperparameters import from_hyperparameters, point_of, to_hyperparameters, values_of
from tuner.space import Choice, Condition, Float, Int, Space

MANY = Space(
    [
        Choice("labels", ("a", "b")),
        Choice("mixed", (1, 1.0, True, "1", None, "skip")),
        Choice("flag", (True, False)),
        Choice("kernel", (3, 5, 7), ordered=True),
        Int("depth", 1, 4),
        Int("units", 16, 64, 16),
        Int("width", 8, 512, log=True),
        Float("scale", 0.5, 1.5, 0.1),
        Float("rate", 1e-4, 1e-1, log=True),
        Float("fine", 0.0, 1.0, 0.001),
        Choice("of_mixed", ("x", "y"), when=(Condition("mixed", "in", (1.0, None)),)),
        Float("of_step", 0.0, 1.0, when=(Condition("scale", "lt", 1.0), Condition("flag", "eq", True))),
        Choice("batch", (32, 64), when=(Condition("rate", "lt", 1e-2),)),
        Int("of_batch", 1, 3, when=(Condition("batch", "eq", 32),)),
    ]
)
seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_every_point_comes_back_from_the_values_of_keras_tuner(seed):
    point = MANY.sample(np.random.default_rng(seed))
    assert point_of(MANY, values_of(MANY, point)) == point
    assert [type(v) for v in point_of(MANY, values_of(MANY, point)).values()] == [type(v) for v in point.values()]


@given(seeds)
def test_the_values_are_those_that_keras_tuner_takes_for_active(seed):
    hp = to_hyperparameters(MANY)
    hp.values = values_of(MANY, MANY.sample(np.random.default_rng(seed)))
    assert set(hp.values) == {parameter.name for parameter in hp.space if hp.is_active(parameter)}
    for parameter in hp.space:
        if hp.is_active(parameter):
            assert 0 <= parameter.value_to_prob(hp.values[parameter.name]) <= 1


@settings(max_examples=50)
@given(st.lists(st.floats(0, 0.999), min_size=14, max_size=14))
def test_whatever_keras_tuner_draws_is_a_point(places):
    hp = to_hyperparameters(MANY)
    hp.values = {}
    for parameter, place in zip(hp.space, places, strict=True):
        if hp.is_active(parameter):
            hp.values[parameter.name] = parameter.prob_to_value(place)
    assert MANY.contains(point_of(MANY, hp.values))


def test_numbers_in_steps_keep_their_last_value():
    (parameter,) = to_hyperparameters(Space([Float("scale", 0.5, 1.5, 0.1)])).space
    assert list(parameter.values) == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    assert parameter.ordered


def test_labels_of_several_types_become_different_texts():
    (parameter,) = to_hyperparameters(Space([Choice("x", (1, 1.0, True, "1", None))])).space
    assert parameter.values == ["1", "1.0", "true", '"1"', "null"]


def test_the_first_value_is_the_default():
    hp = to_hyperparameters(Space([Choice("a", (True, False)), Int("b", 2, 5), Choice("c", ("x", "y"))]))
    assert hp.values == {"a": True, "b": 2, "c": "x"}


def test_a_condition_on_a_continuum_is_not_said_and_its_parameter_left_out_of_points():
    space = Space([Float("width", 0.5, 2.0), Choice("batch", (32, 64), when=(Condition("width", "lt", 1.0),))])
    assert [parameter.conditions for parameter in to_hyperparameters(space).space] == [[], []]
    assert point_of(space, {"width": 0.7, "batch": 64}) == {"width": 0.7, "batch": 64}
    assert point_of(space, {"width": 1.7, "batch": 64}) == {"width": 1.7}
    assert values_of(space, {"width": 1.7}) == {"width": 1.7, "batch": 32}


def test_what_can_never_take_part_is_not_declared():
    space = Space([Int("a", 1, 3), Int("b", 1, 3, when=(Condition("a", "gt", 3),))])
    assert [parameter.name for parameter in to_hyperparameters(space).space] == ["a"]
    assert values_of(space, {"a": 2}) == {"a": 2}


def test_foreign_and_missing_values_are_refused():
    space = Space([Choice("a", (1, 2)), Float("b", 0.0, 1.0)])
    with pytest.raises(ValueError, match=r"3 is no value of a: \[1, 2\]"):
        point_of(space, {"a": 3, "b": 0.5})
    with pytest.raises(ValueError, match=r"2\.0 is no value of b: 0\.0 to 1\.0"):
        point_of(space, {"a": 1, "b": 2.0})
    with pytest.raises(KeyError):
        point_of(space, {"a": 1})


def test_a_discovered_space_keeps_values_and_scopes():
    hp = HyperParameters()
    hp.Choice("kind", ["dense", "conv"])
    with hp.conditional_scope("kind", ["dense"]):
        hp.Int("units", 16, 64, step=16)
    with hp.conditional_scope("kind", ["conv"]):
        hp.Boolean("bias")
        hp.Float("rate", 1e-3, 1e-1, sampling="log")
        hp.Int("power", 1, 8, step=2, sampling="log")
        with hp.conditional_scope("bias", [True]):
            hp.Fixed("note", "x")
    space = from_hyperparameters(hp)
    conv = (Condition("kind", "in", ("conv",)),)
    assert list(space) == [
        Choice("kind", ("dense", "conv")),
        Int("units", 16, 64, 16, when=(Condition("kind", "in", ("dense",)),)),
        Choice("bias", (False, True), when=conv),
        Float("rate", 1e-3, 1e-1, log=True, when=conv),
        Choice("power", (1, 2, 4, 8), ordered=True, when=conv),
        Choice("note", ("x",), when=(*conv, Condition("bias", "in", (True,)))),
    ]


def test_one_name_in_two_scopes_is_two_dimensions_and_one_value():
    hp = HyperParameters()
    hp.Choice("kind", ["small", "large"])
    with hp.conditional_scope("kind", ["small"]):
        hp.Int("units", 1, 4)
    with hp.conditional_scope("kind", ["large"]):
        hp.Int("units", 32, 64)
        with hp.conditional_scope("units", [64]):
            hp.Boolean("drop")
    space = from_hyperparameters(hp)
    assert [d.name for d in space] == ["kind", "units", "units #2", "drop"]
    point = {"kind": "large", "units #2": 64, "drop": True}
    assert space.contains(point)
    assert values_of(space, point) == {"kind": "large", "units": 64, "drop": True}
    assert point_of(space, {"kind": "large", "units": 64, "drop": True}) == point
    assert point_of(space, {"kind": "small", "units": 3}) == {"kind": "small", "units": 3}


@given(seeds)
def test_a_space_declared_and_discovered_again_has_the_same_values(seed):
    space = Space([d for d in MANY if d.name not in ("batch", "of_batch")])
    again = from_hyperparameters(to_hyperparameters(space))
    values = values_of(space, space.sample(np.random.default_rng(seed)))
    assert values_of(again, point_of(again, values)) == values
