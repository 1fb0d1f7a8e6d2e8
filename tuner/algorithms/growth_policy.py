"""Reads a network, a token a dimension, and decides for each whether it grows: a bidirectional LSTM, in NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tuner.algorithms.growing import growable, larger
from tuner.algorithms.policy import SPREAD, Weights, sigmoid
from tuner.algorithms.tokens import Tokens
from tuner.space import Point


def first_growth_weights(tokens: Tokens, hidden: int, random: np.random.Generator) -> Weights:
    """Random weights: embedding (1 + all tokens, width), of the two LSTMs forward_* and backward_* as a controller has
    them, head (dimensions, 2 hidden) and head_bias (dimensions,). The forget gates begin open, and so that of all
    dimensions one grows.
    """
    dimensions = len(tokens.counts)
    shapes = {"embedding": (1 + sum(tokens.counts), hidden), "head": (dimensions, 2 * hidden)}
    for way in ("forward", "backward"):
        shapes |= {f"{way}_kernel": (hidden, 4 * hidden), f"{way}_recurrent": (hidden, 4 * hidden)}
    weights = {name: random.uniform(-SPREAD, SPREAD, shape).astype("float32") for name, shape in shapes.items()}
    gates = np.repeat(np.array([0, 1, 0, 0], "float32"), hidden)
    share = min(0.5, 1 / max(dimensions, 1))
    return weights | {
        "forward_bias": gates,
        "backward_bias": gates.copy(),
        "head_bias": np.full(dimensions, np.log(share / (1 - share)), "float32"),
    }


class GrowthPolicy:
    """Draws what grows from fixed weights; a call of Keras would take longer than a whole proposal."""

    def __init__(self, tokens: Tokens, weights: Weights):
        self.tokens, self.weights = tokens, weights

    def sequence(self, point: Point) -> tuple[np.ndarray, np.ndarray]:
        """A point for the network: (dimensions,) int32, the token of each value, 0 where the dimension takes no part;
        and whether it takes part, (dimensions,) bool.
        """
        space, tokens = self.tokens.space, self.tokens
        present = np.array([dimension.name in point for dimension in space], "bool")
        numbers = [
            tokens.number(index, tokens.token(index, point[dimension.name])) if there else 0
            for index, (dimension, there) in enumerate(zip(space, present, strict=True))
        ]
        return np.array(numbers, "int32"), present

    def logits(self, point: Point) -> np.ndarray:
        """(dimensions,) float32: of the probability that each grows."""
        numbers, present = self.sequence(point)
        places = np.flatnonzero(present)
        embedded = self.weights["embedding"][numbers[places]]
        hidden = embedded.shape[1]
        states = np.zeros((len(numbers), 2 * hidden), "float32")
        states[places, :hidden] = self._read("forward", embedded)
        states[places, hidden:] = self._read("backward", embedded[::-1])[::-1]
        return (states * self.weights["head"]).sum(axis=1) + self.weights["head_bias"]

    def drawing(self, point: Point) -> Callable[[np.random.Generator, float], Point]:
        """Draws the values of a point with some of them one step larger; at a high temperature half of them."""
        logits, space = self.logits(point), self.tokens.space
        steps = {
            d.name: larger(d, point[d.name]) for d, able in zip(space, growable(space, point), strict=True) if able
        }

        def draw(random: np.random.Generator, temperature: float = 1.0) -> Point:
            grows = random.uniform(size=len(logits)) < sigmoid(logits / temperature)
            taken = {d.name for d, chosen in zip(space, grows, strict=True) if chosen}
            return {name: steps[name] if name in taken & steps.keys() else value for name, value in point.items()}

        return draw

    def _read(self, way: str, embedded: np.ndarray) -> np.ndarray:
        """The states of an LSTM after each of these, (steps, hidden)."""
        weights = self.weights
        inputs = embedded @ weights[f"{way}_kernel"] + weights[f"{way}_bias"]
        state = cell = np.zeros(embedded.shape[1], "float32")
        states = np.zeros_like(embedded)
        for step, given in enumerate(inputs):
            enter, keep, new, out = np.split(given + state @ weights[f"{way}_recurrent"], 4)
            cell = sigmoid(keep) * cell + sigmoid(enter) * np.tanh(new)
            states[step] = state = sigmoid(out) * np.tanh(cell)
        return states
