"""Ensembles: NumPy's means, every member's own results, classes that agree."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import pytest
from evaluated import CLASSES, batches, evaluator, expected, samples, spec

from factory.errors import FactoryError
from factory.models.build import build
from factory.models.compare import perturb
from factory.train.ensemble import Ensemble, check_classes, mean_outputs
from factory.train.evaluate import Evaluator
from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.recipe.sections import Evaluation, Loss


@pytest.fixture(scope="module")
def models() -> list[keras.Model]:
    made = [build(spec(), seed=seed) for seed in range(3)]
    for seed, model in enumerate(made):
        perturb(model, seed=seed)
    return made


def test_an_ensemble_has_the_measures_of_the_mean_probabilities(models: list[keras.Model]):
    images, targets = samples()
    tested = Ensemble([evaluator(model) for model in models])
    outputs = [step.outputs[step.weights > 0] for step in tested.steps([batches(images, targets)] * 3)]
    chances = np.mean([np.asarray(model(images), "float64") for model in models], axis=0)
    np.testing.assert_allclose(np.concatenate(outputs), chances, rtol=1e-5)
    assert tested.results() == pytest.approx(expected(chances, targets), rel=1e-5)


def test_every_member_has_its_own_results(models: list[keras.Model]):
    images, targets = samples()
    tested = Ensemble([evaluator(model) for model in models])
    list(tested.steps([batches(images, targets)] * 3))
    for member, model in zip(tested.members, models, strict=True):
        assert member.results() == pytest.approx(expected(model(images), targets), rel=1e-5)


def test_an_ensemble_can_be_evaluated_again(models: list[keras.Model]):
    images, targets = samples()
    tested = Ensemble([evaluator(model) for model in models])
    results = []
    for _ in range(2):
        list(tested.steps([batches(images, targets)] * 3))
        results.append(tested.results())
    assert results[0] == results[1]


def test_members_may_have_views_of_their_own(models: list[keras.Model]):
    small, targets = samples()
    large = np.pad(small, ((0, 0), (2, 2), (2, 2), (0, 0)))
    members = [evaluator(models[0], Evaluation(flip=True)), evaluator(models[1], Evaluation(scale=1.5))]
    tested = Ensemble(members)
    steps = list(tested.steps([batches(small, targets), batches(large, targets)]))
    flipped = (np.asarray(models[0](small)) + np.asarray(models[0](small[:, :, ::-1]))) / 2
    chances = (flipped + np.asarray(models[1](small))) / 2
    np.testing.assert_allclose(np.concatenate([step.outputs for step in steps])[:10], chances, rtol=1e-5)


def test_networks_with_other_outputs_are_no_ensemble(models: list[keras.Model]):
    images, targets = samples()
    five = build(spec(head={"block": "dense", "units": 5, "activation": "softmax"}))
    other = Evaluator(
        five, make_loss(Loss(), "classes", [*CLASSES, "e"]), make_measures("classes", CLASSES), Evaluation(), (8, 8)
    )
    with pytest.raises(FactoryError, match="an ensemble have outputs of one size, these have 4 and 5"):
        list(Ensemble([evaluator(models[0]), other]).steps([batches(images, targets)] * 2))


def test_the_mean_of_outputs_is_numpys():
    outputs = [np.random.default_rng(seed).uniform(size=(7, 3)).astype("float32") for seed in range(4)]
    np.testing.assert_allclose(mean_outputs(outputs), np.mean(outputs, axis=0), rtol=1e-6)
    assert mean_outputs(outputs).dtype == np.float32


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (["cat", "dog"], "runs/b has 2 classes, runs/a has 3: expected the same"),
        (
            ["cat", "fisch", "dog"],
            "runs/b has other classes than runs/a: number 1 is 'fisch', not 'dog'; the nearest name there is 'fish'",
        ),
        (
            ["dog", "cat", "fish"],
            "runs/b has other classes than runs/a: number 0 is 'dog', not 'cat'; they are the same in another order",
        ),
        (["cat", "dog", "xyz"], "runs/b has other classes than runs/a: number 2 is 'xyz', not 'fish'"),
    ],
)
def test_classes_that_do_not_agree_are_named(other: Sequence[str], message: str):
    with pytest.raises(FactoryError) as caught:
        check_classes(["runs/a", "runs/b"], [("cat", "dog", "fish"), other])
    assert str(caught.value) == message


def test_classes_that_agree_are_accepted():
    check_classes(["a", "b", "c"], [("cat", "dog"), ["cat", "dog"], ("cat", "dog")])
