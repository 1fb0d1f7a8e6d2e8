"""Specs follow the data; heads that cannot learn from their labels are refused."""

from __future__ import annotations

import pytest
from runs import SPEC

import factory
from factory.errors import FactoryError
from factory.train.adapt import adapt, check_head


def headed(activation: str) -> factory.Spec:
    stages = {"stem": SPEC["stages"]["stem"], "head": {"block": "classifier", "activation": activation}}
    return factory.load({**SPEC, "stages": stages})


@pytest.mark.parametrize(
    "task, fitting",
    [
        ("classes", {"softmax", "sigmoid"}),
        ("labels", {"sigmoid"}),
        ("values", {"linear", "sigmoid", "relu"}),
        ("pixels", {"softmax", "sigmoid"}),
    ],
)
def test_heads_fit_their_task(task, fitting):
    for activation in ("softmax", "sigmoid", "linear", "relu"):
        if activation in fitting:
            check_head(headed(activation), task)
        else:
            with pytest.raises(FactoryError, match=rf"tiny ends with {activation}.*stages\.head\.activation="):
                check_head(headed(activation), task)


def test_a_free_resolution_becomes_the_images_own():
    spec, lines = adapt(factory.load(SPEC, **{"input.resolution": "any"}), "some", 10, 1, (6, 8))
    assert spec.input.resolution == (6, 8)
    assert lines == ["input.resolution: any -> 6x8, as in some"]
    with pytest.raises(FactoryError, match=r"--set input\.resolution=224"):
        adapt(factory.load(SPEC, **{"input.resolution": "any"}), "some", 10, 1, None)


def test_what_fits_already_is_left_alone():
    spec = factory.load(SPEC)
    assert adapt(spec, "digits", 10, 1, (8, 8)) == (spec, [])
