"""Measures equal scikit-learn's, whatever the batches are; padding counts in none of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.train.measures import Measures, make_measures

NAMES = tuple("abc")
MANY = tuple(map(str, range(12)))


def measured(measures: Measures, targets, outputs, weights=None, losses=None, batch: int = 7) -> dict[str, float]:
    """The results of batches that are added up, in a graph."""
    n = len(targets)
    weights = np.ones(n) if weights is None else weights
    losses = np.zeros(n) if losses is None else losses
    sums = tf.function(measures.sums, reduce_retracing=True)
    total = measures.zeros()
    for begin in range(0, n, batch):
        part = slice(begin, begin + batch)
        added = sums(
            tf.constant(targets[part]),
            tf.constant(outputs[part], "float32"),
            tf.constant(weights[part], "float32"),
            tf.constant(losses[part], "float32"),
        )
        assert {name: value.shape for name, value in added.items()} == {n: v.shape for n, v in total.items()}
        total = {name: total[name] + added[name].numpy() for name in total}
    return measures.results(total)


def probabilities(rng: np.random.Generator, *shape: int) -> np.ndarray:
    values = rng.random(shape).astype("float32")
    return values / values.sum(-1, keepdims=True)


@given(seed=st.integers(0, 10**6), batch=st.integers(1, 40))
@settings(max_examples=10)
def test_classes_have_the_accuracy_and_top_5_accuracy_of_scikit_learn(seed, batch):
    rng = np.random.default_rng(seed)
    targets, outputs = rng.integers(0, 12, 30).astype("int32"), probabilities(rng, 30, 12)
    found = measured(make_measures("classes", MANY), targets, outputs, batch=batch)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(targets, outputs.argmax(1)))
    assert found["top5_accuracy"] == pytest.approx(sk.top_k_accuracy_score(targets, outputs, k=5, labels=range(12)))


def test_few_classes_have_no_top_5():
    outputs = np.eye(3)[[0, 1, 1]]
    assert measured(make_measures("classes", NAMES), np.array([0, 1, 2], "int32"), outputs) == {
        "loss": 0.0,
        "accuracy": pytest.approx(2 / 3),
    }


def test_the_class_of_a_mixed_sample_is_the_one_with_the_largest_share():
    targets = np.array([[0.6, 0.4, 0], [0.3, 0.7, 0]], "float32")
    assert measured(make_measures("classes", NAMES), targets, np.eye(3)[[0, 0]])["accuracy"] == 0.5


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_labels_have_the_micro_f1_and_the_exact_matches_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    targets, outputs = rng.integers(0, 2, (20, 3)).astype("float32"), rng.random((20, 3))
    found = measured(make_measures("labels", NAMES), targets, outputs)
    said = outputs.astype("float32") > 0.5
    assert found["f1"] == pytest.approx(sk.f1_score(targets, said, average="micro"))
    assert found["exact_match"] == pytest.approx(sk.accuracy_score(targets, said))


def test_without_any_label_f1_is_zero_as_in_scikit_learn():
    targets = np.zeros((4, 3), "float32")
    assert measured(make_measures("labels", NAMES), targets, targets)["f1"] == 0.0
    assert sk.f1_score(targets, targets, average="micro", zero_division=0.0) == 0.0


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_values_have_the_errors_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    targets, outputs = rng.normal(50, 9, (2, 20, 3)).astype("float32")
    found = measured(make_measures("values", NAMES), targets, outputs)
    assert found["mean_absolute_error"] == pytest.approx(sk.mean_absolute_error(targets, outputs), rel=1e-5)
    mean_of_squares = sk.mean_squared_error(targets, outputs)
    assert found["root_mean_squared_error"] == pytest.approx(math.sqrt(mean_of_squares), rel=1e-5)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_pixels_have_the_mean_iou_and_accuracy_of_scikit_learn_without_the_ignored_ones(seed):
    rng = np.random.default_rng(seed)
    targets, outputs = rng.integers(0, 3, (9, 4, 5)).astype("int32"), probabilities(rng, 9, 4, 5, 3)
    targets[rng.random(targets.shape) < 0.3] = 255
    found = measured(make_measures("pixels", NAMES), targets, outputs)
    known = targets != 255
    truth, said = targets[known], outputs.argmax(-1)[known]
    assert found["mean_iou"] == pytest.approx(sk.jaccard_score(truth, said, average="macro"))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(truth, said))


def test_a_class_that_is_nowhere_does_not_count_in_mean_iou():
    targets = np.array([[[0, 0], [1, 255]]], "int32")
    outputs = np.eye(3)[[[[0, 1], [1, 2]]]]
    # class 0: 1 of 2 pixels; class 1: 1 right, 1 wrongly so called; class 2 is said of an ignored pixel only
    assert measured(make_measures("pixels", NAMES), targets, outputs)["mean_iou"] == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_pixels_of_a_smaller_output_are_measured_in_the_size_of_the_targets():
    outputs = np.eye(2)[[[[0, 1], [0, 1]]]]
    targets = np.repeat(np.repeat(np.array([[[0, 1], [0, 1]]], "int32"), 3, axis=1), 3, axis=2)
    assert measured(make_measures("pixels", ("a", "b")), targets, outputs)["accuracy"] == 1.0


CASES = {
    "classes": (np.array([0, 1, 2, 2], "int32"), np.eye(3)[[0, 1, 0, 2]]),
    "labels": (np.eye(3, dtype="float32")[[0, 1, 2, 2]], np.eye(3)[[0, 1, 0, 2]]),
    "values": (np.eye(3, dtype="float32")[[0, 1, 2, 2]], np.eye(3)[[0, 1, 0, 2]]),
    "pixels": (np.array([[[0]], [[1]], [[2]], [[2]]], "int32"), np.eye(3)[[0, 1, 0, 1]].reshape(4, 1, 1, 3)),
}


@pytest.mark.parametrize("task", CASES)
def test_samples_of_weight_0_do_not_count_and_other_weights_are_for_the_loss_alone(task):
    targets, outputs = CASES[task]
    measures, losses = make_measures(task, NAMES), np.array([1.0, 2.0, 4.0, 8.0])
    found = measured(measures, targets, outputs, np.array([0.5, 0, 3, 0]), losses)
    kept = [0, 2]
    expected = measured(measures, targets[kept], outputs[kept])
    assert found == expected | {"loss": pytest.approx((0.5 * 1 + 3 * 4) / 3.5)}
    assert found != measured(measures, targets, outputs) | {"loss": found["loss"]}


@pytest.mark.parametrize("task", CASES)
def test_no_samples_give_no_number_and_no_error(task):
    results = make_measures(task, NAMES).results(make_measures(task, NAMES).zeros())
    assert math.isnan(results["loss"])
    assert math.isnan(results["accuracy" if task in ("classes", "pixels") else list(results)[-1]])


@pytest.mark.parametrize("task", CASES)
def test_the_headline_is_one_of_the_results_and_best_when_everything_is_right(task):
    measures, (targets, outputs) = make_measures(task, NAMES), CASES[task]
    name, direction = measures.headline
    right = targets if task in ("labels", "values") else np.eye(3)[targets]
    best, worse = measured(measures, targets, right)[name], measured(measures, targets, outputs)[name]
    assert best > worse if direction == "max" else best < worse


def test_the_sums_are_the_same_when_xla_compiles_them():
    for task, (targets, outputs) in CASES.items():
        measures = make_measures(task, NAMES)
        values = [tf.constant(targets), tf.constant(outputs, "float32"), tf.ones(4), tf.ones(4)]
        plain, compiled = measures.sums(*values), tf.function(measures.sums, jit_compile=True)(*values)
        for name in measures.zeros():
            np.testing.assert_allclose(plain[name], compiled[name], rtol=1e-6)
