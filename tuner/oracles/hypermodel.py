"""The space of a sweep file as a HyperModel, for any tuner of KerasTuner's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf
from keras_tuner import HyperModel, HyperParameters
from keras_tuner.errors import FailedTrialError

import factory
from factory.errors import FactoryError
from factory.train.data.dataset import Task
from tuner.oracles.compiling import compile_model
from tuner.oracles.hyperparameters import point_of, to_hyperparameters
from tuner.space import Point
from tuner.sweep import Sweep
from tuner.sweep.feasibility import DRAWN
from tuner.sweep.reading import load


def hypermodel(source: str | os.PathLike[str] | Mapping[str, Any], /, **overrides: Any) -> SweepModel:
    """The networks of a sweep as KerasTuner builds them; the arguments are those of `tuner.load`.

        searching = keras_tuner.BayesianOptimization(tuner.hypermodel("b0_macro.yaml"), "val_accuracy", max_trials=20)
        searching.search(x, y, validation_data=(x_val, y_val))

    Images are pixels of 0 to 255, (samples, height, width, channels), in the resolution of the spec; what they are
    learnt for is what the sweep's data say, classes where only opening them tells. Raises SpecError for mistakes in the
    file.
    """
    return SweepModel(load(source, **overrides))


class SweepModel(HyperModel):
    """Declares the whole space of a sweep at once, and builds its candidates.

    Defaults are a feasible candidate's. Other oracles than those of `tuner.oracles.of_sweep`, which ask first, propose
    infeasible ones, too: such a trial fails with the constraint that does not hold.
    """

    def __init__(self, sweep: Sweep):
        super().__init__(name=sweep.name)
        self.sweep = sweep
        sweep.candidates.measure_latency()
        self._task = cast(Task, sweep.facts.task if sweep.facts else "classes")
        self._declared = to_hyperparameters(sweep.space, _feasible_point(sweep))

    def declare_hyperparameters(self, hp: HyperParameters) -> None:
        hp.merge(self._declared, overwrite=False)

    def build(self, hp: HyperParameters) -> keras.Model:
        """The candidate of these values, compiled as its recipe says. Raises FailedTrialError for an infeasible one."""
        self.declare_hyperparameters(hp)
        point = point_of(self.sweep.space, hp.values)
        obstacle = self.sweep.candidates.obstacle(point)
        if obstacle is not None:
            reason = str(obstacle) if isinstance(obstacle, FactoryError) else f"{obstacle.text} does not hold"
            raise FailedTrialError(f"{self.sweep.name}: infeasible: {reason}")
        candidate = self.sweep.candidate(point)
        model = factory.build(candidate.spec, seed=candidate.recipe.seed, precision=candidate.recipe.precision)
        return compile_model(model, candidate.recipe, self._task)

    def fit(self, hp: HyperParameters, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        """Trains for the epochs and in the batches of the candidate's recipe, unless the search says otherwise."""
        recipe = self.sweep.candidate(point_of(self.sweep.space, hp.values)).recipe
        data = args[0] if args else kwargs.get("x")
        if isinstance(data, (np.ndarray, tf.Tensor)):
            kwargs.setdefault("batch_size", recipe.batch_size)
        kwargs.setdefault("epochs", hp.values.get("tuner/epochs", recipe.epochs))
        return super().fit(hp, model, *args, **kwargs)


def _feasible_point(sweep: Sweep) -> Point:
    """A point that can be built, found as `load` found that there is one."""
    random = np.random.default_rng(0)
    small = sweep.space.size <= DRAWN
    points: Iterable[Point] = sweep.space.grid() if small else (sweep.space.sample(random) for _ in range(DRAWN))
    return next(point for point in points if sweep.feasible(point))
