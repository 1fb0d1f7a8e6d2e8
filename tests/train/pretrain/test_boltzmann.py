"""Contrastive divergence against enumerations of all states, and convolutional machines against dense ones."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from pretrain_nets import built, inputs, logistic, member, one_step
from scipy import stats

from factory.errors import FactoryError
from factory.train.pretrain.layer import Inputs
from factory.train.pretrain.rbm import UNITS, RestrictedBoltzmannMachine
from factory.train.recipe.sections import Pretrain

CHAINS = 40_000
SEED = tf.constant([7, 0], "int64")


def plain(steps: int = 1) -> Pretrain:
    """One step changes variables by minus the gradient itself."""
    return Pretrain(learning_rate=1.0, momentum=0.0, steps=steps)


def states(units: int) -> np.ndarray:
    """All states of so many binary units, (2^units, units)."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


def two_by_two() -> keras.Layer:
    """A layer in which a chain takes some steps to forget where it began."""
    layer = keras.layers.Dense(2, "sigmoid")
    layer.build((None, 2))
    layer.set_weights([np.array([[5.0, -4.0], [-4.0, 5.0]]), np.array([-0.5, 0.3])])
    return layer


def expected_changes(data: np.ndarray, kernel: np.ndarray, bias: np.ndarray, steps: int) -> dict[str, np.ndarray]:
    """<v h>_data - <v h>_model over every path of the chain, each with its probability; visible biases are 0."""
    start = logistic(data @ kernel + bias)
    changes = {"kernel": np.outer(data, start), "hidden_bias": start.copy(), "visible_bias": data.copy()}
    for path in itertools.product(states(len(bias)), repeat=steps):
        probability, means = 1.0, start
        for hidden in path:
            probability *= np.prod(np.where(hidden == 1, means, 1 - means))
            visible = logistic(kernel @ hidden)
            means = logistic(visible @ kernel + bias)
        changes["kernel"] -= probability * np.outer(visible, means)
        changes["hidden_bias"] -= probability * means
        changes["visible_bias"] -= probability * visible
    return changes


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_cd_k_of_a_2_by_2_machine_follows_the_expectation_over_all_chains(steps):
    layer, data = two_by_two(), np.array([0.9, 0.2])
    expected = expected_changes(data, *layer.get_weights(), steps)
    _, changes = one_step(RestrictedBoltzmannMachine, layer, np.tile(data, (CHAINS, 1)), plain(steps), inputs(2))
    for name, change in expected.items():
        np.testing.assert_allclose(changes[name], change, atol=0.005)


def test_the_number_of_gibbs_steps_tells_in_the_statistics():
    layer, data = two_by_two(), np.array([0.9, 0.2])
    one, three = (expected_changes(data, *layer.get_weights(), steps)["kernel"] for steps in (1, 3))
    assert np.abs(one - three).max() > 0.02  # four times the tolerance above


def test_the_statistics_of_a_chain_take_the_means_of_hidden_units_not_their_samples():
    layer, data = two_by_two(), np.array([0.9, 0.2])
    kernel, bias = layer.get_weights()
    start = logistic(data @ kernel + bias)
    possible = [start - logistic(logistic(kernel @ hidden) @ kernel + bias) for hidden in states(2)]
    seen = set()
    for seed in range(30):
        _, changes = one_step(RestrictedBoltzmannMachine, layer, data[None], plain(), inputs(2), seed)
        distances = [np.abs(changes["hidden_bias"] - change).max() for change in possible]
        assert min(distances) < 1e-5
        seen.add(int(np.argmin(distances)))
    assert len(seen) > 1  # the units that drive the reconstruction are samples


def log_likelihood(machine: RestrictedBoltzmannMachine, data: np.ndarray) -> float:
    """The exact mean log-likelihood of binary data, (n, inputs), over all visible and hidden states."""
    kernel, visible, hidden = (
        np.array(weight, "float64") for weight in (machine.kernel, machine.visible_bias, machine.hidden_bias)
    )

    def weights(values: np.ndarray) -> np.ndarray:
        every = states(len(hidden))
        return np.exp((values @ visible)[:, None] + every @ hidden + values @ kernel @ every.T).sum(axis=1)

    return float(np.mean(np.log(weights(data) / weights(states(len(visible))).sum())))


@pytest.mark.parametrize("steps", [1, 5])
def test_the_exact_log_likelihood_of_a_tiny_machine_rises_to_near_that_of_the_data(steps):
    data = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 8, "float32")
    layer = keras.layers.Dense(3, "sigmoid")
    layer.build((None, 4))
    section = Pretrain(learning_rate=0.5, momentum=0.5, steps=steps)
    machine = RestrictedBoltzmannMachine(member(layer), inputs(4), section)
    before = log_likelihood(machine, data)
    run = tf.function(machine.step)
    for step in range(400):
        run(tf.constant(data), tf.constant([0, step], "int64"))
    best = np.log(1 / 2)  # two patterns, equally often
    assert log_likelihood(machine, data) > before + 0.8 * (best - before)


