"""The run of one trial: a network trains in TensorFlow, for every seed and fold, and goes on where it was killed."""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.models.quiet import quiet_tensorflow

quiet_tensorflow()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

import factory  # noqa: E402
from factory.models.forgetting import forget_networks  # noqa: E402
from factory.spec import Spec  # noqa: E402
from factory.train.data.dataset import Parts  # noqa: E402
from factory.train.data.sources import open_data  # noqa: E402
from factory.train.fit import fit_spec  # noqa: E402
from factory.train.learner import Machine  # noqa: E402
from factory.train.recipe.reading import load_recipe  # noqa: E402
from factory.train.recipe.sections import Recipe  # noqa: E402
from factory.train.run import CHECKPOINTS, MODEL, RESULT, RUN  # noqa: E402
from tuner.morphism.models import inherit_file  # noqa: E402
from tuner.runner.tasks import RECIPE, SPEC, Run, Task  # noqa: E402
from tuner.runner.worker import Line  # noqa: E402

TIDY = 5
"""Seconds between two times that a worker tidies, at least."""


@dataclass(frozen=True)
class Opened(Parts):
    """Data that were opened already, under the name by which runs know them."""

    name: str = ""


class KerasTrainer:
    """Trains networks with so many threads; made before TensorFlow begins to compute. Data are opened once."""

    def __init__(self, threads: int):
        use_threads(threads)
        self.opened: dict[tuple[str, float], Opened] = {}
        gpus = tf.config.list_physical_devices("GPU")
        self.device = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "gpu") if gpus else "cpu"
        library = ctypes.util.find_library("c")
        self.libc = ctypes.CDLL(library) if library else None
        self.tidied = -math.inf

    def run(self, task: Task, line: Line) -> list[dict[str, Any]]:
        """The results of the runs; the median rule judges the first run, and ends the trial with it."""
        spec = factory.load(Path(task.folder) / SPEC)
        recipe = load_recipe(Path(task.folder) / RECIPE, **({} if task.epochs is None else {"epochs": task.epochs}))
        results = []
        for run in task.runs():
            folder = run.inside(task.folder)
            if task.continues:
                _take_over(run.inside(task.continues), folder)
            hearing = Hearing(line, run)
            done = fit_spec(
                spec,
                self._open(task, recipe),
                _recipe_of(recipe, run, task),
                folder,
                Machine(),
                False,
                [hearing],
                Log(),
                task.until,
                None if task.inherits is None else Inheriting(run.inside(task.inherits) / MODEL, recipe.seed),
            )
            results.append(done.result)
            if hearing.stopped or (run.number == 0 and task.stopped):
                break
        return results

    def _open(self, task: Task, recipe: Recipe) -> Opened:
        key = task.data, recipe.data.corrupt
        if key not in self.opened:
            parts = open_data(task.data, corrupt=recipe.data.corrupt)
            self.opened[key] = Opened(parts.train, parts.validation, parts.test, parts.notes, task.data)
        return self.opened[key]

    def tidy(self) -> None:
        """Frees what Keras and TensorFlow hold of the last trials, and gives the memory back to the system.

        Trials that are shorter than TIDY leave too little to do it after each of them.
        """
        if time.monotonic() < self.tidied + TIDY:
            return
        forget_networks()
        if self.tidied < 0:
            gc.freeze()  # what was imported stays: collecting what later trials leave need not look at it
        self.tidied = time.monotonic()
        if self.libc is not None and hasattr(self.libc, "malloc_trim"):  # glibc alone keeps what was freed
            self.libc.malloc_trim(0)


class Hearing(keras.callbacks.Callback):
    """Tells the driver of epochs, and stops the run where it says so."""

    def __init__(self, line: Line, run: Run):
        super().__init__()
        self.line, self.run, self.stopped = line, run, False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        given = logs or {}
        row = {**given, "epoch": epoch + 1, "step": int(given["step"])}  # Keras has made them floats
        if self.line.epoch(self.run, row):
            self.stopped = self.model.stop_training = True


@dataclass(frozen=True)
class Inheriting:
    """Gives a network that begins the weights of a trained one, as far as they fit; returns what became of them."""

    parent: Path
    seed: int

    def __call__(self, model: keras.Model, spec: Spec) -> str:
        return f"weights of {self.parent}: {inherit_file(self.parent, model, spec, self.seed)}"


class Log:
    """A reporter of training that prints, into the worker's log."""

    def say(self, line: str) -> None:
        print(line, flush=True)

    def step(self, *where: Any) -> None:
        pass

    def epoch(self, row: dict[str, Any], epochs: int) -> None:
        pass


def use_threads(threads: int) -> None:
    """How many threads TensorFlow has. Raises RuntimeError where it has begun to compute."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def _recipe_of(recipe: Recipe, run: Run, task: Task) -> Recipe:
    changes: dict[str, Any] = {"seed": recipe.seed + run.seed}
    if run.fold is not None:
        folds = {"split": "kfold", "folds": task.folds, "fold": run.fold}
        changes["data"] = recipe.data.model_copy(update=folds)
    return recipe.model_copy(update=changes)


def _take_over(parent: Path, run: Path) -> None:
    """Copies a paused run, whole or not at all, unless this one has begun; without checkpoints it begins anew."""
    if (run / RUN).is_file() or not (parent / CHECKPOINTS).is_dir():
        return
    staging = run.with_name(f".{run.name}")
    for old in (staging, run):
        shutil.rmtree(old, ignore_errors=True)
    ignored = shutil.ignore_patterns("run.lock", RESULT, MODEL)
    shutil.copytree(parent, staging, ignore=ignored)
    staging.rename(run)
