"""`fit`: a network learns from data as a recipe says, in a folder from which a killed run goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from factory.errors import FactoryError
from factory.models.devices import make_strategy
from factory.models.load import load as load_model
from factory.spec import Limits, Spec, load
from factory.spec.render import render
from factory.train.adapt import overridden
from factory.train.finish import finish, summary
from factory.train.learner import Machine
from factory.train.prepare import prepare
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.render import render_recipe
from factory.train.recipe.sections import Recipe
from factory.train.reporting import Reporter, Silent
from factory.train.run import MODEL, RECIPE, SPEC, RunFolder, writing
from factory.train.training import Training


@dataclass(frozen=True)
class Trained:
    """A finished run, or one that pauses: its folder, and what it came to, as in result.json."""

    folder: Path
    result: dict[str, Any]

    @cached_property
    def model(self) -> keras.Model:
        """The best network of the run, ready to predict. Raises FactoryError where the run is not finished."""
        model = load_model(self.folder / MODEL).model
        assert model is not None
        return model


def fit(
    spec: str | os.PathLike[str] | Mapping[str, Any] | Spec,
    data: Any = "digits",
    recipe: str | os.PathLike[str] | Mapping[str, Any] | Recipe = "base",
    output: str | os.PathLike[str] | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    device: str = "auto",
    strategy: str | tf.distribute.Strategy = "none",
    jit: str = "auto",
    fresh: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    reporter: Reporter | None = None,
    limits: Limits | None = None,
    until: int | None = None,
) -> Trained:
    """Trains the network of a spec on data as a recipe says, and files everything in the folder `output`.

    spec: what `factory.load` takes. data: what `open_data` takes; "digits" needs no download. recipe: a name of
    `specs/recipes`, a path, a mapping or a Recipe. output: by default runs/SPEC-DATA-RECIPE. overrides: values of the
    spec at paths, over those that the recipe brings.

    The same call goes on where a killed one stopped, and a finished run is returned as it is; `fresh` begins anew.
    `until` pauses a run when so many of the recipe's epochs are done: it has a checkpoint but no model.keras and no
    result.json, its result has no test, and the same call with a greater `until`, or without, goes on.
    `callbacks` hear of epochs and batches as in Keras, and may set `model.stop_training`.

    Raises FactoryError for mistakes, for a folder that holds another run, for a loss that is no finite number and for a
    disk that is full; the last checkpoint stays in place then.
    """
    chosen = load_recipe(recipe)
    made = make_strategy(strategy) if isinstance(strategy, str) else strategy
    machine = Machine(device, made, jit, limits)
    final = overridden(load(spec), chosen, overrides)
    return fit_spec(final, data, chosen, output, machine, fresh, callbacks, reporter or Silent(), until)


def fit_spec(
    spec: Spec,
    data: Any,
    recipe: Recipe,
    output: str | os.PathLike[str] | None,
    machine: Machine,
    fresh: bool,
    callbacks: Sequence[keras.callbacks.Callback],
    reporter: Reporter,
    until: int | None = None,
    initialise: Callable[[keras.Model, Spec], str] | None = None,
) -> Trained:
    """`fit`, of a spec that has all its overrides.

    initialise: gives a network that begins its weights, in the place of `start` and `pretrain`, and says what it did.
    """
    if until is not None and until < 1:
        raise FactoryError(f"until: expected a number of epochs from 1, received {until}")
    name = str(data) if isinstance(data, (str, os.PathLike)) else getattr(data, "name", "arrays")
    folder = RunFolder(Path(output or Path("runs") / f"{spec.name}-{_short(name)}-{recipe.recipe}"))
    with folder.locked():
        if fresh:
            folder.clear()
        if recipe.deterministic:
            keras.utils.set_random_seed(recipe.seed)
            tf.config.experimental.enable_op_determinism()
        prepared = prepare(spec, data, name, recipe, reporter.say)
        with writing(folder):
            folder.begin({SPEC: render(prepared.spec), RECIPE: render_recipe(recipe)}, prepared.facts())
        result = folder.result()
        if result:
            reporter.say(f"{folder.path}: this run is finished; --fresh begins it anew")
        else:
            training = Training(prepared, recipe, folder, machine, reporter, callbacks, initialise)
            training.run(until)
            if training.ended:
                result = finish(prepared, recipe, folder, machine, training)
            else:
                result = summary(prepared, recipe, training, {})
        return Trained(folder.path, result)


def _short(data: str) -> str:
    """data/photos/ -> photos, keras:cifar10 -> cifar10: for the name of a folder."""
    return Path(data.rpartition(":")[2]).stem
