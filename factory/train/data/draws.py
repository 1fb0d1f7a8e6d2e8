"""Random numbers of an epoch: functions of seed, epoch and sample, so that an epoch can be begun in its middle."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np


class Law(NamedTuple):
    """How a number is distributed: uniform in [0, 1), standard normal, or beta(alpha, alpha) for an alpha above 0."""

    name: str
    alpha: float = 0.0

    def draw(self, generator: np.random.Generator, size: int) -> np.ndarray:
        """So many independent numbers, float32."""
        if self.name == "uniform":
            return generator.random(size, dtype=np.float32)
        if self.name == "normal":
            return generator.standard_normal(size, dtype=np.float32)
        return generator.beta(self.alpha, self.alpha, size).astype(np.float32)


UNIFORM = Law("uniform")
NORMAL = Law("normal")


def beta(alpha: float) -> Law:
    return Law("beta", alpha)


class Stream(IntEnum):
    """What random numbers are for; each has a generator of its own."""

    ORDER = 0
    SIZES = 1
    AUGMENT = 2


def generator(seed: int, epoch: int, *stream: int) -> np.random.Generator:
    """A counter-based generator (Philox, Salmon et al. 2011) for one purpose in one epoch."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, epoch, *stream))))


def sample_order(size: int, seed: int, epoch: int) -> np.ndarray:
    """The samples in the order of an epoch: a uniform permutation, (size,) int64."""
    return generator(seed, epoch, Stream.ORDER).permutation(size)


def sample_draws(laws: Sequence[Sequence[Law]], size: int, seed: int, epoch: int) -> np.ndarray:
    """The random numbers of every sample in an epoch, (size, k) float32; row i belongs to sample i.

    `laws` has the laws of each augmentation's numbers; k is how many there are together. The numbers of one
    augmentation do not depend on what the others are.
    """
    matrix = np.empty((size, sum(map(len, laws))), np.float32)
    column = 0
    for position, own in enumerate(laws):
        source = generator(seed, epoch, Stream.AUGMENT, position)
        for law in own:
            matrix[:, column] = law.draw(source, size)
            column += 1
    return matrix


def batch_choices(options: int, steps: int, seed: int, epoch: int) -> np.ndarray:
    """One of so many options for every step of an epoch, (steps,) int64."""
    return generator(seed, epoch, Stream.SIZES).integers(options, size=steps)
