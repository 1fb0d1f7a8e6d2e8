"""Small networks to pre-train, images for them, and one step of a layer's trainer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

import factory
from factory.train.pretrain.layer import Inputs
from factory.train.pretrain.stack import StackLayer
from factory.train.recipe.sections import Pretrain

FLATTEN: dict[str, Any] = {"block": "flatten"}
HEAD: dict[str, Any] = {"block": "dense", "units": "$classes", "activation": "softmax"}


def network(preprocess: Any = "unit", seed: int = 0, **stages: Any) -> keras.Model:
    """A spec's model on 6 x 6 grey images, with a dense output layer behind these stages."""
    spec = {
        "factory": 1,
        "name": "net",
        "input": {"resolution": 6, "channels": 1, "preprocess": preprocess},
        "classes": 3,
        "conventions": {"norm": "none", "activation": "sigmoid", "padding": "valid"},
        "stages": {**stages, "head": HEAD},
    }
    return factory.build(spec, seed=seed)


def dense(units: int, activation: str = "sigmoid", **more: Any) -> dict[str, Any]:
    return {"block": "dense", "units": units, "activation": activation, **more}


def perceptron(*units: int, preprocess: Any = "unit", activation: str = "sigmoid", seed: int = 0) -> keras.Model:
    """flatten, fc1, fc2, ..., head."""
    layers = {f"fc{number}": dense(width, activation) for number, width in enumerate(units, 1)}
    return network(preprocess, seed, flatten=FLATTEN, **layers)


def bars(count: int = 48, seed: int = 0) -> np.ndarray:
    """Grey images of 6 x 6 with some rows or some columns white: (count, 6, 6, 1) of 0 to 255."""
    rng = np.random.default_rng(seed)
    lines = rng.uniform(size=(count, 6, 1)) < 0.3
    images = np.where(rng.uniform(size=(count, 1, 1)) < 0.5, lines, lines.swapaxes(1, 2))
    return (255.0 * np.broadcast_to(images, (count, 6, 6))[..., None]).astype("float32")


def built(layer: keras.Layer, shape: tuple[int, ...], seed: int = 0) -> keras.Layer:
    """The layer with random weights of about 1."""
    layer.build((None, *shape))
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.weights])
    return layer


def member(layer: keras.Layer, *tail: keras.Layer) -> StackLayer:
    """A layer by itself, as a stack has it."""
    return StackLayer(layer, keras.Input((None,)), tail)


def inputs(channels: int, lowest: float = 0.0, span: float = 1.0) -> Inputs:
    """Inputs whose mean is the middle of their range, so that visible biases of machines begin at 0."""
    return Inputs(lowest, span, np.full(channels, 0.5))


def one_step(kind: Any, layer: keras.Layer, data: np.ndarray, section: Pretrain, given: Inputs, seed: int = 0) -> Any:
    """A trainer after one step on these inputs of the layer, and the changes of its variables by name."""
    trainer = kind(member(layer), given, section)
    before = {variable.name: np.array(variable) for variable in trainer.variables}
    trainer.step(tf.constant(data, "float32"), tf.constant([seed, 0], "int64"))
    return trainer, {variable.name: np.array(variable) - before[variable.name] for variable in trainer.variables}


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
