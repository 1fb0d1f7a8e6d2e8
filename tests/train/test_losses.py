"""Losses equal Keras', NumPy's and hand calculation, and stay finite where probabilities are 0 or 1."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

import factory
from factory.errors import FactoryError
from factory.train.losses import FITTING, logits_of, make_loss
from factory.train.recipe.sections import Bootstrap, Loss

RNG = np.random.default_rng(0)
NAMES = ("a", "b", "c")
NUMBERS = np.array([0, 2, 1, 1], "int32")
ONE_HOT = np.eye(3, dtype="float32")[NUMBERS]
MIXED = np.array([[0.7, 0.3, 0], [0, 0.2, 0.8], [0.5, 0.5, 0], [0, 1, 0]], "float32")
LOGITS = RNG.normal(size=(4, 3)).astype("float32") * 2
BELIEF = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
SIGMOID = 1 / (1 + np.exp(-LOGITS))


def losses(targets, outputs, task: str = "classes", **loss) -> np.ndarray:
    values = (tf.constant(targets), tf.constant(outputs, "float32"))
    return make_loss(Loss(**loss), task, NAMES)(*values).numpy()


def through(activation, logits, targets, task: str = "classes", **loss) -> tuple[np.ndarray, np.ndarray]:
    """Losses, and their gradients with respect to logits, in a graph where Keras' activation makes the outputs."""
    function = make_loss(Loss(**loss), task, NAMES)

    @tf.function
    def run(values):
        with tf.GradientTape() as tape:
            tape.watch(values)
            each = function(tf.constant(targets), activation(values))
        return each, tape.gradient(each, values)

    each, gradients = run(tf.constant(logits, "float32"))
    return each.numpy(), gradients.numpy()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("targets", [NUMBERS, ONE_HOT, MIXED], ids=["numbers", "one hot", "mixed"])
def test_cross_entropy_is_keras_for_numbers_shares_and_smoothed_labels(targets, smoothing):
    shares = ONE_HOT if targets is NUMBERS else targets
    expected = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing, reduction="none")(shares, BELIEF)
    np.testing.assert_allclose(losses(targets, BELIEF, label_smoothing=smoothing), expected, rtol=1e-5)
    found, _ = through(keras.activations.softmax, LOGITS, targets, label_smoothing=smoothing)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_cross_entropy_is_scikit_learns_log_loss():
    assert losses(NUMBERS, BELIEF).mean() == pytest.approx(log_loss(NUMBERS, BELIEF, labels=[0, 1, 2]), rel=1e-5)


def test_a_smoothed_label_pulls_belief_away_from_certainty():
    certain = np.array([[1, 0, 0]], "float32")
    # a third of 0.3 stays with the label, whose logarithm is that of 1 - 1e-7; two thirds meet log 1e-7
    assert losses(np.array([0], "int32"), certain, label_smoothing=0.3)[0] == pytest.approx(-0.2 * math.log(1e-7), 1e-3)
    assert losses(np.array([0], "int32"), certain)[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kind", ["soft", "hard"])
@pytest.mark.parametrize("beta", [0.0, 0.8, 1.0])
def test_bootstrapped_targets_are_labels_and_belief_in_the_papers_shares(kind, beta):
    own = BELIEF if kind == "soft" else np.eye(3)[BELIEF.argmax(-1)]
    expected = -np.sum((beta * ONE_HOT + (1 - beta) * own) * np.log(BELIEF), axis=-1)
    boot = Bootstrap(kind=kind, beta=beta)
    np.testing.assert_allclose(losses(NUMBERS, BELIEF, bootstrap=boot), expected, rtol=1e-5)
    np.testing.assert_allclose(
        through(keras.activations.softmax, LOGITS, NUMBERS, bootstrap=boot)[0], expected, rtol=1e-5
    )


def test_soft_bootstrapping_regularises_towards_little_entropy_and_hard_towards_the_likeliest_class():
    """With beta 0 labels say nothing: the gradients are those of belief's entropy, and of the likeliest class."""
    _, soft = through(keras.activations.softmax, LOGITS, NUMBERS, bootstrap=Bootstrap(kind="soft", beta=0.0))
    entropy = -np.sum(BELIEF * np.log(BELIEF), axis=-1, keepdims=True)
    np.testing.assert_allclose(soft, -BELIEF * (np.log(BELIEF) + entropy), atol=1e-6)
    _, hard = through(keras.activations.softmax, LOGITS, NUMBERS, bootstrap=Bootstrap(kind="hard", beta=0.0))
    np.testing.assert_allclose(hard, BELIEF - np.eye(3)[BELIEF.argmax(-1)], atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("task,targets", [("labels", MIXED.round()), ("classes", NUMBERS), ("classes", MIXED)])
def test_binary_cross_entropy_is_keras_mean_over_labels(task, targets, smoothing):
    shares = ONE_HOT if targets is NUMBERS else targets
    expected = keras.losses.BinaryCrossentropy(label_smoothing=smoothing, reduction="none")(shares, SIGMOID)
    asked = {"name": "binary_cross_entropy", "label_smoothing": smoothing}
    np.testing.assert_allclose(losses(targets, SIGMOID, task, **asked), expected, rtol=1e-5)
    found, _ = through(keras.activations.sigmoid, LOGITS, targets, task, **asked)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "name,reference",
    [
        ("mean_squared_error", keras.losses.MeanSquaredError),
        ("mean_absolute_error", keras.losses.MeanAbsoluteError),
        ("huber", keras.losses.Huber),
    ],
)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=5)
def test_losses_of_numbers_are_keras(name, reference, seed):
    targets, outputs = np.random.default_rng(seed).normal(0, 2, (2, 5, 3)).astype("float32")
    expected = reference(reduction="none")(targets, outputs)
    np.testing.assert_allclose(losses(targets, outputs, "values", name=name), expected, rtol=1e-5)


