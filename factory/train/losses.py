"""Losses of every sample, on the outputs of a network: probabilities, or numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.data.dataset import IGNORED, Task
from factory.train.recipe.sections import Bootstrap, Loss

FITTING: dict[Task, tuple[str, ...]] = {
    "classes": ("cross_entropy", "binary_cross_entropy", "mean_squared_error"),
    "labels": ("binary_cross_entropy",),
    "values": ("mean_squared_error", "mean_absolute_error", "huber"),
    "pixels": ("cross_entropy",),
}
"""The losses that each task can have; `auto` is the first."""
_SMOOTHED = ("cross_entropy", "binary_cross_entropy")
_LEAST = 1e-7
"""Probabilities without logits behind them are kept this far from 0 and 1, as in Keras."""
_ACTIVATIONS = {"Softmax": tf.nn.softmax, "Sigmoid": tf.nn.sigmoid}

SampleLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def make_loss(loss: Loss, task: Task, classes: Sequence[str]) -> SampleLoss:
    """The loss of every sample, a function of (targets, outputs) that gives (batch,) float32.

    Targets are what the data give: for "classes" numbers (batch,) or shares (batch, classes), for "labels" 0 or 1
    (batch, classes), for "values" (batch, numbers), for "pixels" class numbers (batch, height, width), where 255 is
    ignored and a sample's loss is the mean over its other pixels, 0 where there are none.

    Outputs are probabilities, (batch, classes) or (batch, height, width, classes), whose logits are used where Keras
    left them, or the numbers of "values". Pixels of another size than the targets are resized first (bilinear).

    Label smoothing s: (1 - s) * target + s / classes (Szegedy et al. 2016, section 7), with binary_cross_entropy
    (1 - s) * target + s / 2. The loss of several labels or numbers is their mean; huber has a delta of 1. All as in
    Keras.

    Raises FactoryError for a loss that the task cannot have, and for outputs that do not fit the data.
    """
    name = FITTING[task][0] if loss.name == "auto" else loss.name
    if name not in FITTING[task]:
        raise FactoryError(f"loss.name: '{name}' does not fit {task}; expected {' or '.join(FITTING[task])}")
    if loss.label_smoothing and name not in _SMOOTHED:
        raise FactoryError(f"loss.label_smoothing: expected {' or '.join(_SMOOTHED)}, the loss is {name}")
    if loss.bootstrap and name != "cross_entropy":
        raise FactoryError(f"loss.bootstrap: expected cross_entropy, the loss is {name}")
    formula, numbers = _FORMULAS[name], len(classes)
    rank = 4 if task == "pixels" else 2

    def of_each(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        shares = tf.one_hot(targets, numbers) if targets.dtype.is_integer else tf.cast(targets, "float32")
        return formula(shares, outputs, loss)

    def of_samples(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        _check_outputs(outputs, task, rank, numbers)
        if task != "pixels":
            return of_each(targets, outputs)
        truth, counted = counted_pixels(targets)
        each = of_each(truth, at_size_of(targets, outputs)) * counted
        return tf.math.divide_no_nan(tf.reduce_sum(each, axis=(1, 2)), tf.reduce_sum(counted, axis=(1, 2)))

    return of_samples


def logits_of(outputs: tf.Tensor) -> tf.Tensor:
    """The logits behind probabilities, float32: those that Keras left, else the logarithm of the probabilities.

    The second are softmax's logits but for a number that is the same for all classes of a sample.
    """
    logits = getattr(outputs, "_keras_logits", None)
    if logits is not None:
        return tf.cast(logits, "float32")
    return tf.math.log(tf.maximum(tf.cast(outputs, "float32"), np.finfo("float32").tiny))


def counted_pixels(targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Class numbers, 0 where they are ignored, and 1.0 for every pixel that is not; all (batch, height, width)."""
    known = targets != IGNORED
    return tf.where(known, tf.cast(targets, "int32"), 0), tf.cast(known, "float32")


