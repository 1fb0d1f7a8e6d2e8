"""The end of a run: the best weights in a network of the spec's own size, tested, saved."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from factory.models.build import build
from factory.models.save import save
from factory.spec import Spec, cost
from factory.spec.render import render
from factory.train.checkpoint import read_checkpoint
from factory.train.evaluate import Evaluator
from factory.train.feeds import evaluation_feed
from factory.train.learner import Machine
from factory.train.losses import make_loss
from factory.train.measures import make_measures
from factory.train.prepare import Prepared
from factory.train.recipe.sections import Recipe
from factory.train.run import BEST, CHECKPOINTS, RunFolder, writing
from factory.train.training import Training
from factory.train.weights import finalize

_NO_MEASURES = ("epoch", "step", "learning_rate", "seconds", "images_per_second")


def finish(
    prepared: Prepared, recipe: Recipe, folder: RunFolder, machine: Machine, training: Training
) -> dict[str, Any]:
    """Writes model.keras and result.json, and returns what the latter says."""
    spec = grown(prepared.spec, recipe, training.learner.phase.number)
    model = build(spec, precision=recipe.precision, device=machine.device, jit=machine.jit)
    give_weights(model, read_checkpoint(folder / CHECKPOINTS / BEST).arrays)
    result = summary(prepared, recipe, training, _test(model, spec, prepared, recipe) if prepared.test else {})
    with writing(folder):
        save(model, folder.path, "model", ["keras"], render(spec), list(prepared.train.classes))
        folder.write_result(result)
    return result


def summary(prepared: Prepared, recipe: Recipe, training: Training, test: dict[str, float]) -> dict[str, Any]:
    """What a run has come to: the measures of its best epoch, `test` those of its best weights on the test part."""
    history, best_epoch = training.history, training.best_epoch
    costs = cost(grown(prepared.spec, recipe, training.learner.phase.number))
    row = history[best_epoch - 1]
    return {
        "spec": prepared.spec.name,
        "recipe": recipe.recipe,
        "data": prepared.name,
        "epochs": len(history),
        "best_epoch": best_epoch,
        "train": {name: row[name] for name in row if name not in _NO_MEASURES and not name.startswith("val_")},
        "validation": {name.removeprefix("val_"): row[name] for name in row if name.startswith("val_")},
        "test": test,
        "seconds": history[-1]["seconds"],
        "images_per_second": float(np.median([row["images_per_second"] for row in history])),
        "params": costs.params,
        "macs": costs.macs,
    }


def grown(spec: Spec, recipe: Recipe, phase: int) -> Spec:
    """The network of a phase, the last that was trained, at the spec's own resolution."""
    changes = recipe.phases[phase].spec if recipe.phases else {}
    return spec.override(changes) if changes else spec


def give_weights(model: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    """Gives every weight the array of its path: those of heads that exist in training only stay behind."""
    for weight in model.weights:
        weight.assign(arrays[weight.path])
    finalize(model)


def _test(model: keras.Model, spec: Spec, prepared: Prepared, recipe: Recipe) -> dict[str, float]:
    test = prepared.test
    assert test is not None
    loss, measures = make_loss(recipe.loss, test.task, test.classes), make_measures(test.task, test.classes)
    evaluator = Evaluator(model, loss, measures, recipe.evaluation, prepared.resolution, spec=spec)
    batches = evaluation_feed(test, recipe, recipe.evaluation, prepared.batch_size, prepared.resolution)
    with test.reading():
        return evaluator.evaluate(batches)
