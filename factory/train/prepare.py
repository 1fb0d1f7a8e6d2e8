"""What a run begins with: its data opened and split, its spec adapted to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from factory.spec import Spec
from factory.spec.plan import input_shape
from factory.train.adapt import adapt, check_head
from factory.train.data.dataset import Dataset
from factory.train.data.pipeline import steps_per_epoch
from factory.train.data.sources import open_data
from factory.train.data.splits import class_weights, split
from factory.train.recipe.sections import Recipe


@dataclass(frozen=True)
class Prepared:
    """A spec and the data that it is to learn from.

    `images` are all training samples, also those whose labels the recipe's cap leaves out: for learning without labels.
    `weights` are the classes' weights in the loss, None where all count alike; `steps` those of an epoch.
    """

    spec: Spec
    name: str
    images: Dataset
    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    weights: np.ndarray | None
    batch_size: int
    steps: int

    @property
    def resolution(self) -> tuple[int, int]:
        """(height, width) of the spec's input, in pixels."""
        height, width, _ = input_shape(self.spec)
        assert height is not None and width is not None  # a free resolution was adapted to the data
        return height, width

    def facts(self) -> dict[str, Any]:
        """What makes this run different from another on the same spec and recipe, as JSON can say it."""
        sizes = {"train": self.train, "validation": self.validation, "test": self.test}
        return {
            "spec": self.spec.name,
            "data": str(Path(self.name).resolve()) if Path(self.name).exists() else self.name,
            "fingerprint": self.train.fingerprint,
            "task": self.train.task,
            "classes": list(self.train.classes),
            "channels": self.spec.input.channels,
            "resolution": list(self.resolution),
            "samples": {part: dataset.size if dataset else 0 for part, dataset in sizes.items()},
        }


def prepare(spec: Spec, data: Any, name: str, recipe: Recipe, say: Callable[[str], None]) -> Prepared:
    """Opens the data, splits them as the recipe says, adapts the spec to them; says what is odd and what it changed."""
    parts = open_data(data, corrupt=recipe.data.corrupt)
    spec, lines = adapt(spec, name, len(parts.train.classes), parts.train.channels, parts.train.shape)
    check_head(spec, parts.train.task)
    if spec.input.channels != parts.train.channels:
        parts = parts.with_channels(spec.input.channels)
    for line in [*parts.notes, *lines]:
        say(line)
    everything, _ = split(parts, recipe.data.model_copy(update={"samples": None}), recipe.seed)
    train, validation = split(parts, recipe.data, recipe.seed)
    batch_size = min(recipe.batch_size, train.size)
    return Prepared(
        spec,
        name,
        everything,
        train,
        validation,
        parts.test,
        class_weights(train, recipe.data.class_weights),
        batch_size,
        steps_per_epoch(train.size, batch_size),
    )
