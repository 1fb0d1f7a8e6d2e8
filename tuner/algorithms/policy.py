"""The policy of a controller, an LSTM over tokens, in NumPy: its weights, and drawing from it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tuner.algorithms.tokens import Tokens
from tuner.space import Point

SPREAD = 0.1
"""Weights begin evenly from minus to plus this, so that the first points are almost evenly distributed."""

Weights = dict[str, np.ndarray]
"""float32 arrays: embedding (1 + all tokens, width), kernel (width, 4 hidden), recurrent (hidden, 4 hidden), bias
(4 hidden,), head (dimensions, hidden, most tokens), head_bias (dimensions, most tokens). Gates in Keras' order: input,
forget, cell, output."""


def first_weights(tokens: Tokens, hidden: int, random: np.random.Generator) -> Weights:
    """Random weights; the forget gate begins open (Jozefowicz et al. 2015), the heads' offsets at zero."""
    dimensions, most = len(tokens.counts), max(tokens.counts, default=1)
    shapes = {
        "embedding": (1 + sum(tokens.counts), hidden),
        "kernel": (hidden, 4 * hidden),
        "recurrent": (hidden, 4 * hidden),
        "bias": (4 * hidden,),
        "head": (dimensions, hidden, most),
        "head_bias": (dimensions, most),
    }
    weights = {name: random.uniform(-SPREAD, SPREAD, shape).astype("float32") for name, shape in shapes.items()}
    weights["bias"][:] = np.repeat(np.array([0, 1, 0, 0], "float32"), hidden)
    weights["head_bias"][:] = 0
    return weights


class Policy:
    """Draws points from fixed weights, a dimension at a time; a call of Keras would take longer than a whole point."""

    def __init__(self, tokens: Tokens, weights: Weights):
        self.tokens, self.weights = tokens, weights
        self._inputs = weights["embedding"] @ weights["kernel"] + weights["bias"]
        self._hidden = weights["recurrent"].shape[0]

    def draw(self, random: np.random.Generator, temperature: float = 1.0) -> Point:
        """A point; at a high temperature all tokens are equally probable."""
        tokens = self.tokens

        def choose(index: int, logits: np.ndarray) -> int:
            return int(np.argmax(logits / temperature + random.gumbel(size=len(logits))))

        point: Point = {}
        value = lambda index, token: tokens.value(index, token, random)  # noqa: E731
        self._walk(point, choose, value)
        return point

    def log_probability(self, point: Point) -> float:
        """The logarithm of the probability of a point's tokens."""
        total = 0.0

        def choose(index: int, logits: np.ndarray) -> int:
            nonlocal total
            token = self.tokens.token(index, point[self.tokens.space.dimensions[index].name])
            top = logits.max()
            total += float(logits[token] - top - np.log(np.exp(logits - top).sum()))
            return token

        names = [dimension.name for dimension in self.tokens.space]
        self._walk({}, choose, lambda index, token: point[names[index]])
        return total

    def _walk(self, point: Point, choose: Callable[[int, np.ndarray], int], value: Callable[[int, int], Any]) -> None:
        """Fills a point: chooses a token of every dimension that takes part by its logits, (tokens,) float64."""
        space, weights = self.tokens.space, self.weights
        state, cell, last = np.zeros(self._hidden, "float32"), np.zeros(self._hidden, "float32"), 0
        for index, dimension in enumerate(space):
            if not space.takes_part(dimension, point):
                continue
            gates = self._inputs[last] + state @ weights["recurrent"]
            enter, keep, new, out = np.split(gates, 4)
            cell = sigmoid(keep) * cell + sigmoid(enter) * np.tanh(new)
            state = sigmoid(out) * np.tanh(cell)
            count = self.tokens.counts[index]
            logits = state @ weights["head"][index, :, :count] + weights["head_bias"][index, :count]
            token = choose(index, logits.astype("float64"))
            point[dimension.name] = value(index, token)
            last = self.tokens.number(index, token)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


def as_text(arrays: Sequence[np.ndarray]) -> list[str]:
    """Arrays as base64 of their float32 values."""
    return [base64.b64encode(np.asarray(array).astype("<f4").tobytes()).decode() for array in arrays]


def from_text(texts: Sequence[str], shapes: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """The arrays of `as_text`, of these shapes."""
    pairs = zip(texts, shapes, strict=True)
    return [np.frombuffer(base64.b64decode(text), "<f4").reshape(shape).astype("float32") for text, shape in pairs]


def weights_from_text(texts: Mapping[str, str], like: Weights) -> Weights:
    """Weights by name, of the shapes of others."""
    return {name: from_text([texts[name]], [array.shape])[0] for name, array in like.items()}
