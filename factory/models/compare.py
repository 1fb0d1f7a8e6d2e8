"""Whether two models compute the same, in a way that cannot be passed by accident."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import numpy as np

from factory.errors import FactoryError


def random_images(model: keras.Model, count: int = 4, seed: int = 0, size: int = 64) -> np.ndarray:
    """Images (count, h, w, c) of values from 0 to 255 in the model's input shape; free sizes become `size`."""
    shape = [size if n is None else n for n in model.input_shape[1:]]
    return np.random.default_rng(seed).uniform(0, 255, (count, *shape)).astype("float32")


def perturb(model: keras.Model, seed: int = 0, images: np.ndarray | None = None) -> None:
    """Gives every weight a part in the outputs: as they start, statistics and biases are zeros and ones.

    Scales, offsets and biases are moved at random, by about a fifth of the size of what they act on. One pass in
    training mode on random images then sets the batch-norm statistics, and these are moved by about a tenth. Give
    `images` where the model wants other values than 0 to 255: statistics of another range would drown what tells
    images apart.
    """
    rng = np.random.default_rng(seed)
    _move(model, rng, statistics=False)
    # statistics that do not fit (taken before the weights move, of few values, moved far) make a deep network enlarge
    # any rounding error from norm to norm, until equal networks differ
    norms = [layer for layer in _all_layers(model) if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in norms]
    try:
        for layer in norms:
            layer.momentum = 0.0  # the statistics become those of this one batch
        model(_batch(model, seed) if images is None else images, training=True)
    finally:
        for layer, momentum in zip(norms, momenta, strict=True):
            layer.momentum = momentum
    _move(model, rng, statistics=True)


def _batch(model: keras.Model, seed: int) -> np.ndarray:
    """Random images for statistics: the smaller, the more."""
    pixels = math.prod(n or 64 for n in model.input_shape[1:-1])
    return random_images(model, min(32, max(4, 2**18 // pixels)), seed)


def _move(model: keras.Model, rng: np.random.Generator, statistics: bool) -> None:
    """Moves the means and variances of a model, or all its other weights but kernels."""
    for layer in _all_layers(model):
        for weight in layer.weights:
            if "kernel" in weight.name or weight.name == "count":
                continue
            if weight.name.endswith(("mean", "variance")) == statistics:
                weight.assign(_moved(weight, layer, rng))
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def _moved(weight: keras.Variable, layer: keras.Layer, rng: np.random.Generator) -> np.ndarray:
    value = keras.ops.convert_to_numpy(weight)
    if weight.name.endswith("variance"):
        return value * rng.uniform(0.9, 1.1, value.shape)
    noise = 0.2 * rng.normal(size=value.shape)
    if weight.name.endswith("mean"):
        noise /= 2
        [variance] = [other for other in layer.weights if other.name.endswith("variance")]
        noise = noise * np.sqrt(keras.ops.convert_to_numpy(variance))
    return value + noise


def _all_layers(model: keras.Model) -> list[keras.Layer]:
    """The layers of a model and of the models in it, each once."""
    found: dict[int, keras.Layer] = {}
    for layer in model.layers:
        for inner in _all_layers(layer) if isinstance(layer, keras.Model) else [layer]:
            found[id(inner)] = inner
    return list(found.values())


def logits(model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    """The outputs of a functional or sequential model for these images, taken before a final softmax or sigmoid."""
    names = [model.layers[-1].name] if isinstance(model, keras.Sequential) else model.output_names
    with _open_ended([layer for layer in model.layers if layer.name in names]):
        values = model(images, training=False)
    return [keras.ops.convert_to_numpy(value) for value in (values if len(names) > 1 else [values])]


@contextmanager
def _open_ended(layers: list[keras.Layer]) -> Iterator[None]:
    """Meanwhile these layers leave their softmax or sigmoid out.

    A second model that ends before it would give the same, but takes Keras as long to make as the first.
    """
    soft = [layer for layer in layers if layer.get_config().get("activation") in ("softmax", "sigmoid")]
    whole = [layer for layer in layers if isinstance(layer, keras.layers.Softmax)]
    activations = [layer.activation for layer in soft]
    try:
        for layer in soft:
            layer.activation = keras.activations.linear
        for layer in whole:
            layer.call = lambda inputs, mask=None: inputs
        yield
    finally:
        for layer, activation in zip(soft, activations, strict=True):
            layer.activation = activation
        for layer in whole:
            del layer.call


@dataclass(frozen=True)
class Difference:
    """How far two sets of outputs are apart: the largest difference, the largest spread between images, the verdict."""

    difference: float
    spread: float
    largest: float
    tolerance: float

    @property
    def sensitive(self) -> bool:
        """Whether the outputs depend on the image at all: only then does their equality say anything."""
        return self.spread > 0.01 * self.largest

    @property
    def ok(self) -> bool:
        return self.sensitive and self.difference <= self.tolerance * self.spread

    def __str__(self) -> str:
        verdict = "equal" if self.ok else "different" if self.sensitive else "outputs hardly depend on the image"
        return f"{verdict}: largest difference {self.difference:.2g}, spread between images {self.spread:.2g}"


def compare_outputs(
    a: keras.Model | list[np.ndarray], b: keras.Model | list[np.ndarray], images: np.ndarray, tolerance: float = 1e-4
) -> Difference:
    """Compares the logits of two models, or logits that were computed already, for the same images.

    `tolerance` is relative to the spread between images: 1e-4, or 1e-3 across frameworks. Of several outputs the
    worst decides. Raises FactoryError where numbers or shapes of the outputs differ.
    """
    if len(images) < 2:
        raise FactoryError("comparing outputs needs two different images at least")
    left, right = (logits(side, images) if isinstance(side, keras.Model) else side for side in (a, b))
    if [value.shape for value in left] != [value.shape for value in right]:
        shapes = " and ".join(str([value.shape for value in side]) for side in (left, right))
        raise FactoryError(f"the outputs have different shapes: {shapes}")
    differences = [_difference(x, y, tolerance) for x, y in zip(left, right, strict=True)]
    return min(differences, key=lambda found: (found.ok, found.sensitive, -found.difference))


def _difference(x: np.ndarray, y: np.ndarray, tolerance: float) -> Difference:
    return Difference(
        difference=float(np.max(np.abs(x - y))),
        spread=float(np.max(np.ptp(x, axis=0))),
        largest=float(np.max(np.abs(x))),
        tolerance=tolerance,
    )
