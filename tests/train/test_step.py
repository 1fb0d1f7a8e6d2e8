"""A training step does what its parts say: compared with Keras' own steps and with arithmetic."""

from __future__ import annotations

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.objective import Objective
from factory.train.recipe.sections import Adversarial, Loss, Regularize
from factory.train.step import Step, Terms, adversarial_images

CLASSES = ("a", "b", "c")
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (4, 6, 6, 1)).astype("float32")
TARGETS = np.array([0, 1, 2, 1], "int32")
WEIGHTS = np.ones(4, "float32")


def network(norm: bool = True) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(3, 3, use_bias=not norm, name="conv")(x)  # before a norm a bias has no gradient
    if norm:
        x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Flatten()(keras.layers.ReLU()(x))
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="head")(x))


NO_TERMS = Terms()


def make_step(model: keras.Model, terms: Terms = NO_TERMS, optimizer=None, **options) -> Step:
    objective = Objective(make_loss(Loss(), "classes", CLASSES))
    optimizer = optimizer or keras.optimizers.SGD(0.1)
    return Step(model, optimizer, objective, make_measures("classes", CLASSES), terms, batch_size=4, **options)


@pytest.mark.parametrize("optimizer", [lambda: keras.optimizers.SGD(0.1, 0.9), lambda: keras.optimizers.AdamW(0.01)])
def test_steps_are_those_of_keras(optimizer):
    ours, theirs = network(), network()
    theirs.compile(optimizer(), keras.losses.SparseCategoricalCrossentropy())
    step = make_step(ours, optimizer=optimizer())
    losses = []
    for _ in range(3):
        step.clear()
        step(IMAGES, TARGETS, WEIGHTS)
        losses.append(step.results()["loss"])
    expected = [theirs.train_on_batch(IMAGES, TARGETS) for _ in range(3)]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for mine, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "optimizer", [keras.optimizers.AdamW, lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))]
)
def test_nothing_keeps_the_graph_of_a_step_that_is_done_with(optimizer):
    step = make_step(network(), optimizer=optimizer())
    step(IMAGES, TARGETS, WEIGHTS)
    graph = weakref.ref(step._run.get_concrete_function(IMAGES, TARGETS, WEIGHTS).graph)
    assert graph() is not None
    del step
    gc.collect()
    assert graph() is None


def test_measures_add_up_over_steps_until_they_are_cleared():
    model = network()
    step = make_step(model, optimizer=keras.optimizers.SGD(0.0))
    step(IMAGES, TARGETS, WEIGHTS)
    step(IMAGES, TARGETS, np.array([1, 1, 0, 0], "float32"))
    right = np.argmax(model(IMAGES, training=True), -1) == TARGETS
    assert step.results()["accuracy"] == pytest.approx((right.sum() + right[:2].sum()) / 6)
    assert int(step.count) == 2
    step.clear()
    assert np.isnan(step.results()["accuracy"])


