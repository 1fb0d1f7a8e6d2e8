"""Views of images: where they lie, what is averaged, which ones are refused."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.recipe.sections import Evaluation
from factory.train.views import check_views, predict_views, scaled, view_boxes

VIEWS = [
    Evaluation(),
    Evaluation(flip=True),
    Evaluation(crops=5),
    Evaluation(crops=5, flip=True),
    Evaluation(crops=10),
    Evaluation(crops=10, flip=True),
]


def images(height: int = 7, width: int = 9, batch: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (batch, height, width, 2)).astype("float32")


def scores(x: tf.Tensor) -> tf.Tensor:
    """Three scores an image, not linear in its pixels and not the same for mirrored ones."""
    ramp = tf.reshape(tf.range(x.shape[1] * x.shape[2] * 2 * 3, dtype="float32"), (1, *x.shape[1:3], 2, 3))
    return tf.nn.softmax(tf.einsum("bhwc,xhwcd->bd", tf.sqrt(x), ramp) / 1000)


def test_views_lie_where_krizhevsky_cut_them():
    corners = [[0, 0, 0], [0, 5, 0], [4, 0, 0], [4, 5, 0]]
    five = [[2, 2, 0], *corners]
    assert view_boxes(Evaluation(crops=5), (7, 9), (3, 4)).tolist() == five
    assert view_boxes(Evaluation(crops=10), (7, 9), (3, 4)).tolist() == five + [[*place, 1] for *place, _ in five]
    assert view_boxes(Evaluation(), (7, 9), (3, 4)).tolist() == [[2, 2, 0]]
    assert view_boxes(Evaluation(flip=True), (7, 9), (7, 9)).tolist() == [[0, 0, 0], [0, 0, 1]]


def test_the_size_before_cutting_is_the_scaled_one():
    assert scaled((224, 224), 1.143) == (256, 256)
    assert scaled((32, 48), 1.25) == (40, 60)


@pytest.mark.parametrize("evaluation", VIEWS, ids=str)
@pytest.mark.parametrize("traced", [False, True])
def test_outputs_are_the_mean_over_the_views(evaluation: Evaluation, traced: bool):
    x = images()
    cuts = [x[:, 1:5, 2:7]]  # of 7 - 4 = 3 rows too many, 1 comes off above and 2 below
    if evaluation.crops > 1:
        cuts += [x[:, :4, :5], x[:, :4, -5:], x[:, -4:, :5], x[:, -4:, -5:]]
    if evaluation.flip or evaluation.crops == 10:
        cuts += [cut[:, :, ::-1] for cut in cuts]
    expected = np.mean([scores(tf.constant(cut)) for cut in cuts], axis=0)

    def run(given: tf.Tensor) -> tf.Tensor:
        return predict_views(scores, given, evaluation, (4, 5))

    found = (tf.function(run) if traced else run)(tf.constant(x))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_pixels_of_a_mirrored_view_are_mirrored_back():
    x = images()

    def pixels(given: tf.Tensor) -> tf.Tensor:
        return tf.sqrt(given) * tf.range(given.shape[2], dtype="float32")[:, None]

    expected = (np.sqrt(x) * np.arange(9)[:, None] + np.sqrt(x) * np.arange(8, -1, -1)[:, None]) / 2
    np.testing.assert_allclose(
        predict_views(pixels, tf.constant(x), Evaluation(flip=True), (7, 9)), expected, rtol=1e-5
    )


def test_a_single_view_keeps_the_logits_that_keras_leaves():
    softmax = keras.layers.Activation("softmax")
    outputs = predict_views(lambda x: softmax(x[:, 0, 0]), tf.constant(images()), Evaluation(), (7, 9))
    np.testing.assert_array_equal(outputs._keras_logits, images()[:, 0, 0])


def test_the_network_is_traced_once_whatever_the_number_of_views():
    calls = []

    def count(x: tf.Tensor) -> tf.Tensor:
        calls.append(x.shape)
        return scores(x)

    tf.function(lambda x: predict_views(count, x, Evaluation(crops=10), (4, 5)))(tf.constant(images()))
    assert calls == [(3, 4, 5, 2)]


@pytest.mark.parametrize(
    ("evaluation", "pixels", "message"),
    [
        (
            Evaluation(crops=5),
            False,
            "crops: 5 need images larger than the network's 32x48: give a scale, such as 1.143",
        ),
        (Evaluation(crops=5, scale=1.5, dense=True), False, "dense sees the whole image, crops: 5 parts of it"),
        (Evaluation(scale=1.5), True, "crops, scale and dense are for one prediction an image"),
        (Evaluation(crops=5), True, "crops, scale and dense are for one prediction an image"),
        (Evaluation(dense=True), True, "crops, scale and dense are for one prediction an image"),
    ],
    ids=str,
)
def test_views_that_cannot_be_averaged_are_refused(evaluation: Evaluation, pixels: bool, message: str):
    with pytest.raises(FactoryError) as caught:
        check_views(evaluation, (32, 48), pixels=pixels)
    assert message in str(caught.value)


def test_views_that_can_be_averaged_are_not():
    check_views(Evaluation(flip=True), (32, 48), pixels=True)
    check_views(Evaluation(crops=10, scale=1.2), (32, 48), pixels=False)
    check_views(Evaluation(dense=True, scale=1.2, flip=True), (32, 48), pixels=False)
