"""Images a second that the input pipeline delivers, beside what training steps of small networks take in."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import factory
from benchmarks.measure import in_turns, line
from factory.train.data.pipeline import TrainingFeed
from factory.train.data.sources import open_data
from factory.train.graphs import quick_start
from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.objective import Objective
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Loss
from factory.train.step import Step, Terms

EXAMPLES = Path(__file__).parents[1] / "examples"
CLASSES, PHOTOS, SIZE = 10, 4000, 32
"""Of the synthetic JPEG files: as many classes as CIFAR-10 has, so many files, pixels of a side."""
MOBILE_SIZE, STEPS, RUNS = 96, 10, 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_photos(Path(folder))
        digits, photos = open_data("digits").train, open_data(folder).train
        compare("digits, 8 -> 16 px, translate", digits, 16, ["translate"], EXAMPLES / "digits_resnet.yaml")
        changes = ["flip", "translate", "mixup"]
        compare("JPEG files, 32 px, flip + translate + mixup", photos, SIZE, changes, EXAMPLES / "cifar10_resnet.yaml")
        compare("JPEG files, 32 -> 96 px, the same", photos, MOBILE_SIZE, changes, "mobilenet_v2")


def write_photos(folder: Path) -> None:
    """Class folders of JPEG files of smooth colours, which take as much to decode as photographs of their size."""
    random = np.random.default_rng(0)
    for number in range(CLASSES):
        (folder / str(number)).mkdir()
    for number in range(PHOTOS):
        coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), "uint8"))
        picture = coarse.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        picture.save(folder / str(number % CLASSES) / f"{number}.jpg", quality=95)


def compare(what: str, dataset: Any, size: int, changes: list[str], network: str | Path) -> None:
    """The pipeline alone, in an epoch that reads files and in those after it, and a training step alone."""
    augment = load_recipe("base", augment=changes).augment
    feed = TrainingFeed(dataset, batch_size=64, resolution=(size, size), augment=augment, seed=0)
    next(iter(tf.data.Dataset.range(1)))  # what TensorFlow does once is no part of the first epoch
    first = seconds(lambda: drain(feed.epoch(0)))
    epochs = (feed.epoch(number) for number in range(1, 1_000_000))
    batch = next(feed.epoch(1))
    step = make_step(network, dataset, size, batch)
    epoch = feed.steps * feed.batch_size
    with quick_start():
        times = in_turns(
            {"pipeline": lambda: drain(next(epochs)), "step": lambda: run(step, batch)}, runs=RUNS, warm_up=1
        )
    later, taken = epoch / times["pipeline"].median, STEPS * feed.batch_size / times["step"].median
    line(f"fed a second, {what}", f"{epoch / first:,.0f} images in the first epoch", "")
    line("  later epochs", f"{later:,.0f} images", "")
    line(f"  taken in by {Path(network).stem}", f"{taken:,.0f} images", "")
    line("  pipeline / network, first epoch", f"{epoch / first / taken:.1f}", "above 1")
    line("  pipeline / network, later epochs", f"{later / taken:.1f}", "above 1")


def drain(batches: Iterator[Any]) -> None:
    for _ in batches:
        pass


def seconds(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def make_step(network: str | Path, dataset: Any, size: int, batch: Any) -> Step:
    """A training step of SGD with momentum on batches like this one."""
    changes = {"classes": len(dataset.classes), "input.resolution": size, "input.channels": dataset.channels}
    keras.backend.clear_session()
    model = factory.build(factory.load(network).override(changes), seed=0)
    loss = make_loss(Loss(), dataset.task, dataset.classes)
    measures = make_measures(dataset.task, dataset.classes)
    return Step(model, keras.optimizers.SGD(0.01, 0.9), Objective(loss), measures, Terms(), batch_size=len(batch[0]))


def run(step: Step, batch: Any) -> None:
    """Some steps, to their end."""
    for _ in range(STEPS):
        step(*batch)
    int(step.count)


if __name__ == "__main__":
    main()
