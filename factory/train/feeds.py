"""The batches of a run, as its recipe says."""

from __future__ import annotations

import tensorflow as tf

from factory.train.data.dataset import Dataset
from factory.train.data.pipeline import TrainingFeed, evaluation_batches
from factory.train.phases import PlannedPhase
from factory.train.prepare import Prepared
from factory.train.recipe.sections import Evaluation, Recipe


def training_feed(
    prepared: Prepared, recipe: Recipe, phase: PlannedPhase, strategy: tf.distribute.Strategy | None
) -> TrainingFeed:
    """What a phase learns from."""
    return TrainingFeed(
        prepared.train,
        batch_size=prepared.batch_size,
        resolution=phase.resolution,
        seed=recipe.seed,
        resize=recipe.data.resize,
        augment=phase.augment,
        class_weights=prepared.weights,
        multi_scale=recipe.multi_scale,
        cache=recipe.data.cache,
        strategy=strategy,
    )


def unlabelled_feed(prepared: Prepared, recipe: Recipe, batch_size: int, resolution: tuple[int, int]) -> TrainingFeed:
    """All images to learn from, as they are: what pre-training sees."""
    return TrainingFeed(
        prepared.images,
        batch_size=batch_size,
        resolution=resolution,
        seed=recipe.seed,
        resize=recipe.data.resize,
        cache=recipe.data.cache,
    )


def evaluation_feed(
    dataset: Dataset, recipe: Recipe, evaluation: Evaluation, batch_size: int, resolution: tuple[int, int]
) -> tf.data.Dataset:
    """All samples of a part, in order."""
    return evaluation_batches(
        dataset,
        batch_size=batch_size,
        resolution=resolution,
        resize=recipe.data.resize,
        evaluation=evaluation,
        cache=recipe.data.cache,
    )