def test_the_squared_error_of_classes_is_that_of_their_probabilities():
    found = losses(NUMBERS, BELIEF, name="mean_squared_error")
    np.testing.assert_allclose(found, np.mean((ONE_HOT - BELIEF) ** 2, axis=-1), rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_pixels_is_the_mean_over_those_that_are_not_ignored(smoothing):
    logits = RNG.normal(size=(3, 4, 5, 3)).astype("float32")
    belief = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    targets = RNG.integers(0, 3, (3, 4, 5)).astype("int32")
    targets[0, :2], targets[2] = 255, 255
    each = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing, reduction="none")
    expected = [
        np.mean(each(np.eye(3)[truth[truth != 255]], one[truth != 255])) if (truth != 255).any() else 0.0
        for truth, one in zip(targets, belief, strict=True)
    ]
    np.testing.assert_allclose(losses(targets, belief, "pixels", label_smoothing=smoothing), expected, rtol=1e-5)
    found, gradients = through(keras.activations.softmax, logits, targets, "pixels", label_smoothing=smoothing)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert (gradients[targets == 255] == 0).all() and (gradients[targets != 255] != 0).all()


def test_pixels_of_another_size_are_compared_in_the_size_of_the_targets_by_their_logits():
    logits = RNG.normal(size=(2, 2, 3, 3)).astype("float32")
    targets = RNG.integers(0, 3, (2, 4, 6)).astype("int32")
    larger = tf.image.resize(logits, (4, 6)).numpy()
    expected, _ = through(keras.activations.softmax, larger, targets, "pixels")
    found, gradients = through(keras.activations.softmax, logits, targets, "pixels")
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert gradients.shape == logits.shape and np.abs(gradients).max() > 0
    probabilities = tf.image.resize(tf.nn.softmax(logits), (4, 6))  # nothing else is known of plain probabilities
    plain = losses(targets, tf.nn.softmax(logits), "pixels")
    np.testing.assert_allclose(plain, losses(targets, probabilities, "pixels"), rtol=1e-5)


@pytest.mark.parametrize(
    "task,activation,targets,loss",
    [
        ("classes", keras.activations.softmax, NUMBERS, {}),
        ("classes", keras.activations.softmax, MIXED, {"label_smoothing": 0.1}),
        ("classes", keras.activations.softmax, NUMBERS, {"bootstrap": Bootstrap(kind="soft")}),
        ("classes", keras.activations.softmax, NUMBERS, {"bootstrap": Bootstrap(kind="hard")}),
        ("labels", keras.activations.sigmoid, ONE_HOT, {}),
        ("classes", keras.activations.sigmoid, ONE_HOT, {"name": "binary_cross_entropy", "label_smoothing": 0.1}),
    ],
)
def test_extreme_logits_give_finite_losses_and_gradients(task, activation, targets, loss):
    logits = np.array([[-3e4, 3e4, 0], [3e4, 0, -3e4], [0, -3e4, 3e4], [1e-30, -1e-30, 90]], "float32")
    found, gradients = through(activation, logits, targets, task, **loss)
    assert np.isfinite(found).all() and np.isfinite(gradients).all()
    assert found.max() > 1e3  # not cut off: the network was that wrong
    assert np.abs(gradients[0]).max() > 0.2  # and it is told so


def test_a_wrong_certainty_costs_the_difference_of_logits():
    found, gradients = through(keras.activations.softmax, [[500.0, 0.0, 0.0]], [1])
    assert found[0] == pytest.approx(500)
    np.testing.assert_allclose(gradients, [[1, -1, 0]], atol=1e-6)


