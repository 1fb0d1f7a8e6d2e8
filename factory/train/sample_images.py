"""A drawn part of a data set as arrays, to look at networks with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from factory.errors import FactoryError
from factory.train.data.dataset import Dataset
from factory.train.data.pipeline import evaluation_batches
from factory.train.data.resizing import Resize, Size
from factory.train.data.sources import open_data
from factory.train.recipe.sections import Evaluation
from factory.train.subjects import Subject

_BATCH = 32


def sample_images(
    data: str, subjects: Sequence[Subject], models: Mapping[str, keras.Model], count: int
) -> tuple[dict[str, np.ndarray], str]:
    """The same images for every network, in its input size, and the part of the data that they are from.

    At most `count`, drawn with a fixed seed from the test part, or from the validation part or the training part where
    there is no other. {name: (n, h, w, c) float32, 0 to 255}; networks that read images alike share one array. Raises
    FactoryError for data that cannot be read, and for images of many sizes where a network takes any.
    """
    parts = open_data(data, corrupt=max(subject.corrupt for subject in subjects))
    named = {"test": parts.test, "validation": parts.validation, "training": parts.train}
    part, dataset = next((name, there) for name, there in named.items() if there is not None)
    drawn = _drawn(dataset, count)
    made: dict[tuple[Any, ...], np.ndarray] = {}
    found = {}
    for subject in subjects:
        height, width, channels = models[subject.name].input_shape[1:]
        key = (height, width, channels, subject.resize)
        if key not in made:
            size = _size(subject.name, dataset, height, width)
            made[key] = _read(drawn.with_channels(channels), size, subject.resize)
        found[subject.name] = made[key]
    return found, part


def _drawn(dataset: Dataset, count: int) -> Dataset:
    if dataset.size <= count:
        return dataset
    return dataset.subset(np.sort(np.random.default_rng(0).choice(dataset.size, count, replace=False)))


def _size(name: str, dataset: Dataset, height: int | None, width: int | None) -> Size:
    if height is not None and width is not None:
        return height, width
    if dataset.shape is None:
        raise FactoryError(
            f"{name} takes images of any size and those of {dataset.name} have many: they cannot be compared"
        )
    return dataset.shape


def _read(dataset: Dataset, size: Size, resize: Resize) -> np.ndarray:
    batches = evaluation_batches(
        dataset, batch_size=_BATCH, resolution=size, resize=resize, evaluation=Evaluation(), cache="none"
    )
    with dataset.reading():
        return np.concatenate([np.asarray(images)[np.asarray(weights) > 0] for images, _, weights in batches])
