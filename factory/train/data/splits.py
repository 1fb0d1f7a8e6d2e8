"""Samples to learn from and to validate on: hold-out, folds, bootstrap, caps, class weights. Knows no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from factory.errors import FactoryError, did_you_mean
from factory.train.recipe.sections import Data

if TYPE_CHECKING:
    from factory.train.data.dataset import Dataset, Parts

Indices = np.ndarray
"""Numbers of samples, (n,) int64."""

_HOLDOUT, _FOLDS, _BOOTSTRAP, _CAP = range(4)  # each has random numbers of its own


def split(parts: Parts, data: Data, seed: int) -> tuple[Dataset, Dataset | None]:
    """What to learn from, and what to validate on, None without: the same for the same data, section and seed.

    holdout takes the data's own validation part; without one a share of the training part, of every class alike. kfold
    and bootstrap split the training part, whatever else the data have. At last `samples` caps what is learnt from. Data
    of other tasks than classes are split at random. Raises FactoryError for fewer samples than a split needs.
    """
    train, validation = parts.train, parts.validation
    if data.split == "holdout":
        if validation is None and data.validation:
            train, validation = _both(train, holdout(strata(train), data.validation, seed))
            if not train.size or not validation.size:
                raise FactoryError(f"{parts.train.name}: too few samples to hold some out; set data.validation to 0")
    elif data.split == "kfold":
        _check_size(train, data.folds, f"{data.folds} folds")
        if data.fold >= data.folds:
            raise FactoryError(
                f"data.fold: {data.fold}; expected 0 to {data.folds - 1}, as there are {data.folds} folds"
            )
        train, validation = _both(train, kfold(strata(train), data.folds, data.fold, seed))
    else:
        _check_size(train, 2, "a bootstrap")
        train, validation = _both(train, bootstrap(train.size, data.fold, seed))
    if data.samples is not None and data.samples < train.size:
        train = train.subset(cap(strata(train), data.samples, seed))
    return train, validation


def strata(dataset: Dataset) -> np.ndarray:
    """What each sample is alike to in a split, (n,): its class; data of other tasks are all alike."""
    if dataset.task == "classes" and dataset.targets is not None:
        return dataset.targets
    return np.zeros(dataset.size, "int32")


def _both(dataset: Dataset, indices: tuple[Indices, Indices]) -> tuple[Dataset, Dataset]:
    return dataset.subset(indices[0]), dataset.subset(indices[1])


def _check_size(dataset: Dataset, least: int, purpose: str) -> None:
    if dataset.size < least:
        raise FactoryError(
            f"{dataset.name}: {dataset.size} samples are too few for {purpose}; expected {least} or more"
        )


def _random(seed: int, use: int, number: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, use, number])))


def holdout(labels: np.ndarray, share: float, seed: int) -> tuple[Indices, Indices]:
    """(the rest, the share) of the samples, each in their order; each class has its share but for less than a sample.

    Something is held out, however small the share, but the last sample of a class never is.
    """
    counts = np.bincount(labels)
    total = max(1, round(share * len(labels)))
    quotas = counts * (total / len(labels))
    most = np.minimum(np.ceil(quotas).astype("int64"), np.maximum(counts - 1, 0))
    taken = _taken(labels, allot(quotas, np.zeros_like(counts), most), _random(seed, _HOLDOUT))
    return np.flatnonzero(~taken), np.flatnonzero(taken)


def kfold(labels: np.ndarray, folds: int, fold: int, seed: int) -> tuple[Indices, Indices]:
    """(the rest, fold number `fold`) of the samples, each in their order; numbers of a class differ by 1 between folds.

    The folds of one seed are disjoint and make up all samples; their sizes differ by 1, too.
    """
    order = _by_class(labels, _random(seed, _FOLDS))
    numbers = np.empty(len(labels), "int64")
    numbers[order] = np.arange(len(labels)) % folds  # dealt out, class after class
    return np.flatnonzero(numbers != fold), np.flatnonzero(numbers == fold)


def bootstrap(size: int, number: int, seed: int) -> tuple[Indices, Indices]:
    """(as many samples drawn with replacement, those that were not drawn: out of the bag), in order; Efron 1979.

    The out-of-bag samples are about 36.8 % of all. A draw of everything is made again.
    """
    random = _random(seed, _BOOTSTRAP, number)
    while True:
        drawn = np.sort(random.integers(size, size=size))
        left = np.setdiff1d(np.arange(size), drawn)
        if len(left):
            return drawn, left


def cap(labels: np.ndarray, samples: int, seed: int) -> Indices:
    """So many of the samples in their order, the classes in proportion, one of each at least where they are enough."""
    counts = np.bincount(labels)
    least = np.minimum(counts, 1) if samples >= np.count_nonzero(counts) else np.zeros_like(counts)
    numbers = allot(counts * (samples / len(labels)), least, counts)
    return np.flatnonzero(_taken(labels, numbers, _random(seed, _CAP)))


def allot(quotas: np.ndarray, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Whole numbers near to the quotas, with the same sum, by largest remainders, each from its `least` to its `most`.

    The sum is less where all have their most, more where all have their least.
    """
    total = round(float(quotas.sum()))
    numbers = np.clip(np.floor(quotas + 1e-9).astype("int64"), least, most)
    while (left := total - int(numbers.sum())) != 0:
        step = 1 if left > 0 else -1
        free = np.flatnonzero(numbers < most if step > 0 else numbers > least)
        if not len(free):
            break
        nearest = np.argsort(step * (numbers - quotas)[free], kind="stable")
        numbers[free[nearest[: abs(left)]]] += step
    return numbers


def _by_class(labels: np.ndarray, random: np.random.Generator) -> Indices:
    """All samples, class after class, in random order within a class."""
    shuffled = random.permutation(len(labels))
    return shuffled[np.argsort(labels[shuffled], kind="stable")]


def _taken(labels: np.ndarray, numbers: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Which samples are taken, (n,) bool: so many of each class at random."""
    order = _by_class(labels, random)
    ranks = np.arange(len(labels)) - np.searchsorted(labels[order], labels[order])  # its place within its class
    taken = np.zeros(len(labels), bool)
    taken[order] = ranks < numbers[labels[order]]
    return taken


def class_weights(dataset: Dataset, setting: Literal["none", "balanced"] | Mapping[str, float]) -> np.ndarray | None:
    """A weight for the loss of every class's samples, (classes,) float32; None where all count alike.

    `balanced` is n / (k * samples of the class) for n samples of k classes, as scikit-learn has it; a class without
    samples has 0. A mapping gives weights by name, the others have 1. Raises FactoryError for data of another task, and
    for names that are no classes.
    """
    if setting == "none" or setting == {}:
        return None
    if dataset.task != "classes" or dataset.targets is None:
        raise FactoryError(f"data.class_weights: the samples of {dataset.name} have no single class; leave it out")
    if setting == "balanced":
        counts = np.bincount(dataset.targets, minlength=len(dataset.classes))
        weights = dataset.size / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return np.where(counts > 0, weights, 0).astype("float32")
    assert not isinstance(setting, str)
    for name in setting:
        if name not in dataset.classes:
            hint = did_you_mean(name, dataset.classes)
            raise FactoryError(f"data.class_weights: '{name}' is no class of {dataset.name}; {hint}")
    return np.array([setting.get(name, 1.0) for name in dataset.classes], "float32")