def at_size_of(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Pixel outputs in the size of the targets: as they are, or resized (bilinear); logits are, where Keras left them.

    Chen et al. 2017 (Rethinking Atrous Convolution), section 4.1: so the targets keep their fine detail.
    """
    if outputs.shape[1:3] == targets.shape[1:3]:
        return outputs
    size = tf.shape(targets)[1:3]
    logits = _logits(outputs, "Softmax")
    if logits is None:
        return tf.image.resize(outputs, size)
    resized = tf.image.resize(logits, size)
    outputs = tf.nn.softmax(resized)
    outputs._keras_logits = resized
    return outputs


def _cross_entropy(targets: tf.Tensor, outputs: tf.Tensor, loss: Loss) -> tf.Tensor:
    logits = _logits(outputs, "Softmax")
    if logits is None:
        outputs = outputs / tf.reduce_sum(outputs, axis=-1, keepdims=True)
        logarithms = tf.math.log(tf.clip_by_value(outputs, _LEAST, 1 - _LEAST))
    else:
        logarithms = tf.nn.log_softmax(logits)
    smoothing = loss.label_smoothing
    if smoothing:
        targets = (1 - smoothing) * targets + smoothing / targets.shape[-1]
    if loss.bootstrap:
        targets = _bootstrapped(targets, logarithms, loss.bootstrap)
    return -tf.reduce_sum(targets * logarithms, axis=-1)


def _bootstrapped(targets: tf.Tensor, logarithms: tf.Tensor, bootstrap: Bootstrap) -> tf.Tensor:
    """beta * targets + (1 - beta) * belief (Reed et al. 2015, equation 5 for soft, 6 for hard).

    The soft belief is no constant: its gradient makes this a minimum entropy regularisation, as the paper says. Without
    it, belief against belief has no gradient at all.
    """
    if bootstrap.kind == "soft":
        belief = tf.exp(logarithms)
    else:
        belief = tf.one_hot(tf.argmax(logarithms, axis=-1), targets.shape[-1])
    return bootstrap.beta * targets + (1 - bootstrap.beta) * belief


def _binary_cross_entropy(targets: tf.Tensor, outputs: tf.Tensor, loss: Loss) -> tf.Tensor:
    targets = (1 - loss.label_smoothing) * targets + loss.label_smoothing / 2
    logits = _logits(outputs, "Sigmoid")
    if logits is None:
        outputs = tf.clip_by_value(outputs, _LEAST, 1 - _LEAST)
        each = -targets * tf.math.log(outputs) - (1 - targets) * tf.math.log(1 - outputs)
    else:
        each = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
    return tf.reduce_mean(each, axis=-1)


def _squared(targets: tf.Tensor, outputs: tf.Tensor, loss: Loss) -> tf.Tensor:
    return tf.reduce_mean(tf.square(outputs - targets), axis=-1)


def _absolute(targets: tf.Tensor, outputs: tf.Tensor, loss: Loss) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(outputs - targets), axis=-1)


def _huber(targets: tf.Tensor, outputs: tf.Tensor, loss: Loss) -> tf.Tensor:
    """Huber 1964 with a delta of 1: half the square up to 1, from there on a straight line."""
    distance = tf.abs(outputs - targets)
    return tf.reduce_mean(tf.where(distance <= 1, tf.square(distance) / 2, distance - 0.5), axis=-1)


_FORMULAS: dict[str, Callable[[tf.Tensor, tf.Tensor, Loss], tf.Tensor]] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "mean_squared_error": _squared,
    "mean_absolute_error": _absolute,
    "huber": _huber,
}
"""The loss along the last axis, of targets (shares or numbers) and outputs of one shape."""


def _logits(outputs: tf.Tensor, activation: str) -> tf.Tensor | None:
    """What this activation made the outputs of, None where Keras left nothing or another activation made them."""
    if getattr(outputs, "_keras_logits", None) is None:
        return None
    logits = logits_of(outputs)
    if tf.executing_eagerly():  # an eager tensor does not know its operation
        made = np.allclose(_ACTIVATIONS[activation](logits), outputs, atol=1e-6)
    else:
        made = outputs.op.type == activation
    return logits if made else None


def _check_outputs(outputs: Any, task: Task, rank: int, classes: int) -> None:
    """Raises FactoryError for outputs that are not of this rank and of so many classes."""
    shape = outputs.shape
    if len(shape) == rank and shape[-1] == classes:
        return
    received = "x".join("?" if size is None else str(size) for size in shape[1:])
    expected = f"height x width x {classes}" if rank == 4 else str(classes)
    raise FactoryError(f"the network's output does not fit {task}: expected {expected} a sample, received {received}")
