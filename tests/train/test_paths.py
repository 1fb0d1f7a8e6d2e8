"""Freeze-path: the columns of fractals take part and are trained one after the other."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import factory
from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.objective import Objective
from factory.train.paths import train_column
from factory.train.recipe.sections import Loss
from factory.train.step import Step, Terms

SPEC = {
    "input": {"resolution": 6, "channels": 2},
    "classes": 3,
    "drop_path": {"local": 0.5, "global": 0.5},
    "conventions": {"norm": "batch"},
    "stages": {
        "f": {"block": "fractal", "columns": 3, "body": [{"block": "conv", "filters": 2, "kernel": 3}]},
        "head": {"block": "classifier"},
    },
}
IMAGES = np.random.default_rng(0).uniform(0, 1, (4, 6, 6, 2)).astype("float32")


def column_of(name: str) -> int | None:
    """1: the shortest, which the spec's names count from the other end."""
    for height in (1, 2, 3):
        if f"column{height}" in name:
            return 4 - height
    return None


@pytest.mark.parametrize("column", [1, 2, 3])
def test_one_step_changes_the_column_and_the_head_alone(column):
    model = factory.build(SPEC, seed=0)
    train_column(model, column)
    before = {weight.path: np.array(weight) for weight in model.weights}
    objective = Objective(make_loss(Loss(), "classes", ("a", "b", "c")))
    measures = make_measures("classes", ("a", "b", "c"))
    step = Step(model, keras.optimizers.SGD(0.5), objective, measures, Terms(), batch_size=4)
    step(IMAGES, np.array([0, 1, 2, 0], "int32"), np.ones(4, "float32"))
    changed = {weight.path for weight in model.weights if not np.array_equal(weight, before[weight.path])}
    assert {column_of(path) for path in changed} == {column, None}
    kernels = {weight.path for weight in model.weights if "kernel" in weight.path and column_of(weight.path) == column}
    assert kernels <= changed


def test_the_first_column_alone_is_its_one_convolution():
    model = factory.build(SPEC, seed=0)
    train_column(model, 1)
    end = next(layer for layer in model.layers if layer.name == "f.join_2")
    layers = [layer for layer in model.layers if layer.name.startswith("f.column3")]
    shortest = keras.Model(model.input, layers[-1].output)(IMAGES)
    joined = keras.Model(model.input, end.output)(IMAGES)
    np.testing.assert_allclose(joined, shortest, rtol=1e-6)


def test_all_columns_together_are_the_network_as_it_was():
    model, whole = factory.build(SPEC, seed=0), factory.build(SPEC, seed=0)
    train_column(model, 3)
    np.testing.assert_allclose(model(IMAGES), whole(IMAGES), rtol=1e-6)


def test_waiting_columns_have_no_part_in_the_output():
    model = factory.build(SPEC, seed=0)
    train_column(model, 2)
    before = np.array(model(IMAGES))
    for weight in model.weights:
        if column_of(weight.path) == 3 and "kernel" in weight.path:
            weight.assign(weight + 1.0)
    np.testing.assert_array_equal(model(IMAGES), before)
