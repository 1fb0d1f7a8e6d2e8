"""Pre-training of whole stacks: what changes, what stays, what is said, and what is refused."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from pretrain_nets import FLATTEN, bars, dense, logistic, network, perceptron
from test_denoising import cross_entropy, downhill

from factory.errors import FactoryError
from factory.train.pretrain import LayerReport, pretrain
from factory.train.recipe.sections import Pretrain

METHODS = ["rbm", "autoencoder"]


def run(model: keras.Model, images: object = None, seed: int = 0, **section: object) -> list[LayerReport]:
    given = bars() if images is None else images
    return pretrain(model, given, Pretrain(**{"epochs": 2, "batch_size": 16, **section}), seed, lambda line: None)


def weights(model: keras.Model) -> dict[str, np.ndarray]:
    return {weight.path: np.array(weight) for weight in model.weights}


def changed(model: keras.Model, before: dict[str, np.ndarray]) -> set[str]:
    """The layers of which a weight is another one now."""
    return {path.split("/")[0] for path, value in weights(model).items() if (value != before[path]).any()}


def convolutions(activation: str = "sigmoid", **more: object) -> keras.Model:
    c1 = {"block": "conv", "filters": 6, "kernel": 3, "activation": activation, "padding": "same", **more}
    c2 = {"block": "conv", "filters": 4, "kernel": 2, "stride": 2, "activation": activation}
    pool = {"block": "max_pool", "kernel": 2}
    return network(c1=c1, pool=pool, dropout={"block": "dropout", "rate": 0.5}, c2=c2, flatten=FLATTEN)


@pytest.mark.parametrize("method", METHODS)
def test_only_the_layers_of_the_stack_change_kernel_and_bias(method):
    model = convolutions(norm="batch")
    before = weights(model)
    reports = run(model, method=method)
    trained = {report.layer for report in reports}
    assert len(trained) == 2
    assert changed(model, before) == trained  # not the batch norm between them, not the head


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_the_reconstruction_error_of_every_layer_falls(method, activation, kind):
    model = perceptron(24, 12, activation=activation) if kind == "dense" else convolutions(activation)
    for report in run(model, bars(96), method=method, epochs=16, learning_rate=0.1 if activation == "relu" else 0.5):
        assert len(report.errors) == 16
        assert report.errors[-1] < 0.9 * report.errors[0], report


@pytest.mark.parametrize("method", METHODS)
def test_what_an_epoch_reports_is_what_the_final_weights_reconstruct(method):
    model = perceptron(24)
    [report] = run(model, method=method, epochs=40, learning_rate=0.2, corruption=0.0)
    assert report.errors[-1] < 0.6 * report.errors[0]
    kernel, bias = model.get_layer(report.layer).get_weights()
    images = bars().reshape(-1, 36) / 255
    codes = logistic(images @ kernel + bias)
    # a linear reading of the codes restores the images
    design = np.hstack([codes, np.ones((len(codes), 1))])
    restored = design @ np.linalg.lstsq(design, images, rcond=None)[0]
    assert np.mean(np.square(restored - images)) < 2 * report.errors[-1]


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_weights_bit_by_bit(method):
    first, second = perceptron(8, 6), perceptron(8, 6)
    run(first, method=method, seed=3)
    np.random.seed(1)
    keras.utils.set_random_seed(2)  # whatever ran before
    run(second, method=method, seed=3)
    for one, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_another_seed_draws_other_samples_and_corruption_from_the_same_batches(method):
    first, second = perceptron(8), perceptron(8)
    for model, seed in ((first, 3), (second, 4)):
        run(model, lambda number: [bars()], seed=seed, method=method)
    assert (find_layer(first, 0).kernel.numpy() != find_layer(second, 0).kernel.numpy()).any()


def test_another_seed_shuffles_images_otherwise():
    first, second = perceptron(8), perceptron(8)
    for model, seed in ((first, 3), (second, 4)):
        run(model, seed=seed, method="autoencoder", corruption=0.0)  # nothing else is random
    assert np.abs(find_layer(first, 0).kernel.numpy() - find_layer(second, 0).kernel.numpy()).max() > 1e-4


def test_so_many_layers_as_wanted_are_trained():
    model = perceptron(8, 6, 5)
    before = weights(model)
    reports = run(model, layers=2)
    assert len(reports) == 2
    assert changed(model, before) == {report.layer for report in reports}


def test_a_later_layer_learns_from_what_the_finished_layers_before_it_make():
    model = perceptron(5, 3)
    second = find_layer(model, 1)
    kernel, bias = (weight.astype("float64") for weight in second.get_weights())
    section = {"method": "autoencoder", "corruption": 0.0, "epochs": 1, "batch_size": 48, "momentum": 0.0}
    run(model, learning_rate=1.0, **section)
    first_kernel, first_bias = find_layer(model, 0).get_weights()
    codes = logistic(bars().reshape(-1, 36) / 255 @ first_kernel + first_bias)
    visible = np.log(codes.mean(axis=0) / (1 - codes.mean(axis=0)))
    changes = downhill(cross_entropy(codes, codes), kernel, bias, visible)
    np.testing.assert_allclose(second.kernel, kernel + changes[0], atol=1e-4)
    np.testing.assert_allclose(second.bias, bias + changes[1], atol=1e-4)


def find_layer(model: keras.Model, index: int) -> keras.Layer:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)][index]


def test_the_batch_size_is_that_of_the_steps():
    one, many = perceptron(8), perceptron(8)
    run(one, epochs=1, batch_size=48, momentum=0.0, learning_rate=1e-4)
    run(many, epochs=1, batch_size=1, momentum=0.0, learning_rate=1e-4)
    start = perceptron(8).layers[-2].kernel.numpy()
    far, near = (np.linalg.norm(model.layers[-2].kernel.numpy() - start) for model in (many, one))
    assert 20 < far / near < 100  # 48 steps in place of one, in about one direction


def test_images_of_0_to_255_without_preprocessing_learn_the_same_function():
    unit, none = perceptron(8), perceptron(8, preprocess="none")
    run(unit)
    run(none)
    ours, theirs = (find_layer(model, 0) for model in (unit, none))
    np.testing.assert_allclose(255 * theirs.kernel.numpy(), ours.kernel.numpy(), atol=1e-4)
    np.testing.assert_allclose(theirs.bias, ours.bias, atol=1e-4)


@pytest.mark.parametrize("preprocess", ["none", "tf", {"mean": [0.5], "std": [0.2], "scale": 0.00392}])
@pytest.mark.parametrize("method", METHODS)
def test_every_preprocessing_can_be_learnt_from(preprocess, method):
    for report in run(perceptron(24, preprocess=preprocess), method=method, epochs=12, learning_rate=0.1):
        assert report.errors[-1] < 0.9 * report.errors[0]


@pytest.mark.parametrize("method", METHODS)
def test_a_function_that_gives_batches_does_what_the_array_does(method):
    images, asked = bars(), []

    def batches(number: int) -> tf.data.Dataset:
        asked.append(number)
        order = np.random.default_rng([5, number]).permutation(len(images))  # as with an array and the seed 5
        return tf.data.Dataset.from_tensor_slices(images[order]).batch(16)

    array, function = perceptron(8, 6), perceptron(8, 6)
    reports = run(array, seed=5, epochs=3, method=method)
    assert run(function, batches, seed=5, epochs=3, method=method) == reports
    assert asked == list(range(8))  # for each layer one pass to measure its inputs, then the epochs
    for one, other in zip(array.weights, function.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_images_of_whole_numbers_do_what_their_float_values_do():
    whole, floats = perceptron(8), perceptron(8)
    run(whole, bars().astype("uint8"))
    run(floats)
    np.testing.assert_array_equal(find_layer(whole, 0).kernel, find_layer(floats, 0).kernel)


@pytest.mark.parametrize("method", METHODS)
def test_a_network_of_any_image_size_learns_from_batches_of_several_sizes(method):
    image = keras.Input((None, None, 1))
    hidden = keras.layers.Conv2D(4, 3, activation="sigmoid", name="hidden")(keras.layers.Rescaling(1 / 255)(image))
    scores = keras.layers.Conv2D(3, 1)(hidden)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(scores))
    before = model.get_layer("hidden").kernel.numpy()
    run(model, lambda number: [bars(8), bars(8)[:, :5, :4]], method=method)
    after = model.get_layer("hidden").kernel.numpy()
    assert np.isfinite(after).all() and (after != before).any()


@pytest.mark.parametrize("method", METHODS)
def test_networks_of_half_precision_learn_in_single_precision(method):
    image = keras.Input((6, 6, 1))
    half = {"dtype": "mixed_float16"}
    hidden = keras.layers.Rescaling(1 / 255, **half)(image)
    hidden = keras.layers.Dense(8, name="first", **half)(keras.layers.Flatten(**half)(hidden))
    hidden = keras.layers.Activation("sigmoid", **half)(hidden)
    model = keras.Model(image, keras.layers.Dense(3)(keras.layers.Dense(4, "sigmoid", **half)(hidden)))
    for report in run(model, method=method, epochs=6, learning_rate=0.1):
        assert report.errors[-1] < report.errors[0]


def test_a_line_says_which_layers_there_are_and_one_a_layer_how_it_went():
    said: list[str] = []
    model = perceptron(8, 6, 5)
    first, second = pretrain(model, bars(), Pretrain(epochs=2, layers=2), 0, said.append)
    assert len(said) == 3
    assert said[0] == f"pretrain: 2 of 3 layer(s) before the output layer head: {first.layer}, {second.layer}"
    for report, line in zip((first, second), said[1:], strict=True):
        assert line.startswith(f"pretrain: {report.layer} (rbm): reconstruction error {report.errors[0]:.4g} ")
        assert f"{report.errors[1]:.4g} in epoch 2" in line


def test_more_layers_than_there_are_is_an_error():
    with pytest.raises(FactoryError, match=r"stack before the output layer head has 2 layer\(s\), received 3"):
        run(perceptron(8, 6), layers=3)


def test_images_of_another_shape_are_an_error():
    for wrong in (bars()[:, :5], bars()[..., 0], np.repeat(bars(), 3, axis=3)):
        with pytest.raises(FactoryError, match=r"expected images of shape \(n, 6, 6, 1\), received \("):
            run(perceptron(8), wrong)


def test_images_beside_the_fixed_sizes_of_a_network_are_an_error():
    image = keras.Input((None, None, 1))
    hidden = keras.layers.Flatten()(keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(image)))
    with pytest.raises(FactoryError, match=r"shape \(n, any, any, 1\), received \(16, 6, 6, 3\)"):
        run(keras.Model(image, keras.layers.Dense(3)(hidden)), np.repeat(bars(), 3, axis=3), method="autoencoder")


def test_no_images_are_an_error():
    with pytest.raises(FactoryError, match="expected at least one batch of images in every pass, received none"):
        run(perceptron(8), bars()[:0])


def test_passes_without_batches_are_an_error():
    once = iter([bars()])  # empty from the second pass on
    with pytest.raises(FactoryError, match="expected at least one batch of images in every pass, received none"):
        run(perceptron(8), lambda number: once)


def test_images_that_are_all_the_same_are_an_error():
    with pytest.raises(FactoryError, match="expected inputs that differ, received values from 0 to 0"):
        run(perceptron(8), np.zeros((4, 6, 6, 1), "float32"))


def test_images_that_are_no_numbers_are_an_error():
    images = bars()
    images[3, 2, 1] = np.nan
    with pytest.raises(FactoryError, match="expected inputs that differ, received values from nan to nan"):
        run(perceptron(8), images)


def test_a_learning_rate_that_is_too_high_is_told_with_layer_and_epoch():
    model = perceptron(8, activation="relu", preprocess="tf")
    before = weights(model)
    with pytest.raises(FactoryError, match=r"the reconstruction error is (nan|inf) in epoch \d+; the learning rate 1e"):
        run(model, method="autoencoder", learning_rate=1e12, epochs=8)
    assert not changed(model, before)


def test_a_machine_refuses_the_activation_of_a_later_layer_before_it_trains_any():
    model = network(flatten=FLATTEN, fc1=dense(8), fc2=dense(6, "tanh"))
    before = weights(model)
    with pytest.raises(FactoryError, match="has the activation tanh"):
        run(model)
    assert not changed(model, before)
    assert len(run(model, method="autoencoder")) == 2