def test_weights_of_samples_scale_their_gradients():
    """A batch in which two samples have weight 2 and two have none is the batch of those two, twice."""
    weighted, doubled = network(norm=False), network(norm=False)
    make_step(weighted)(IMAGES, TARGETS, np.array([2, 2, 0, 0], "float32"))
    make_step(doubled)(np.tile(IMAGES[:2], (2, 1, 1, 1)), np.tile(TARGETS[:2], 2), WEIGHTS)
    for a, b in zip(weighted.weights, doubled.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_the_moving_average_is_the_sum_by_hand_and_takes_statistics_along():
    model = network()
    step = make_step(model, Terms(ema=0.999))
    expected = [np.array(weight) for weight in model.weights]
    for number in range(4):
        step(IMAGES, TARGETS, WEIGHTS)
        decay = min(0.999, (1 + number) / (10 + number))
        expected = [decay * e + (1 - decay) * np.array(w) for e, w in zip(expected, model.weights, strict=True)]
    own = [np.array(weight) for weight in model.weights]
    with step.averaged():
        for weight, value in zip(model.weights, expected, strict=True):
            np.testing.assert_allclose(weight, value, rtol=1e-4, atol=1e-6)
    for weight, value in zip(model.weights, own, strict=True):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.parametrize(
    "regularize", [Regularize(l2=0.1), Regularize(l1=0.1), Regularize(l1=0.1, l2=0.2, exclude=())], ids=str
)
def test_penalties_add_their_gradient_and_leave_alone_what_is_excluded(regularize):
    plain, penalised = network(), network()
    before = {weight.path: np.array(weight) for weight in plain.trainable_weights}
    make_step(plain)(IMAGES, TARGETS, WEIGHTS)
    make_step(penalised, Terms(regularize))(IMAGES, TARGETS, WEIGHTS)
    for a, b in zip(plain.trainable_weights, penalised.trainable_weights, strict=True):
        spared = regularize.exclude and "kernel" not in a.name
        w = before[a.path]
        pull = 0 if spared else 0.1 * (regularize.l1 * np.sign(w) + 2 * regularize.l2 * w)
        np.testing.assert_allclose(np.array(b), np.array(a) - pull, rtol=1e-4, atol=1e-5)


def test_adversarial_images_move_every_pixel_by_epsilon_uphill():
    model = network()
    objective = Objective(make_loss(Loss(), "classes", CLASSES))
    images = tf.constant(np.clip(IMAGES, 10, 245))
    changed = adversarial_images(model, objective, images, tf.constant(TARGETS), 2.0)
    moves = np.unique(np.round(np.array(changed - images), 3))
    assert set(moves) <= {-2.0, 0.0, 2.0} and {-2.0, 2.0} <= set(moves)
    losses = [np.mean(objective(x, tf.constant(TARGETS), [model(x)])) for x in (images, changed)]
    assert losses[1] > losses[0]


def test_adversarial_images_stay_pixels():
    model = network()
    objective = Objective(make_loss(Loss(), "classes", CLASSES))
    images = tf.constant(np.where(IMAGES > 128, 255, 0).astype("float32"))
    changed = np.array(adversarial_images(model, objective, images, tf.constant(TARGETS), 8.0))
    assert changed.min() >= 0 and changed.max() <= 255


def test_the_adversarial_loss_is_its_share_of_the_mean():
    model = network(norm=False)
    step = make_step(model, Terms(adversarial=Adversarial(epsilon=4.0, weight=0.25)), keras.optimizers.SGD(0.0))
    step(IMAGES, TARGETS, WEIGHTS)
    objective = step.objective
    changed = adversarial_images(model, objective, tf.constant(IMAGES), tf.constant(TARGETS), 4.0)
    plain, hard = (np.mean(objective(x, tf.constant(TARGETS), [model(x)])) for x in (IMAGES, changed))
    assert step.results()["loss"] == pytest.approx(0.75 * plain + 0.25 * hard, rel=1e-4)


def test_frozen_weights_and_statistics_do_not_change():
    model = network()
    model.get_layer("conv").trainable = False
    model.get_layer("norm").trainable = False
    before = {weight.path: np.array(weight) for weight in model.weights}
    make_step(model)(IMAGES, TARGETS, WEIGHTS)
    changed = {weight.path for weight in model.weights if not np.array_equal(weight, before[weight.path])}
    assert changed == {"head/kernel", "head/bias"}


def test_the_first_step_without_a_finite_loss_is_remembered():
    step = make_step(network())
    step(IMAGES, TARGETS, WEIGHTS)
    assert int(step.bad_step) == -1
    for _ in range(2):
        step(IMAGES * np.nan, TARGETS, WEIGHTS)
    assert int(step.bad_step) == 1


def test_mixed_precision_learns_with_a_scaled_loss():
    keras.utils.set_random_seed(1)
    policy = keras.DTypePolicy("mixed_float16")
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Flatten(dtype=policy)(keras.layers.Rescaling(1 / 255, dtype=policy)(inputs))
    x = keras.layers.Dense(8, activation="relu", dtype=policy)(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", dtype="float32")(x))
    step = make_step(model, optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5)))
    losses = []
    for _ in range(30):
        step.clear()
        step(IMAGES, TARGETS, WEIGHTS)
        losses.append(step.results()["loss"])
    assert losses[-1] < 0.8 * losses[0]