def test_a_convolution_whose_kernel_covers_the_image_learns_as_a_dense_layer_does():
    dense = built(keras.layers.Dense(5, "sigmoid"), (4 * 3 * 2,))
    conv = built(keras.layers.Conv2D(5, (4, 3), activation="sigmoid"), (4, 3, 2))
    conv.set_weights([dense.kernel.numpy().reshape(4, 3, 2, 5), dense.bias.numpy()])
    images = np.random.default_rng(1).uniform(size=(6, 4, 3, 2))
    _, flat = one_step(RestrictedBoltzmannMachine, dense, images.reshape(6, -1), plain(2), inputs(24))
    _, wide = one_step(RestrictedBoltzmannMachine, conv, images, plain(2), inputs(2))
    np.testing.assert_allclose(wide["kernel"].reshape(24, 5), flat["kernel"], atol=1e-6)
    np.testing.assert_allclose(wide["hidden_bias"], flat["hidden_bias"], atol=1e-6)
    by_channel = flat["visible_bias"].reshape(12, 2).mean(axis=0)  # one bias for all places
    np.testing.assert_allclose(wide["visible_bias"], by_channel, atol=1e-6)


def test_the_energy_of_a_convolution_is_a_mean_over_its_places():
    conv = built(keras.layers.Conv2D(2, 2, activation="sigmoid"), (4, 3, 2))
    machine = RestrictedBoltzmannMachine(member(conv), Inputs(0.0, 1.0, np.array([0.2, 0.7])), plain())
    rng = np.random.default_rng(2)
    visible, hidden = rng.uniform(size=(3, 4, 3, 2)), rng.uniform(size=(3, 3, 2, 2))
    kernel, bias = conv.get_weights()
    expected = -(visible * np.log([0.2 / 0.8, 0.7 / 0.3])).sum(axis=(1, 2, 3)) / 12
    for y, x in itertools.product(range(3), range(2)):
        sums = np.einsum("nhwc,hwcf->nf", visible[:, y : y + 2, x : x + 2], kernel) + bias
        expected -= (hidden[:, y, x] * sums).sum(axis=1) / 6
    got = machine.energy(tf.constant(visible, "float32"), tf.constant(hidden, "float32"))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@settings(max_examples=12)
@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 2),
    padding=st.sampled_from(["same", "valid"]),
    groups=st.sampled_from([1, 2]),
    seed=st.integers(0, 99),
)
def test_reconstruction_is_the_transpose_of_recognition(kernel, stride, padding, groups, seed):
    conv = built(keras.layers.Conv2D(4, kernel, stride, padding, groups=groups, activation="sigmoid"), (5, 4, 2), seed)
    machine = RestrictedBoltzmannMachine(member(conv), inputs(2), plain())
    rng = np.random.default_rng(seed)
    visible = tf.constant(rng.normal(size=(2, 5, 4, 2)), "float32")
    up = machine.up(visible)
    hidden = tf.constant(rng.normal(size=up.shape), "float32")
    down = machine.down(hidden, visible)
    np.testing.assert_allclose(np.sum(up * hidden), np.sum(visible * down), rtol=1e-3, atol=1e-3)


def test_reconstruction_of_a_convolution_adds_each_kernel_where_it_was():
    conv = built(keras.layers.Conv2D(2, (3, 2), activation="sigmoid"), (5, 4, 1))
    machine = RestrictedBoltzmannMachine(member(conv), inputs(1), plain())
    hidden = np.random.default_rng(3).uniform(size=(2, 3, 3, 2)).astype("float32")
    expected = np.zeros((2, 5, 4, 1))
    for y, x in itertools.product(range(3), range(3)):
        expected[:, y : y + 3, x : x + 2] += np.einsum("nf,hwcf->nhwc", hidden[:, y, x], conv.kernel.numpy())
    got = machine.visible(tf.constant(hidden), tf.zeros((2, 5, 4, 1)))
    np.testing.assert_allclose(got, logistic(expected), atol=1e-6)


@pytest.mark.parametrize("total", [-6.0, -1.0, 0.0, 0.5, 3.0])
def test_noisy_rectified_units_have_the_mean_of_their_samples(total):
    spread = np.sqrt(logistic(np.array(total)))
    exact = stats.norm.expect(lambda value: max(0.0, value), loc=total, scale=spread, lb=0)
    np.testing.assert_allclose(UNITS["relu"].mean(tf.constant([total])), [exact], rtol=1e-3, atol=1e-6)
    samples = UNITS["relu"].sample(tf.fill([CHAINS], total), SEED, 0).numpy()
    np.testing.assert_allclose(samples.mean(), exact, atol=0.02)
    np.testing.assert_allclose((samples > 0).mean(), stats.norm.sf(0, total, spread), atol=0.01)


def test_noisy_rectified_units_of_any_sum_are_finite():
    sums = tf.constant([-1e4, -200.0, -90.0, 90.0, 1e4])
    np.testing.assert_allclose(UNITS["relu"].mean(sums), [0, 0, 0, 90, 1e4], atol=1e-6)
    assert np.isfinite(UNITS["relu"].sample(sums, SEED, 0)).all()


