"""Denoising autoencoders against gradients by finite differences, and convolutional ones against dense ones."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from pretrain_nets import built, inputs, logistic, member, one_step

from factory.train.pretrain.autoencoder import DenoisingAutoencoder
from factory.train.pretrain.layer import Inputs
from factory.train.recipe.sections import Pretrain

SEED = tf.constant([0, 0], "int64")


def plain(corruption: float = 0.0) -> Pretrain:
    """One step changes variables by minus the gradient itself."""
    return Pretrain(method="autoencoder", learning_rate=1.0, momentum=0.0, corruption=corruption)


def downhill(loss: Callable[..., float], *variables: np.ndarray) -> list[np.ndarray]:
    """Minus the gradient of a loss, by central differences."""
    gradients = [np.zeros(variable.shape) for variable in variables]
    for variable, gradient in zip(variables, gradients, strict=True):
        for place in np.ndindex(variable.shape):
            kept = variable[place]
            variable[place] = kept + 1e-5
            above = loss(*variables)
            variable[place] = kept - 1e-5
            gradient[place] = (loss(*variables) - above) / 2e-5
            variable[place] = kept
    return gradients


def cross_entropy(data: np.ndarray, corrupted: np.ndarray) -> Callable[..., float]:
    def loss(kernel: np.ndarray, bias: np.ndarray, visible: np.ndarray) -> float:
        restored = logistic(logistic(corrupted @ kernel + bias) @ kernel.T + visible)
        return -float(np.mean(np.sum(data * np.log(restored) + (1 - data) * np.log(1 - restored), axis=1)))

    return loss


def squared_error(data: np.ndarray, corrupted: np.ndarray) -> Callable[..., float]:
    def loss(kernel: np.ndarray, bias: np.ndarray, visible: np.ndarray) -> float:
        restored = logistic(corrupted @ kernel + bias) @ kernel.T + visible
        return float(np.mean(np.sum(0.5 * np.square(restored - data), axis=1)))

    return loss


@pytest.mark.parametrize("corruption", [0.0, 0.5])
def test_inputs_of_0_to_1_follow_the_gradient_of_their_cross_entropy(corruption):
    layer, data = built(keras.layers.Dense(2, "sigmoid"), (4,)), np.random.default_rng(1).uniform(size=(5, 4))
    kernel, bias = (weight.astype("float64") for weight in layer.get_weights())
    trainer, changes = one_step(DenoisingAutoencoder, layer, data, plain(corruption), inputs(4))
    corrupted = trainer.corrupt(tf.constant(data, "float32"), SEED).numpy()
    expected = downhill(cross_entropy(data, corrupted), kernel, bias, np.zeros(4))
    for name, change in zip(("kernel", "hidden_bias", "visible_bias"), expected, strict=True):
        np.testing.assert_allclose(changes[name], change, atol=1e-5)


def test_other_inputs_follow_the_gradient_of_half_their_squared_error():
    layer, data = built(keras.layers.Dense(2, "sigmoid"), (4,)), np.random.default_rng(1).normal(size=(5, 4))
    kernel, bias = (weight.astype("float64") for weight in layer.get_weights())
    given = Inputs(-2.0, 4.0, np.array([0.25, 0.5, 0.5, 0.75]))
    _, changes = one_step(DenoisingAutoencoder, layer, data, plain(), given)
    shares, means = data / 4, np.array([-1.0, 0.0, 0.0, 1.0]) / 4  # everything in units of the range
    expected = downhill(squared_error(shares, shares), kernel, bias, means)
    for name, change in zip(("kernel", "hidden_bias", "visible_bias"), expected, strict=True):
        np.testing.assert_allclose(changes[name], change, atol=1e-5)


@given(st.floats(0.0, 0.95), st.integers(0, 2**31 - 1))
def test_the_corrupted_share_is_set_to_zero_and_the_rest_left_alone(corruption, seed):
    trainer = DenoisingAutoencoder(member(built(keras.layers.Dense(2), (50,))), inputs(50), plain(corruption))
    data = np.random.default_rng(0).uniform(0.1, 1.0, size=(400, 50)).astype("float32")
    corrupted = trainer.corrupt(tf.constant(data), tf.constant([seed, 0], "int64")).numpy()
    changed = corrupted != data
    assert (corrupted[changed] == 0).all()
    np.testing.assert_allclose(changed.mean(), corruption, atol=0.02)


def test_every_step_corrupts_anew():
    trainer = DenoisingAutoencoder(member(built(keras.layers.Dense(2), (50,))), inputs(50), plain(0.5))
    ones = tf.ones((4, 50))
    first, again, next_step = (trainer.corrupt(ones, tf.constant([3, step], "int64")).numpy() for step in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != next_step).any()


def test_a_convolution_whose_kernel_covers_the_image_learns_as_a_dense_layer_does():
    dense = built(keras.layers.Dense(5, "relu"), (4 * 3 * 2,))
    conv = built(keras.layers.Conv2D(5, (4, 3), activation="relu"), (4, 3, 2))
    conv.set_weights([dense.kernel.numpy().reshape(4, 3, 2, 5), dense.bias.numpy()])
    images = np.random.default_rng(1).uniform(size=(6, 4, 3, 2))
    _, flat = one_step(DenoisingAutoencoder, dense, images.reshape(6, -1), plain(0.3), inputs(24))
    _, wide = one_step(DenoisingAutoencoder, conv, images, plain(0.3), inputs(2))
    np.testing.assert_allclose(wide["kernel"].reshape(24, 5), flat["kernel"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(wide["hidden_bias"], flat["hidden_bias"], rtol=1e-4, atol=1e-5)
    by_channel = flat["visible_bias"].reshape(12, 2).sum(axis=0)  # one bias for all places
    np.testing.assert_allclose(wide["visible_bias"], by_channel, rtol=1e-4, atol=1e-5)


def test_the_loss_of_a_convolution_is_divided_by_its_places():
    wide = built(keras.layers.Conv2D(2, 1, activation="sigmoid"), (3, 2, 2))
    narrow = built(keras.layers.Dense(2, "sigmoid"), (2,))
    narrow.set_weights([wide.kernel.numpy()[0, 0], wide.bias.numpy()])
    images = np.random.default_rng(1).uniform(size=(4, 3, 2, 2))
    _, conv = one_step(DenoisingAutoencoder, wide, images, plain(), inputs(2))
    _, dense = one_step(DenoisingAutoencoder, narrow, images.reshape(24, 2), plain(), inputs(2))
    for name in dense:  # a 1 x 1 convolution is a dense layer at every place
        np.testing.assert_allclose(conv[name].reshape(dense[name].shape), dense[name], atol=1e-6)


def test_the_code_is_what_the_network_makes_with_the_layers_in_place_behind():
    layer, leaky = built(keras.layers.Dense(3), (4,)), keras.layers.LeakyReLU(negative_slope=0.2)
    norm = built(keras.layers.BatchNormalization(), (3,))
    norm.moving_variance.assign([1.0, 2.0, 3.0])
    trainer = DenoisingAutoencoder(member(layer, norm, leaky), inputs(4), plain())
    data = np.random.default_rng(2).normal(size=(5, 4)).astype("float32")
    np.testing.assert_allclose(trainer.code(tf.constant(data)), leaky(norm(layer(data), training=False)), atol=1e-5)


def test_batch_norm_behind_a_layer_keeps_its_weights_and_statistics():
    layer, norm = built(keras.layers.Dense(3), (4,)), built(keras.layers.BatchNormalization(), (3,))
    norm.moving_variance.assign([1.0, 2.0, 3.0])
    before = norm.get_weights()
    trainer = DenoisingAutoencoder(member(layer, norm), inputs(4), plain())
    trainer.step(tf.ones((5, 4)), SEED)
    for was, now in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(now, was)


def test_the_error_compares_the_reconstruction_with_the_uncorrupted_values():
    layer, data = built(keras.layers.Dense(2, "sigmoid"), (4,)), np.random.default_rng(3).uniform(size=(5, 4))
    kernel, bias = layer.get_weights()
    trainer = DenoisingAutoencoder(member(layer), inputs(4), plain(0.5))
    corrupted = trainer.corrupt(tf.constant(data, "float32"), SEED).numpy()
    restored = logistic(logistic(corrupted @ kernel + bias) @ kernel.T)
    errors = trainer.step(tf.constant(data, "float32"), SEED)
    np.testing.assert_allclose(errors, np.mean(np.square(restored - data), axis=1), rtol=1e-4)
