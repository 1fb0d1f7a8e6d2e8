"""Trained networks on data: the measures of each, of their ensemble, and of every class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import tensorflow as tf

from factory.errors import FactoryError
from factory.models.archive import read_labels
from factory.models.embedded import read_spec
from factory.models.load import load
from factory.train.confusion import PerClass, Row, make_per_class
from factory.train.data.dataset import Dataset, Parts
from factory.train.data.pipeline import evaluation_batches
from factory.train.data.resizing import Size
from factory.train.data.sources import open_data
from factory.train.data.splits import split
from factory.train.ensemble import Ensemble, check_classes
from factory.train.evaluate import Evaluator, Outputs
from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.recipe.sections import Recipe
from factory.train.subjects import Subject
from factory.train.trained import recipe_of

Part = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Assessment:
    """What a network, or an ensemble, came to on a part of some data.

    `part` is "all" where the data have no parts. `measures` begin with "loss". `classes` and `confused` are the rows of
    a PerClass, empty where they were not asked for.
    """

    name: str
    data: str
    part: str
    samples: int
    measures: dict[str, float]
    classes: list[Row] = field(default_factory=list)
    confused: list[Row] = field(default_factory=list)


def assess(
    subjects: Sequence[Subject],
    *,
    data: Any = None,
    part: Part | None = None,
    views: Mapping[str, Any] | None = None,
    ensemble: bool = False,
    per_class: bool = False,
    batch_size: int | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> list[Assessment]:
    """Evaluates networks one after the other, or all at once as an ensemble, which comes last then.

    data: what `open_data` takes; by default what each run learned from. part: by default the test part; of data without
    one the validation part, or, where they were given here and have no parts, all samples. What runs learned from is
    split as their recipes say. views: changes of their recipes' `evaluation`. batch_size: by default the recipe's.
    `say` hears what is odd.

    Raises FactoryError for parts that are not there, for networks whose classes are not those of the data, and for
    ensembles of networks that would not see the same samples.
    """
    if ensemble and len(subjects) < 2:
        raise FactoryError("an ensemble has two networks at least: give another run or .keras file")
    opened = _Opened(data, part, say)
    entrants = (_Entrant(subject, opened, views or {}, batch_size) for subject in subjects)
    if not ensemble:
        return [_assess_one(entrant, per_class) for entrant in entrants]
    return _assess_together(list(entrants), per_class)


class _Opened:
    """The data that were asked for, each opened once."""

    def __init__(self, data: Any, part: Part | None, say: Callable[[str], None]):
        self.data, self.part, self.say = data, part, say
        self._parts: dict[Any, Parts] = {}

    def choose(self, subject: Subject, recipe: Recipe) -> tuple[Dataset, str]:
        """The samples to evaluate a network on, and the name of their part."""
        source = subject.data if self.data is None else self.data
        if source is None:
            raise FactoryError(f"{subject.file}: a .keras file does not say on which data to evaluate it: give --data")
        parts = self._open(source, recipe.data.corrupt)
        own = isinstance(source, str) and source == subject.data
        if self.part is None and parts.test is None and parts.validation is None and not own:
            return parts.train, "all"
        if parts.test is not None and self.part in (None, "test"):
            return parts.test, "test"
        if self.part == "test":
            raise FactoryError(f"{parts.train.name} have no test part: take --part validation or train")
        train, validation = split(parts, recipe.data, recipe.seed)
        if self.part == "train":
            return train, "train"
        if validation is None:
            raise FactoryError(f"{parts.train.name} have no validation part: take --part train")
        return validation, "validation"

    def _open(self, source: Any, corrupt: float) -> Parts:
        key = (source if isinstance(source, str) else id(source), corrupt)
        if key not in self._parts:
            self._parts[key] = open_data(source, corrupt=corrupt)
            for note in self._parts[key].notes:
                self.say(note)
        return self._parts[key]


class _Entrant:
    """A network ready to be evaluated on its data."""

    def __init__(self, subject: Subject, opened: _Opened, views: Mapping[str, Any], batch_size: int | None):
        recipe = recipe_of(subject)
        self.name, self.data = subject.name, subject.data if opened.data is None else opened.data
        dataset, self.part = opened.choose(subject, recipe)
        loaded = load(subject.file)
        assert loaded.model is not None  # a subject is a .keras file
        _check_labels(subject, loaded.model, read_labels(subject.file), dataset)
        self.dataset = dataset.with_channels(loaded.input_shape[2] or dataset.channels)
        resolution = _resolution(subject, loaded.input_shape, dataset)
        evaluation = recipe.evaluation.model_copy(update=dict(views))
        self.evaluator = Evaluator(
            loaded.model,
            make_loss(recipe.loss, dataset.task, dataset.classes),
            make_measures(dataset.task, dataset.classes),
            evaluation,
            resolution,
            spec=read_spec(subject.file) if evaluation.dense else None,
        )
        self.batches: tf.data.Dataset = evaluation_batches(
            self.dataset,
            batch_size=batch_size or recipe.batch_size,
            resolution=resolution,
            resize=recipe.data.resize,
            evaluation=evaluation,
            cache="none",
        )

    def assessment(
        self, measures: dict[str, float], counts: PerClass | None = None, name: str | None = None
    ) -> Assessment:
        """What came out of the evaluation of this network, or of an ensemble of that name."""
        data, size = self.data if isinstance(self.data, str) else self.dataset.name, self.dataset.size
        rows = (counts.rows(), counts.confused()) if counts else ([], [])
        return Assessment(name or self.name, data, self.part, size, measures, *rows)


def _assess_one(entrant: _Entrant, per_class: bool) -> Assessment:
    counts = _counts(entrant, per_class)
    with entrant.dataset.reading():
        if counts:
            _count(counts, entrant.evaluator.steps(entrant.batches))
        else:
            entrant.evaluator.evaluate(entrant.batches)
    return entrant.assessment(entrant.evaluator.results(), counts)


def _assess_together(entrants: Sequence[_Entrant], per_class: bool) -> list[Assessment]:
    first = entrants[0]
    check_classes([entrant.name for entrant in entrants], [entrant.dataset.classes for entrant in entrants])
    for other in entrants[1:]:
        if (other.part, other.dataset.fingerprint) != (first.part, first.dataset.fingerprint):
            raise FactoryError(
                f"{first.name} and {other.name} would not see the same samples, {first.part} of {first.data} and "
                f"{other.part} of {other.data}: give --data, or a --part that they have in common"
            )
    ensemble = Ensemble([entrant.evaluator for entrant in entrants])
    counts = _counts(first, per_class)
    with first.dataset.reading():
        for batch in ensemble.steps([entrant.batches for entrant in entrants]):
            if counts:
                counts.add(batch)
    whole = first.assessment(ensemble.results(), counts, f"ensemble of {len(entrants)}")
    return [*(entrant.assessment(entrant.evaluator.results()) for entrant in entrants), whole]


def _counts(entrant: _Entrant, per_class: bool) -> PerClass | None:
    return make_per_class(entrant.dataset.task, entrant.dataset.classes) if per_class else None


def _count(counts: PerClass, steps: Iterable[Outputs]) -> None:
    for batch in steps:
        counts.add(batch)


def _check_labels(subject: Subject, model: keras.Model, labels: list[str] | None, dataset: Dataset) -> None:
    """Raises FactoryError unless the classes of a network are those of the data."""
    if labels is not None:
        check_classes([dataset.name, subject.name], [dataset.classes, labels])
    count = model.outputs[0].shape[-1]
    if count != len(dataset.classes):
        raise FactoryError(f"{subject.name} has {count} outputs, {dataset.name} {len(dataset.classes)} classes")


def _resolution(subject: Subject, shape: tuple[int | None, ...], dataset: Dataset) -> Size:
    height, width = shape[:2]
    if height is not None and width is not None:
        return height, width
    if dataset.shape is None:
        raise FactoryError(
            f"{subject.name} takes images of any size and those of {dataset.name} have many: build it with a resolution"
        )
    return dataset.shape
