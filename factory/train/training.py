"""A run in progress: phases, epochs, checkpoints. What it is made of lives in the modules beside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.spec import Spec
from factory.train.checkpoint import Checkpoint, Checkpoints, write_checkpoint
from factory.train.feeds import evaluation_feed, training_feed, unlabelled_feed
from factory.train.graphs import quick_start
from factory.train.learner import Learner, Machine
from factory.train.phases import plan_phases
from factory.train.prepare import Prepared
from factory.train.pretrain.pretrain import pretrain
from factory.train.recipe.sections import Recipe
from factory.train.reporting import Reporter
from factory.train.run import BEST, CHECKPOINTS, TENSORBOARD, Row, RunFolder, writing
from factory.train.start import start_from
from factory.train.stopping import improves, runs_out

TICK = 0.25
"""Seconds between looks at how far an epoch is."""


class Training:
    """A run. Its state is what a checkpoint holds: the learner's variables, and the facts below.

    How many steps are done, the variable `count` of the step says alone: it changes together with the weights.
    How many epochs are, the rows of `history`: one whose steps are done may still have to be measured.
    """

    def __init__(
        self,
        prepared: Prepared,
        recipe: Recipe,
        folder: RunFolder,
        machine: Machine,
        reporter: Reporter,
        callbacks: Sequence[keras.callbacks.Callback],
        initialise: Callable[[keras.Model, Spec], str] | None = None,
    ):
        self.prepared, self.recipe, self.folder = prepared, recipe, folder
        self.machine, self.reporter = machine, reporter
        self.phases = plan_phases(prepared, recipe)
        self.checkpoints = Checkpoints(folder / CHECKPOINTS, reporter.say)
        self.log = tf.summary.create_file_writer(str(folder / TENSORBOARD))
        self.history: list[Row] = []
        self.best: float | None = None
        self.best_epoch = 0
        self.stopped = False
        self.seconds = 0.0
        self.learner = self._resumed() or self._begun(initialise)
        self._open_feeds()
        self.callbacks = keras.callbacks.CallbackList(list(callbacks), model=self.learner.model)
        self.heard = bool(callbacks)

    def run(self, until: int | None = None) -> None:
        """Trains until the last epoch, or until something stops it; `until`: pauses when so many epochs are done."""
        last = self.recipe.epochs if until is None else min(until, self.recipe.epochs)
        self.callbacks.on_train_begin()
        with quick_start(self.learner.jit):
            while not self.stopped and self.position[0] < last:
                self._enter_phase()
                self._epoch(*self.position)
        self.callbacks.on_train_end()

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.stopped or self.position[0] >= self.recipe.epochs

    @property
    def position(self) -> tuple[int, int]:
        """(epoch, step in it) that comes next, from 0. All steps are done in an epoch that is yet to be measured."""
        epoch = len(self.history)
        return epoch, int(self.learner.step.count) - epoch * self.prepared.steps

    # ---- beginning, going on

    def _make_learner(self, phase: int) -> Learner:
        return Learner(self.prepared, self.recipe, self.phases[phase], self.machine)

    def _begun(self, initialise: Callable[[keras.Model, Spec], str] | None) -> Learner:
        learner = self._make_learner(0)
        if initialise:
            self.reporter.say(initialise(learner.model, learner.phase.spec))
            learner.step.restart_averages()
        elif self.recipe.start:
            classes = self.prepared.train.classes
            afresh = start_from(learner.model, learner.phase.spec, self.recipe.start.weights, classes)
            learner.step.restart_averages()
            self.reporter.say(f"start: {self.recipe.start.weights}; afresh: {', '.join(afresh) or 'nothing'}")
        if self.recipe.pretrain and not initialise:
            self._pretrain(learner)
        if learner.frozen:
            self.reporter.say(f"frozen: {learner.frozen} layers")
        return learner

    def _pretrain(self, learner: Learner) -> None:
        section = self.recipe.pretrain
        assert section
        feed = unlabelled_feed(self.prepared, self.recipe, section.batch_size, learner.phase.resolution)

        def images(number: int) -> Iterator[Any]:
            return (batch[0] for batch in feed.epoch(number))

        pretrain(learner.model, images, section, self.recipe.seed, self.reporter.say)
        learner.step.restart_averages()

    def _resumed(self) -> Learner | None:
        checkpoint = self.checkpoints.last()
        if checkpoint is None:
            return None
        facts = checkpoint.facts
        learner = self._make_learner(facts["phase"])
        learner.restore(checkpoint.arrays)
        self.history, self.best, self.best_epoch = facts["history"], facts["best"], facts["best_epoch"]
        self.seconds, self.stopped = facts["seconds"], facts["stopped"]
        step = int(learner.step.count) - len(self.history) * self.prepared.steps
        with writing(self.folder):
            self.folder.write_metrics(self.history)  # a kill may have come between the checkpoint and these
        self.reporter.say(f"{self.folder.path}: going on after {len(self.history)} epochs and {step} steps")
        return learner

    def _enter_phase(self) -> None:
        ends = np.cumsum([phase.epochs for phase in self.phases])
        phase = int(np.searchsorted(ends, self.position[0], side="right"))
        if phase == self.learner.phase.number:
            return
        before, self.learner = self.learner, self._make_learner(phase)
        afresh = self.learner.take_over(before)
        self._open_feeds()
        self.callbacks.set_model(self.learner.model)
        self.best = None  # the best of this phase: before, it was another network, or saw other images
        height, width = self.learner.phase.resolution
        told = [f"{height}x{width} pixels", f"{self.learner.frozen} layers frozen"]
        told += [f"{len(afresh)} weights begin"] if afresh else []
        self.reporter.say(f"phase {phase + 1}: " + ", ".join(told))

    def _open_feeds(self) -> None:
        """The batches to learn from in this phase, and those to validate on."""
        phase, recipe, validation = self.learner.phase, self.recipe, self.prepared.validation
        self.feed = training_feed(self.prepared, recipe, phase, self.machine.strategy)
        self.checks = validation and evaluation_feed(
            validation, recipe, self.learner.evaluation, self.prepared.batch_size, phase.resolution
        )

    # ---- one epoch

    def _epoch(self, epoch: int, first: int) -> None:
        step = self.learner.step
        if not first:
            step.clear()
        self.callbacks.on_epoch_begin(epoch)
        begun = ticked = saved = time.perf_counter()
        before, limit = self.seconds, 60 * self.recipe.checkpoint_minutes
        try:
            with self.prepared.train.reading():
                for number, batch in enumerate(self.feed.epoch(epoch, first), first + 1):
                    if self.heard:
                        self.callbacks.on_train_batch_begin(number - 1)
                    step(*batch)
                    if self.heard:
                        self.callbacks.on_train_batch_end(number - 1, step.results())
                    now = time.perf_counter()
                    if now - ticked >= TICK:
                        ticked = now
                        self._tick(epoch, number, number - first, now - begun)
                    if limit and now - saved >= limit:
                        saved, self.seconds = now, before + now - begun
                        self._save()
        except KeyboardInterrupt:
            self.seconds = before + time.perf_counter() - begun
            self._save()
            self.reporter.say(f"stopped; the same command goes on from here: {self.folder.path}")
            raise
        self._check_finite()
        speed = (self.prepared.steps - first) * self.prepared.batch_size / (time.perf_counter() - begun)
        row = self._measured(epoch, speed)
        self.seconds = before + time.perf_counter() - begun
        self.history.append(row | {"seconds": round(self.seconds, 3)})
        self._end_epoch(epoch)

    def _tick(self, epoch: int, step: int, done: int, seconds: float) -> None:
        self._check_finite()
        left = (self.recipe.epochs - epoch) * self.prepared.steps - step
        speed = done * self.prepared.batch_size / seconds
        self.reporter.step(epoch + 1, self.recipe.epochs, step, self.prepared.steps, speed, left * seconds / done)

    def _measured(self, epoch: int, speed: float) -> Row:
        """The row of an epoch; keeps the weights where they are the best so far."""
        learner = self.learner
        row: Row = {"epoch": epoch + 1, "step": int(learner.step.count)}
        row |= {"learning_rate": float(learner.step.optimizer.learning_rate), **learner.step.results()}
        with learner.step.averaged():
            if self.prepared.validation and self.checks:
                with self.prepared.validation.reading():
                    found = learner.evaluator.evaluate(self.checks)
                row |= {f"val_{name}": value for name, value in found.items()}
            self._keep_best(row)
        return row | {"images_per_second": round(speed, 1)}

    def _keep_best(self, row: Row) -> None:
        measure = self.learner.headline
        value = row[f"val_{measure}" if self.checks else measure]
        if improves(measure, value, self.best):
            self.best, self.best_epoch = value, row["epoch"]
            arrays = {weight.path: np.array(weight) for weight in self.learner.model.weights}
            with writing(self.folder):
                (self.folder / CHECKPOINTS).mkdir(exist_ok=True)
                write_checkpoint(self.folder / CHECKPOINTS / BEST, Checkpoint(arrays, {"epoch": row["epoch"]}))

    def _end_epoch(self, epoch: int) -> None:
        row, rule = self.history[-1], self.recipe.early_stopping
        if rule and runs_out(rule, self.history):
            self.stopped = True
            self.reporter.say(f"stopped early: {rule.monitor} has not improved for {rule.patience} epochs")
        self.callbacks.on_epoch_end(epoch, dict(row))
        self.stopped = self.stopped or bool(getattr(self.learner.model, "stop_training", False))
        self._save()
        with writing(self.folder):
            self.folder.write_metrics(self.history)
            with self.log.as_default():
                for name in row.keys() - {"epoch", "step"}:
                    tf.summary.scalar(name, row[name], step=row["epoch"])
            self.log.flush()
        self.reporter.epoch(row, self.recipe.epochs)

    # ---- what is kept

    def _save(self) -> None:
        """Writes a checkpoint. The metrics are in it, too: a run that goes on writes their files anew."""
        self._check_finite()
        facts = {
            "phase": self.learner.phase.number,
            "history": self.history,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            "stopped": self.stopped,
        }
        with writing(self.folder):
            self.checkpoints.write(int(self.learner.step.count), Checkpoint(self.learner.arrays(), facts))

    def _check_finite(self) -> None:
        bad = int(self.learner.step.bad_step)
        if bad < 0:
            return
        epoch, step = divmod(bad, self.prepared.steps)
        good = self.checkpoints.newest()
        raise FactoryError(
            f"the loss is no finite number since step {step + 1} of epoch {epoch + 1} (step {bad + 1} of the run); "
            + (f"the last good checkpoint is {good}" if good else "there was no checkpoint before it")
            + "; try a lower learning rate, or optimizer.clip_norm"
        )