def test_binary_units_are_on_as_often_as_their_mean_says():
    samples = UNITS["sigmoid"].sample(tf.fill([CHAINS], 0.7), SEED, 0).numpy()
    assert set(np.unique(samples)) == {0.0, 1.0}
    np.testing.assert_allclose(samples.mean(), logistic(np.array(0.7)), atol=0.01)


def test_visible_biases_begin_at_the_log_odds_of_the_means():
    layer = built(keras.layers.Dense(2, "sigmoid"), (3,))
    machine = RestrictedBoltzmannMachine(member(layer), Inputs(0.0, 1.0, np.array([0.0, 0.25, 0.9])), plain())
    np.testing.assert_allclose(logistic(np.array(machine.visible_bias)), [0.01, 0.25, 0.9], rtol=1e-5)


def test_momentum_adds_its_share_of_the_last_change():
    data = np.random.default_rng(4).uniform(size=(5, 3))

    def two_changes(momentum: float) -> list[np.ndarray]:
        section = Pretrain(learning_rate=0.1, momentum=momentum)
        layer = built(keras.layers.Dense(2, "sigmoid"), (3,))
        machine, changes = one_step(RestrictedBoltzmannMachine, layer, data, section, inputs(3))
        before = np.array(machine.kernel)
        machine.step(tf.constant(data, "float32"), tf.constant([1, 1], "int64"))
        return [changes["kernel"], np.array(machine.kernel) - before]

    (first, second), (same, more) = two_changes(0.0), two_changes(0.75)
    np.testing.assert_array_equal(same, first)
    np.testing.assert_allclose(more, second + 0.75 * first, atol=1e-6)


def test_the_learning_rate_multiplies_the_change():
    data, layer = np.random.default_rng(4).uniform(size=(5, 3)), built(keras.layers.Dense(2, "sigmoid"), (3,))
    small, large = (
        one_step(RestrictedBoltzmannMachine, layer, data, Pretrain(learning_rate=rate, momentum=0.0), inputs(3))[1]
        for rate in (0.1, 0.4)
    )
    np.testing.assert_allclose(large["kernel"], 4 * small["kernel"], atol=1e-6)


def test_the_error_is_that_of_the_first_reconstruction():
    layer, data = built(keras.layers.Dense(2, "sigmoid"), (3,)), np.full((CHAINS, 3), 0.8)
    kernel, bias = layer.get_weights()
    means, expected = logistic(data[0] @ kernel + bias), 0.0
    for hidden in states(2):
        error = np.mean(np.square(logistic(kernel @ hidden) - data[0]))
        expected += np.prod(np.where(hidden == 1, means, 1 - means)) * error
    for steps in (1, 4):
        machine = RestrictedBoltzmannMachine(member(layer), inputs(3), plain(steps))
        errors = machine.step(tf.constant(data, "float32"), SEED)
        assert errors.shape == (CHAINS,)
        np.testing.assert_allclose(np.mean(errors), expected, rtol=0.02)


def test_inputs_of_another_range_learn_the_same_function():
    data, section = np.random.default_rng(5).uniform(size=(8, 3)), plain(2)
    unit, wide = (built(keras.layers.Dense(2, "sigmoid", use_bias=False), (3,)) for _ in range(2))
    small, _ = one_step(RestrictedBoltzmannMachine, unit, data, section, inputs(3))
    large, _ = one_step(RestrictedBoltzmannMachine, wide, 255 * data, section, inputs(3, span=255.0))
    small.finish()
    large.finish()
    np.testing.assert_allclose(wide(255 * data), unit(data), atol=1e-5)
    np.testing.assert_allclose(255 * wide.kernel.numpy(), unit.kernel.numpy(), atol=1e-5)


def test_values_below_zero_are_reconstructed_in_their_own_range():
    layer = built(keras.layers.Dense(2, "sigmoid"), (3,))
    machine = RestrictedBoltzmannMachine(member(layer), inputs(3, lowest=-1.0, span=2.0), plain())
    visible = machine.visible(tf.constant([[1.0, 0.0]]), tf.zeros((1, 3)))
    np.testing.assert_allclose(2 * visible, -1 + 2 * logistic(layer.kernel.numpy()[:, :1].T), atol=1e-6)


def test_a_layer_without_bias_keeps_hidden_biases_of_zero():
    layer = built(keras.layers.Dense(2, "sigmoid", use_bias=False), (3,))
    machine, changes = one_step(RestrictedBoltzmannMachine, layer, np.full((4, 3), 0.9), plain(), inputs(3))
    assert set(changes) == {"kernel", "visible_bias"}
    np.testing.assert_array_equal(machine.hidden_bias, np.zeros(2))
    machine.finish()
    np.testing.assert_array_equal(layer.kernel, machine.kernel)


def test_an_activation_without_a_machine_is_an_error_that_names_the_other_method():
    layer = built(keras.layers.Dense(2, "tanh", name="fc1"), (3,))
    with pytest.raises(FactoryError, match=r"layer fc1 has the activation tanh; expected sigmoid .* or relu") as raised:
        RestrictedBoltzmannMachine(member(layer), inputs(3), plain())
    assert "method: autoencoder" in str(raised.value)
