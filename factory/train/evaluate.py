"""Evaluation of a network: the measures of batches, over several views of every image where a recipe asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.spec import Spec
from factory.train.dense import copy_dense_weights, dense_model
from factory.train.graphs import quick_start
from factory.train.measures import Measures
from factory.train.objective import all_outputs
from factory.train.recipe.sections import Evaluation
from factory.train.views import Size, check_views, predict_views, scaled

Batches = Iterable[tuple[Any, Any, Any]]
"""Images (batch, h, w, c) of pixels 0 to 255, targets and weights (batch,); padding has a weight of 0."""


class Outputs(NamedTuple):
    """What a network gives for a batch, the mean over all views, and what it should have given; arrays."""

    outputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class Evaluator:
    """Evaluates one model again and again, with whatever weights it has then; traced once for a shape of batches.

    loss, measures: as `make_loss` and `make_measures` make them.
    evaluation: the views of every image; batches bring images of `scaled(resolution, evaluation.scale)`.
    resolution: (height, width) that the network sees.
    strategy: batches are spread over its replicas.
    spec: what the model was built from, needed for dense views only.

    Raises FactoryError for views that do not fit the network.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: Callable[[Any, Any], tf.Tensor],
        measures: Measures,
        evaluation: Evaluation,
        resolution: Size,
        strategy: tf.distribute.Strategy | None = None,
        spec: Spec | None = None,
    ):
        check_views(evaluation, resolution, pixels=len(model.outputs[0].shape) == 4)
        self.loss, self.measures = loss, measures
        self._model, self._evaluation, self._strategy = model, evaluation, strategy
        self._image = scaled(resolution, evaluation.scale)
        self._view = self._image if evaluation.dense else resolution
        self._dense = self._dense_model(spec) if evaluation.dense else None
        self._sums = {name: tf.Variable(tf.cast(zero, "float64")) for name, zero in measures.zeros().items()}
        self._run = tf.function(self._step, autograph=False)

    def evaluate(self, batches: Batches) -> dict[str, float]:
        """The measures of all samples, "loss" among them. Raises FactoryError where there are none."""
        for _ in self._each(batches):
            pass
        return self.results()

    def outputs(self, batches: Batches) -> np.ndarray:
        """The network's outputs for every sample, in order, without padding; several views are averaged."""
        return np.concatenate([batch.outputs[batch.weights > 0] for batch in self.steps(batches)])

    def steps(self, batches: Batches) -> Iterator[Outputs]:
        """Evaluates batch by batch, for those who want more than the measures: `results` has these afterwards."""
        for parts in self._each(batches):
            yield Outputs(*(np.asarray(self._gathered(part)) for part in parts))

    def results(self) -> dict[str, float]:
        """The measures of the samples evaluated last."""
        return self.measures.results({name: value.numpy() for name, value in self._sums.items()})

    def _dense_model(self, spec: Spec | None) -> keras.Model:
        if spec is None:
            raise FactoryError("evaluation: dense builds the network anew for larger images: its spec is needed")
        with self._strategy.scope() if self._strategy else nullcontext():
            return dense_model(self._model, spec, self._image)

    def _each(self, batches: Batches) -> Iterator[tuple[Any, Any, Any]]:
        """Outputs, targets and weights of every batch, while the sums grow from zero."""
        if self._dense is not None:
            copy_dense_weights(self._model, self._dense)
        for total in self._sums.values():
            total.assign(tf.zeros_like(total))
        if self._strategy and isinstance(batches, tf.data.Dataset):
            batches = self._strategy.experimental_distribute_dataset(batches)
        empty = True
        for images, targets, weights in batches:
            empty = False
            with quick_start():  # not around the loop: others run between our batches
                outputs = self._run(images, targets, weights)
            yield outputs, targets, weights
        if empty:
            raise FactoryError("there are no samples to evaluate")

    def _step(self, images: Any, targets: Any, weights: Any) -> Any:
        if self._strategy is None:
            sums, outputs = self._on_replica(images, targets, weights)
        else:
            parts, outputs = self._strategy.run(self._on_replica, args=(images, targets, weights))
            sums = {name: self._strategy.reduce("SUM", part, axis=None) for name, part in parts.items()}
        for name, total in self._sums.items():
            total.assign_add(tf.cast(sums[name], total.dtype))
        return outputs

    def _on_replica(
        self, images: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        images = tf.cast(images, "float32")
        if images.shape[1:3] != self._image:
            sizes = " and ".join(f"{height}x{width}" for height, width in (images.shape[1:3], self._image))
            raise FactoryError(f"evaluation: batches have images of another size than expected: {sizes}")
        outputs = predict_views(self._predict, images, self._evaluation, self._view)
        return self.measures.sums(targets, outputs, weights, self.loss(targets, outputs)), outputs

    def _predict(self, images: tf.Tensor) -> tf.Tensor:
        return all_outputs(self._dense or self._model, images, training=False)[0]

    def _gathered(self, value: Any) -> Any:
        """A tensor, its parts on all replicas one after the other."""
        return self._strategy.gather(value, axis=0) if self._strategy else value
