"""The objective adds up the losses of the output, of further heads and of the teacher, as NumPy does."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from factory.train.losses import make_loss
from factory.train.objective import Objective, soft_cross_entropy
from factory.train.recipe.sections import Distill, Loss

RNG = np.random.default_rng(0)
TARGETS = tf.constant([0, 2], "int32")
LOSS = make_loss(Loss(), "classes", ("a", "b", "c"))


def softmax(logits: np.ndarray) -> np.ndarray:
    values = np.exp(logits - logits.max(-1, keepdims=True))
    return values / values.sum(-1, keepdims=True)


def cross_entropy(probabilities: np.ndarray) -> np.ndarray:
    return -np.log(probabilities[np.arange(2), TARGETS.numpy()])


def test_heads_in_training_count_with_their_weight():
    heads = [softmax(RNG.normal(size=(2, 3))).astype("float32") for _ in range(3)]
    found = Objective(LOSS, auxiliary=0.3)(None, TARGETS, [tf.constant(head) for head in heads])
    expected = cross_entropy(heads[0]) + 0.3 * (cross_entropy(heads[1]) + cross_entropy(heads[2]))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_teachers_share_is_the_divergence_of_softened_probabilities(temperature):
    taught, learned = RNG.normal(size=(2, 2, 3)) * 3
    p, q = softmax(taught / temperature), softmax(learned / temperature)
    expected = temperature**2 * np.sum(p * np.log(p / q), axis=-1)
    found = soft_cross_entropy(*(tf.constant(x, "float32") for x in (taught, learned)), temperature)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_distillation_mixes_label_and_teacher():
    inputs = keras.Input((4,))
    teacher = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    images = RNG.normal(size=(2, 4)).astype("float32")
    output = softmax(RNG.normal(size=(2, 3))).astype("float32")
    distill = Distill(teacher="t.keras", temperature=2.0, weight=0.7)
    found = Objective(LOSS, teacher=teacher, distill=distill)(images, TARGETS, [tf.constant(output)])
    p = softmax(np.log(np.array(teacher(images))) / 2)
    q = softmax(np.log(output) / 2)
    expected = 0.7 * 4 * np.sum(p * np.log(p / q), axis=-1) + 0.3 * cross_entropy(output)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_learner_equal_to_its_teacher_has_no_divergence():
    logits = tf.constant(RNG.normal(size=(5, 3)), "float32")
    np.testing.assert_allclose(soft_cross_entropy(logits, logits, 3.0), 0, atol=1e-6)
