"""A Keras model compiled as a recipe says, as far as `compile` can say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from factory.train.data.dataset import IGNORED, Task
from factory.train.losses import at_size_of, make_loss
from factory.train.measures import MANY, THRESHOLD, TOP
from factory.train.optimizers import make_optimizer
from factory.train.recipe.sections import Loss, Recipe, Regularize
from factory.train.weights import freeze, is_bias, is_norm


def compile_model(model: keras.Model, recipe: Recipe, task: Task) -> keras.Model:
    """Compiles a model with the optimiser, loss, penalties, frozen stages and measures of a recipe; returns it.

    The learning rate stays at the schedule's peak. What belongs to the data, to several phases or to the moving average
    of weights is not part of a compiled model: `factory.fit` trains with all of it.

    Labels are class numbers, (batch,) or (batch, 1), or shares of classes, (batch, classes); otherwise what `make_loss`
    takes. Raises FactoryError for a loss that does not fit the task.
    """
    freeze(model, recipe.freeze)
    _penalise(model, recipe.regularize)
    model.compile(
        optimizer=make_optimizer(recipe.optimizer, recipe.schedule.peak, model, recipe.precision),
        loss=SampleLoss(recipe.loss, task, int(model.outputs[0].shape[-1])),
        metrics=_measures(task, int(model.outputs[0].shape[-1])),
    )
    return model


class SampleLoss(keras.losses.Loss):
    """The loss of a recipe, the same as in `factory.fit`. Keras hands it class numbers as floats."""

    def __init__(self, loss: Loss, task: Task, classes: int):
        super().__init__(name="loss")
        self.task = task
        self.of_samples = make_loss(loss, task, [str(number) for number in range(classes)])

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.of_samples(_targets(y_true, y_pred, self.task), y_pred)


def _targets(labels: Any, outputs: Any, task: Task) -> Any:
    """Labels as the losses take them: class numbers as whole numbers without a last axis, all others as floats."""
    labels, rank = tf.convert_to_tensor(labels), outputs.shape.rank
    if task in ("classes", "pixels") and (labels.shape.rank < rank or labels.shape[-1] == 1):
        return tf.cast(tf.reshape(labels, tf.shape(labels)[: rank - 1]), "int32")
    return tf.cast(labels if labels.shape.rank == rank else labels[..., None], "float32")


def _measures(task: Task, classes: int) -> Sequence[keras.metrics.Metric]:
    """Metrics of the names and meanings of `factory.train.measures`."""
    if task == "values":
        return [
            keras.metrics.MeanAbsoluteError(name="mean_absolute_error"),
            keras.metrics.RootMeanSquaredError(name="root_mean_squared_error"),
        ]
    if task == "labels":
        return [
            keras.metrics.F1Score(average="micro", threshold=THRESHOLD, name="f1"),
            keras.metrics.MeanMetricWrapper(_exact_match, name="exact_match"),
        ]
    if task == "pixels":
        return [PixelIoU(classes)]
    top = [keras.metrics.MeanMetricWrapper(_hit(TOP), name="top5_accuracy")] if classes > MANY else []
    return [keras.metrics.MeanMetricWrapper(_hit(1), name="accuracy"), *top]


class PixelIoU(keras.metrics.MeanIoU):
    """Keras' mean intersection over union of outputs brought to the size of the labels, ignored pixels left out."""

    def __init__(self, classes: int):
        super().__init__(classes, name="mean_iou", ignore_class=IGNORED, sparse_y_pred=False)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        truth = _targets(y_true, y_pred, "pixels")
        return super().update_state(truth, at_size_of(truth, y_pred))


def _hit(best: int) -> Callable[[Any, Any], Any]:
    """Whether the true class, the one with the largest share, is among the `best` most probable; (batch,)."""

    def hit(labels: Any, outputs: Any) -> Any:
        targets = _targets(labels, outputs, "classes")
        truth = targets if targets.dtype.is_integer else tf.argmax(targets, axis=-1, output_type="int32")
        _, guessed = tf.math.top_k(outputs, best)
        return tf.cast(tf.reduce_any(guessed == truth[:, None], axis=-1), "float32")

    return hit


def _exact_match(labels: Any, outputs: Any) -> Any:
    same = (tf.cast(labels, "float32") > THRESHOLD) == (outputs > THRESHOLD)
    return tf.cast(tf.reduce_all(same, axis=-1), "float32")


def _penalise(model: keras.Model, section: Regularize) -> None:
    """Keras adds l1 * sum |w| + l2 * sum w^2 of every trainable weight that has a regulariser to the loss."""
    if not (section.l1 or section.l2):
        return
    for layer in model.layers:
        for weight in layer.trainable_variables:
            left_out = ("norm" in section.exclude and is_norm(layer)) or ("bias" in section.exclude and is_bias(weight))
            weight.regularizer = None if left_out else keras.regularizers.L1L2(section.l1, section.l2)
