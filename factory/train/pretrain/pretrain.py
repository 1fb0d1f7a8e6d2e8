"""Greedy layer-wise pre-training: one layer after the other learns from what those before it make of the images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.pretrain.autoencoder import DenoisingAutoencoder
from factory.train.pretrain.layer import Inputs, LayerTrainer
from factory.train.pretrain.rbm import RestrictedBoltzmannMachine
from factory.train.pretrain.stack import Stack, StackLayer, find_stack
from factory.train.recipe.sections import Pretrain

Batches = Callable[[int], Iterable[Any]]
"""Batches of images, (b, h, w, c) of 0 to 255, for the pass over the data of this number: 0, 1, 2, ..."""

_METHODS: dict[str, type[RestrictedBoltzmannMachine] | type[DenoisingAutoencoder]] = {
    "rbm": RestrictedBoltzmannMachine,
    "autoencoder": DenoisingAutoencoder,
}


@dataclass(frozen=True)
class LayerReport:
    """How a layer's pre-training went: the mean squared reconstruction error of a value, epoch by epoch.

    Inputs of the layer within 0 to 1 are taken as they are, others in shares of their range.
    """

    layer: str
    errors: tuple[float, ...]


def pretrain(
    model: keras.Model,
    images: np.ndarray | Batches,
    section: Pretrain,
    seed: int,
    say: Callable[[str], None],
) -> list[LayerReport]:
    """Trains the first stack of a model without labels and leaves the weights in it; a line a layer is said.

    Deep belief networks: Hinton, Osindero and Teh 2006. Stacked denoising autoencoders: Vincent et al. 2010. Which
    layers these are: `find_stack`. The first layer learns from the images as the network's preprocessing gives them,
    each later one from the outputs of the layers before it, which do not change any more. The same seed, images and
    weights give the same weights.

    images: (n, h, w, c) of 0 to 255, shuffled anew every pass and cut into batches of `section.batch_size`, the last
        one smaller; or a function that gives batches, called once an epoch and once before each layer, to measure
        what the layer reads.

    Raises FactoryError for a model without such a stack, more layers wanted than there are, an activation that
    Boltzmann machines do not have, images of another shape, inputs that are all the same, and when a loss is no finite
    number any more; the model's weights are those of the layers finished until then.
    """
    members = _chosen(find_stack(model), section, say)
    batches = images if callable(images) else _shuffled(images, section.batch_size, seed)
    numbers = count()
    reports = []
    for index, member in enumerate(members):
        name, read = member.layer.name, _Reader(model, member)
        trainer = _METHODS[section.method](member, _measure(read, batches(next(numbers))), section)
        train, errors = _Epochs(trainer, read), []
        for epoch in range(section.epochs):
            errors.append(train(batches(next(numbers)), _seed_of(seed, index, epoch)))
            if not math.isfinite(errors[-1]):
                raise FactoryError(
                    f"pretrain: layer {name}: the reconstruction error is {errors[-1]} in epoch {epoch + 1}; "
                    f"the learning rate {section.learning_rate:g} is too high"
                )
        trainer.finish()
        reports.append(LayerReport(name, tuple(errors)))
        say(
            f"pretrain: {name} ({section.method}): reconstruction error {errors[0]:.4g} in the first epoch, "
            f"{errors[-1]:.4g} in epoch {section.epochs}"
        )
    return reports


def _seed_of(*parts: int) -> int:
    """One number of 31 bits from several: neighbouring seeds, layers and epochs have nothing in common."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0] >> 1)


def _chosen(stack: Stack, section: Pretrain, say: Callable[[str], None]) -> tuple[StackLayer, ...]:
    found = len(stack.layers)
    if section.layers > found:
        raise FactoryError(
            f"pretrain.layers: the stack before {stack.end} has {found} layer(s), received {section.layers}"
        )
    members = stack.layers[: section.layers or found]
    for member in members:
        _METHODS[section.method].check(member)
    names = ", ".join(member.layer.name for member in members)
    say(f"pretrain: {len(members)} of {found} layer(s) before {stack.end}: {names}")
    return members


def _shuffled(images: np.ndarray, batch_size: int, seed: int) -> Batches:
    def batches(number: int) -> Iterator[np.ndarray]:
        order = np.random.default_rng([seed, number]).permutation(len(images))
        for start in range(0, len(order), batch_size):
            yield images[order[start : start + batch_size]]

    return batches


class _Reader:
    """From batches of images to what a layer reads."""

    def __init__(self, model: keras.Model, member: StackLayer):
        self.layer = member.layer.name
        self.shape = tuple(model.inputs[0].shape[1:])
        self._before = keras.Model(model.inputs[0], member.before, name="before")

    @property
    def signature(self) -> tf.TensorSpec:
        """Images in numbers that differ from batch to batch: one trace does for all."""
        return tf.TensorSpec((None, *self.shape), "float32")

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """What the layer reads, as in inference."""
        return tf.cast(self._before(images, training=False), "float32")

    def images(self, batches: Iterable[Any]) -> Iterator[tf.Tensor]:
        """The batches of a pass as tensors, at least one."""
        images = None
        for batch in batches:
            images = tf.cast(tf.convert_to_tensor(batch), "float32")
            if not images.shape.is_compatible_with(self.signature.shape):
                expected = ", ".join("any" if size is None else str(size) for size in self.shape)
                raise FactoryError(
                    f"pretrain: expected images of shape (n, {expected}), received {tuple(images.shape)}"
                )
            yield images
        if images is None:
            raise FactoryError("pretrain: expected at least one batch of images in every pass, received none")


def _measure(read: _Reader, batches: Iterable[Any]) -> Inputs:
    """Range and means of what a layer reads."""

    def measured(images: tf.Tensor) -> tuple[tf.Tensor, ...]:
        values = read(images)
        places = tf.reshape(values, (-1, values.shape[-1]))
        return tf.reduce_min(values), tf.reduce_max(values), tf.reduce_mean(places, 0), tf.shape(places)[0]

    run = _traced(measured, read.signature)
    seen = [[value.numpy() for value in run(images)] for images in read.images(batches)]
    lowest, highest = float(min(low for low, *_ in seen)), float(max(high for _, high, *_ in seen))
    if not math.isfinite(lowest + highest) or lowest == highest:
        raise FactoryError(
            f"pretrain: layer {read.layer}: expected inputs that differ, received values from {lowest:g} to {highest:g}"
        )
    means, places = [mean for *_, mean, _ in seen], [number for *_, number in seen]
    return Inputs.of(lowest, highest, np.average(np.array(means, "float64"), axis=0, weights=places))


class _Epochs:
    """Passes over the data that train one layer, traced once."""

    def __init__(self, trainer: LayerTrainer, read: _Reader):
        self._trainer, self._read = trainer, read
        self._run = _traced(self._step, read.signature, tf.TensorSpec((2,), "int64"))

    def __call__(self, batches: Iterable[Any], seed: int) -> float:
        """One pass; returns the mean error of its samples."""
        samples, error = 0, tf.constant(0.0)
        for step, images in enumerate(self._read.images(batches)):
            error += self._run(images, tf.constant([seed, step], "int64"))
            samples += len(images)
        return float(error) / samples

    def _step(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(self._trainer.step(self._read(images), seed))


def _traced(step: Callable[..., Any], *signature: tf.TensorSpec) -> Callable[..., Any]:
    """The function as one graph; a function of its own a layer, which TensorFlow would take for needless retracing."""
    return tf.function(step, input_signature=signature, autograph=False).get_concrete_function()
