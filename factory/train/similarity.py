"""How alike networks see images, layer by layer: representational similarity analysis, linear CKA, scaling to a map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import keras
import numpy as np
from scipy.stats import rankdata

from factory.errors import FactoryError
from factory.train.representations import Patterns, read_patterns

Correlation = Literal["pearson", "spearman"]
LEAST = 4
"""Images that a comparison needs: fewer make too few dissimilarities to correlate."""
_DIGITS = 9


class Entry(NamedTuple):
    """A layer of a network."""

    run: str
    layer: str


class Spread(NamedTuple):
    """Mean, standard deviation, least and greatest over pairs of networks; nan where no pair is defined."""

    mean: float
    std: float
    min: float
    max: float


class LayerSimilarity(NamedTuple):
    """How alike the networks are at a layer, over all pairs of those that have it."""

    layer: str
    pairs: int
    rsa: Spread
    cka: Spread


@dataclass(frozen=True)
class Similarity:
    """How alike all layers of all networks are. Matrices (n, n) are in the order of `entries`, nan where undefined.

    rsa: correlation of the representational dissimilarity matrices (RDMs) of two layers: Pearson's squared, their
        shared variance, the consistency of Mehrer et al. 2020; or Spearman's as it is.
    cka: linear centred kernel alignment (Kornblith et al. 2019), 0 to 1.
    positions: (n, 2), classical scaling of the RDMs, whose distance is sqrt(2 - 2 correlation): near is alike.
    explained: the share of the squared distances that the two dimensions hold.
    """

    entries: tuple[Entry, ...]
    samples: int
    rsa: np.ndarray
    cka: np.ndarray
    positions: np.ndarray
    explained: float

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(entry.run for entry in self.entries))

    def layers(self, run: str) -> tuple[str, ...]:
        """The layers of a network, in its order."""
        return tuple(entry.layer for entry in self.entries if entry.run == run)

    @property
    def same_layers(self) -> bool:
        """Whether all networks have layers of the same names."""
        return len({self.layers(run) for run in self.runs}) == 1

    def table(self) -> list[LayerSimilarity]:
        """A row for each layer that two networks or more have, in the order of the networks."""
        rows = []
        for layer in dict.fromkeys(entry.layer for entry in self.entries):
            places = [index for index, entry in enumerate(self.entries) if entry.layer == layer]
            pairs = list(combinations(places, 2))
            if pairs:
                rsa, cka = (_spread(np.array([matrix[pair] for pair in pairs])) for matrix in (self.rsa, self.cka))
                rows.append(LayerSimilarity(layer, len(pairs), rsa, cka))
        return rows

    def pairs(self) -> Iterator[tuple[Entry, Entry, float, float]]:
        """Every two layers, of one network or two, with their RSA and CKA."""
        for a, b in combinations(range(len(self.entries)), 2):
            yield self.entries[a], self.entries[b], float(self.rsa[a, b]), float(self.cka[a, b])


def similarity(
    models: Mapping[str, keras.Model],
    images: np.ndarray | Mapping[str, np.ndarray],
    correlation: Correlation = "pearson",
) -> Similarity:
    """How alike networks see the same images, at the end of every stage.

    `images` are (n, h, w, c) of 0 to 255, at least 4; for networks of different input sizes one array each, by name,
    of the same images in the same order. Memory: 1 GiB at most for the activations of one network at a time, and about
    12 n^2 bytes for every layer.

    Raises FactoryError for fewer than two networks, too few images and images that do not fit.
    """
    if len(models) < 2:
        raise FactoryError(f"similarity compares two networks or more, received {len(models)}")
    own = images if isinstance(images, Mapping) else dict.fromkeys(models, images)
    count = len(own[next(iter(models))])
    for name, model in models.items():
        _check_images(name, model, own[name], count)
    return compare_layers(
        (
            (Entry(name, layer), patterns)
            for name, model in models.items()
            for layer, patterns in read_patterns(model, own[name]).items()
        ),
        correlation,
    )


def compare_layers(layers: Iterable[tuple[Entry, Patterns]], correlation: Correlation = "pearson") -> Similarity:
    """How alike layers are by their patterns, which are of the same images.

    A layer whose RDM or kernel is constant (a dead layer; one number alone) is like none: nan.
    """
    entries, rdms, kernels, samples = [], [], [], 0
    for entry, patterns in layers:
        entries.append(entry)
        rdms.append(_unit(_ranked(patterns.dissimilarities(), correlation)))
        kernels.append(_kernel(patterns))
        samples = len(patterns.products)
    correlations = _products(rdms)
    positions, explained = _map(correlations)
    rsa = correlations**2 if correlation == "pearson" else correlations
    return Similarity(tuple(entries), samples, rsa, _products(kernels), positions, explained)


def classical_scaling(distances: np.ndarray, dimensions: int = 2) -> tuple[np.ndarray, float]:
    """Positions (n, dimensions) whose distances come near to `distances` (n, n), and the share that they explain.

    Classical multidimensional scaling (Torgerson 1952): the eigenvectors of the doubly centred squared distances. The
    share is that of the positive eigenvalues. Signs are such that the farthest point of an axis is on its positive
    side.
    """
    squared = distances**2
    centred = squared - squared.mean(0)
    values, vectors = np.linalg.eigh(-(centred - centred.mean(1, keepdims=True)) / 2)
    values, vectors = values[::-1].clip(min=0), vectors[:, ::-1]
    axes = min(dimensions, len(values))
    positions = np.zeros((len(values), dimensions))
    positions[:, :axes] = vectors[:, :axes] * np.sqrt(values[:axes])
    farthest = np.abs(positions).argmax(0)
    positions *= np.where(positions[farthest, np.arange(dimensions)] < 0, -1, 1)
    total = values.sum()
    return positions, float(values[:axes].sum() / total) if total > 0 else 1.0


def _check_images(name: str, model: keras.Model, images: np.ndarray, count: int) -> None:
    if len(images) != count:
        raise FactoryError(f"{name}: {len(images)} images, {count} for the networks before it; they must be the same")
    if count < LEAST:
        raise FactoryError(f"similarity needs {LEAST} images or more, received {count}")
    expected = model.input_shape[1:]
    if len(expected) != images.ndim - 1 or any(
        want is not None and want != size for want, size in zip(expected, images.shape[1:], strict=True)
    ):
        wanted = "x".join("?" if size is None else str(size) for size in expected)
        raise FactoryError(f"{name}: expected images of {wanted}, received {'x'.join(map(str, images.shape[1:]))}")


def _ranked(dissimilarities: np.ndarray, correlation: Correlation) -> np.ndarray:
    if correlation == "pearson":
        return dissimilarities
    return rankdata(dissimilarities.round(_DIGITS))  # equal ones that rounding has parted share a rank again


def _unit(values: np.ndarray) -> np.ndarray:
    """Values less their mean, of length 1: the product of two is their correlation. Constant ones are nan."""
    centred = values - values.mean()
    length = np.linalg.norm(centred)
    constant = length <= 1e-9 * len(values) ** 0.5 * max(1.0, float(np.abs(values).max()))
    return (np.full_like(centred, np.nan) if constant else centred / length).astype("float32")


def _kernel(patterns: Patterns) -> np.ndarray:
    """The centred kernel as a vector of length 1, so that a product of two is their CKA; nan where it is zero."""
    kernel = patterns.centred().ravel()
    scale = patterns.products.diagonal().sum() + patterns.features * (patterns.means**2).sum()
    length = np.linalg.norm(kernel)
    return (kernel / length if length > 1e-12 * scale else np.full_like(kernel, np.nan)).astype("float32")


def _products(units: list[np.ndarray]) -> np.ndarray:
    stacked = np.stack(units)
    products = np.clip((stacked @ stacked.T).astype("float64"), -1, 1)
    return (products + products.T) / 2


def _map(correlations: np.ndarray) -> tuple[np.ndarray, float]:
    """Positions (n, 2) of layers by the correlations of their RDMs; nan for a layer that has none."""
    positions = np.full((len(correlations), 2), np.nan)
    there = np.flatnonzero(np.isfinite(correlations.diagonal()))
    if not len(there):
        return positions, float("nan")
    positions[there], explained = classical_scaling(np.sqrt(2 - 2 * correlations[np.ix_(there, there)]))
    return positions, explained


def _spread(values: np.ndarray) -> Spread:
    known = values[np.isfinite(values)]
    if not len(known):
        return Spread(*[float("nan")] * 4)
    return Spread(float(known.mean()), float(known.std()), float(known.min()), float(known.max()))
