"""One phase of a run: its model, its optimiser, its step and its evaluation, as a recipe says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.models.build import build_graph
from factory.models.devices import jit_compile
from factory.models.load import load
from factory.spec import Limits, plan
from factory.train.evaluate import Evaluator
from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.objective import Objective
from factory.train.optimizers import make_optimizer
from factory.train.paths import train_column
from factory.train.phases import PlannedPhase
from factory.train.prepare import Prepared
from factory.train.recipe.sections import Recipe
from factory.train.schedules import learning_rate
from factory.train.step import Step, Terms
from factory.train.weights import carry, finalize, freeze

Rate: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


@dataclass(frozen=True)
class Machine:
    """Where a run computes."""

    device: str = "auto"
    strategy: tf.distribute.Strategy | None = None
    jit: str = "auto"
    limits: Limits | None = None


class Learner:
    """A phase's model in training.

    `headline` is the measure by which the best weights are chosen. Every epoch is evaluated with one view an image, as
    `evaluation` says.
    """

    def __init__(
        self, prepared: Prepared, recipe: Recipe, phase: PlannedPhase, machine: Machine, rate: Rate | None = None
    ):
        self.phase, self.jit = phase, jit_compile(machine.jit, machine.device)
        task, classes = prepared.train.task, prepared.train.classes
        graph = plan(phase.spec, limits=machine.limits)
        if len(graph.outputs) != 1:
            raise FactoryError(
                f"{phase.spec.name} has {len(graph.outputs)} outputs, training knows one: set 'outputs:'"
            )
        self.model = build_graph(
            graph,
            auxiliary=True,
            seed=recipe.seed,
            precision=recipe.precision,
            jit=machine.jit,
            device=machine.device,
            strategy=machine.strategy or "none",
        )
        freeze(self.model, phase.freeze)
        if phase.column:
            train_column(self.model, phase.column)
        loss, measures = make_loss(recipe.loss, task, classes), make_measures(task, classes)
        if rate is None:
            updates = prepared.steps / recipe.optimizer.accumulate
            rate = learning_rate(recipe.schedule, epochs=recipe.epochs, steps_per_epoch=updates)
        with machine.strategy.scope() if machine.strategy else tf.name_scope(""):
            optimizer = make_optimizer(recipe.optimizer, rate, self.model, recipe.precision)
        teacher = load_teacher(recipe.distill.teacher, self.model) if recipe.distill else None
        self.step = Step(
            self.model,
            optimizer,
            Objective(loss, recipe.loss.auxiliary, teacher, recipe.distill),
            measures,
            Terms(recipe.regularize, recipe.adversarial, recipe.ema),
            batch_size=prepared.batch_size,
            jit=self.jit,
            strategy=machine.strategy,
        )
        self.headline = measures.headline[0]
        self.evaluation = recipe.evaluation.model_copy(update={"flip": False, "crops": 1, "dense": False})
        self.evaluator = Evaluator(self.model, loss, measures, self.evaluation, phase.resolution, machine.strategy)

    @property
    def frozen(self) -> int:
        """How many layers with weights are not trained."""
        return sum(bool(layer.weights) and not layer.trainable for layer in self.model.layers)

    def variables(self) -> dict[str, Any]:
        """Everything that changes in training, by the name that a checkpoint has for it."""
        groups = {
            "model": self.model.variables,
            "optimizer": self.step.optimizer.variables,
            "average": self.step.averages,
            "count": [self.step.count, self.step.bad_step],
        }
        named = {
            f"{group}/{index}": variable for group, items in groups.items() for index, variable in enumerate(items)
        }
        return named | {f"sum/{name}": value for name, value in self.step.sums.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: np.array(variable) for name, variable in self.variables().items()}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Puts back what `arrays` gave. Raises FactoryError where it is another network's."""
        variables = self.variables()
        if {name: tuple(variable.shape) for name, variable in variables.items()} != {
            name: array.shape for name, array in arrays.items()
        }:
            raise FactoryError("the checkpoint holds other variables than this run: begin anew with --fresh")
        for name, variable in variables.items():
            variable.assign(arrays[name])
        finalize(self.model)

    def take_over(self, before: Learner) -> list[str]:
        """Carries over from the phase before whatever has the same name and shape; returns the weights that begin."""
        fresh = carry(before.model.weights, self.model.weights)
        carry(before.step.optimizer.variables, self.step.optimizer.variables, name=_in_optimizer)
        averages = {w.path: a for w, a in zip(before.model.weights, before.step.averages, strict=False)}
        for weight, average in zip(self.model.weights, self.step.averages, strict=False):
            old = averages.get(weight.path)
            average.assign(old if old is not None and old.shape == average.shape else weight.value)
        self.step.count.assign(before.step.count)
        finalize(self.model)
        return fresh


def load_teacher(path: str, student: keras.Model) -> keras.Model:
    """The network that a distillation learns from. Raises FactoryError for one that cannot teach this student."""
    teacher = load(path).model
    if teacher is None:
        raise FactoryError(f"distill.teacher: {path}: expected a .keras file, this is a SavedModel")
    for what, theirs, ours in (
        ("takes images", teacher.inputs[0].shape[1:], student.inputs[0].shape[1:]),
        ("gives outputs", teacher.outputs[0].shape[1:], student.outputs[0].shape[1:]),
    ):
        if len(theirs) != len(ours) or any(a not in (None, b) for a, b in zip(theirs, ours, strict=True)):
            sizes = " and ".join("x".join("?" if n is None else str(n) for n in shape) for shape in (theirs, ours))
            raise FactoryError(f"distill.teacher: {path} {what} of another size than the network: {sizes}")
    teacher.trainable = False
    return teacher


def _in_optimizer(variable: keras.Variable) -> str:
    """What a variable is in its optimiser, whose own name Keras counts on: adam_2/conv_kernel_velocity."""
    return variable.path.partition("/")[2]