def test_probabilities_without_logits_are_kept_from_0_as_in_keras():
    belief = np.array([[1.0, 0, 0], [0, 1, 0]], "float32")
    expected = keras.losses.SparseCategoricalCrossentropy(reduction="none")(np.array([1, 1]), belief)
    np.testing.assert_allclose(losses(np.array([1, 1], "int32"), belief), expected, atol=1e-5)
    both = losses(np.array([[1.0, 0, 0]], "float32"), [[0.0, 1, 0]], "labels")
    assert both[0] == pytest.approx(-2 / 3 * math.log(1e-7), rel=0.02)


def test_logits_of_another_activation_than_the_loss_expects_are_not_taken_for_its_own():
    """A softmax's logits in a sigmoid's loss would be a wrong number; eager and in a graph."""
    name = {"name": "binary_cross_entropy"}
    expected = losses(NUMBERS, BELIEF, **name)
    in_graph, _ = through(keras.activations.softmax, LOGITS, NUMBERS, **name)
    np.testing.assert_allclose(in_graph, expected, rtol=1e-5)
    function = make_loss(Loss(**name), "classes", NAMES)
    eager = function(tf.constant(NUMBERS), keras.activations.softmax(tf.constant(LOGITS)))
    np.testing.assert_allclose(eager, expected, rtol=1e-5)


def test_eager_outputs_use_their_logits_too():
    outputs = keras.activations.softmax(tf.constant([[200.0, 0.0, 0.0]]))
    np.testing.assert_allclose(make_loss(Loss(), "classes", NAMES)(tf.constant([1]), outputs), [200])


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
@pytest.mark.parametrize("jit", [False, True])
def test_a_built_network_keeps_its_logits_for_the_loss(precision, jit):
    spec = {
        "name": "net",
        "input": {"resolution": 4, "channels": 1},
        "classes": 3,
        "stages": {"head": {"block": "classifier"}},
    }
    model = factory.build(spec, seed=0, precision=precision)
    model.weights[-1].assign([300.0, 0, 0])  # the biases of the classes
    function = make_loss(Loss(), "classes", NAMES)
    run = tf.function(lambda x, y: function(y, model(x, training=True)), jit_compile=jit)
    np.testing.assert_allclose(run(tf.zeros((1, 4, 4, 1)), tf.constant([2])), [300], rtol=1e-3)


def test_logits_of_probabilities_are_softmaxs_but_for_a_constant():
    np.testing.assert_allclose(logits_of(keras.activations.softmax(tf.constant(LOGITS))), LOGITS)
    found = logits_of(tf.constant(BELIEF)).numpy() - LOGITS
    np.testing.assert_allclose(found - found[:, :1], 0, atol=1e-5)
    assert np.isfinite(logits_of(tf.constant([[1.0, 0.0]]))).all()
    np.testing.assert_allclose(logits_of(tf.constant([[1.0, 1e-30]])), [[0, math.log(1e-30)]], rtol=1e-6)


@pytest.mark.parametrize("task", FITTING)
def test_auto_is_the_first_loss_that_fits(task):
    targets = {"classes": NUMBERS, "pixels": NUMBERS.reshape(1, 2, 2)}.get(task, ONE_HOT)
    outputs = BELIEF.reshape(1, 2, 2, 3) if task == "pixels" else SIGMOID
    found = {name: losses(targets, outputs, task, name=name) for name in ("auto", *FITTING[task])}
    np.testing.assert_array_equal(found["auto"], found[FITTING[task][0]])


@pytest.mark.parametrize(
    "task,loss,message",
    [
        ("values", {"name": "cross_entropy"}, "expected mean_squared_error or mean_absolute_error or huber"),
        ("labels", {"name": "cross_entropy"}, "'cross_entropy' does not fit labels; expected binary_cross_entropy"),
        ("pixels", {"name": "huber"}, "'huber' does not fit pixels; expected cross_entropy"),
        ("values", {"label_smoothing": 0.1}, "loss.label_smoothing: expected cross_entropy"),
        ("labels", {"bootstrap": Bootstrap()}, "loss.bootstrap: expected cross_entropy, the loss is binary"),
    ],
)
def test_a_loss_that_does_not_fit_the_data_is_told_with_what_fits(task, loss, message):
    with pytest.raises(FactoryError, match=message):
        make_loss(Loss(**loss), task, NAMES)


@pytest.mark.parametrize(
    "task,shape,message",
    [
        ("classes", (2, 10), "expected 3 a sample, received 10"),
        ("classes", (2, 4, 4, 3), "expected 3 a sample, received 4x4x3"),
        ("pixels", (2, 3), "expected height x width x 3 a sample, received 3"),
    ],
)
def test_outputs_that_do_not_fit_the_data_are_told(task, shape, message):
    with pytest.raises(FactoryError, match=message):
        losses(np.zeros(2, "int32"), np.ones(shape), task)
