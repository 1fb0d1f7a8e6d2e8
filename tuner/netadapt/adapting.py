"""`adapt`: NetAdapt, from a trained network to the best one found that costs no more than is allowed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from factory.errors import FactoryError
from factory.models.archive import read_labels
from factory.models.load import load as load_model
from factory.train.ensemble import check_classes
from factory.train.learner import Machine
from factory.train.prepare import Prepared, prepare
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.render import render_recipe
from factory.train.recipe.sections import Recipe
from factory.train.reporting import Reporter, Silent
from factory.train.run import MODEL, SPEC
from factory.train.subjects import find_subjects
from factory.train.trained import recipe_of
from tuner.netadapt.folder import TRAINED, Folder, Row
from tuner.netadapt.models import read_network
from tuner.netadapt.network import Network
from tuner.netadapt.resources import Settings
from tuner.netadapt.stepping import Adaptation


@dataclass(frozen=True)
class Adapted:
    """What came of an adaptation: its folder, what result.json says, and a row a step, that of the start first."""

    folder: Path
    result: dict[str, Any]
    history: list[Row]

    @property
    def spec(self) -> Path:
        """The file of the smaller network's spec."""
        return self.folder / SPEC

    @cached_property
    def model(self) -> keras.Model:
        """The network after long-term fine-tuning, ready to predict."""
        model = load_model(self.folder / TRAINED / MODEL).model
        assert model is not None
        return model


def adapt(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    data: Any = None,
    recipe: str | os.PathLike[str] | Mapping[str, Any] | Recipe | None = None,
    settings: Settings | None = None,
    machine: Machine | None = None,
    reporter: Reporter | None = None,
    fresh: bool = False,
) -> Adapted:
    """Makes a trained network smaller step by step until it costs what the target says (Yang et al. 2018, NetAdapt).

    In each step every width of the network makes a proposal: so few of its filters, those of the greatest L2 norm, that
    the whole step's reduction is met. Each proposal is fine-tuned for a few steps; the one that is best on the
    validation part goes on. At the end the network is trained as the recipe says, beginning with these weights.

    source: the folder of a run of `factory train`, or a .keras file that the factory saved. output: the folder that all
    is filed in. data, recipe: those of the run unless given.

    The same call goes on where a killed one stopped, and what is finished is returned as it is; `fresh` begins anew.

    Raises FactoryError for mistakes, for data of other classes than the network's, for a target that no step comes to,
    and for a folder that holds another adaptation.
    """
    chosen, told, where = settings or Settings(), reporter or Silent(), machine or Machine()
    [subject] = find_subjects([Path(source)])
    data = subject.data if data is None else data
    if data is None:
        raise FactoryError(f"{subject.file}: a .keras file does not say what it learned from: give --data")
    learning = recipe_of(subject) if recipe is None else load_recipe(recipe)
    folder = Folder(Path(output))
    with folder.locked():
        if fresh:
            folder.clear()
        network = read_network(subject.file)
        prepared = _prepared(network, subject.file, data, learning, told)
        steps = chosen.steps(network.graph)
        folder.begin(_asked(network, chosen, learning, prepared))
        run = Adaptation(folder, chosen, steps, prepared, learning, where, told)
        last, rows = run.all_steps(network)
        result = run.trained(last, rows, read_labels(subject.file), data)
    return Adapted(folder.path, result, rows)


def _prepared(network: Network, file: Path, data: Any, recipe: Recipe, told: Reporter) -> Prepared:
    """The data that the network learns from. Raises FactoryError where they are not of its classes and channels."""
    name = str(data) if isinstance(data, (str, os.PathLike)) else getattr(data, "name", "arrays")
    prepared = prepare(network.spec, data, name, recipe, told.say)
    labels = read_labels(file)
    if labels is not None:
        check_classes([prepared.train.name, file.name], [prepared.train.classes, labels])
    classes, channels = len(prepared.train.classes), prepared.spec.input.channels
    if classes != network.spec.classes or channels != network.spec.input.channels:
        raise FactoryError(
            f"{file} has {network.spec.classes} classes and takes images of {network.spec.input.channels} channels, "
            f"{name} has {classes} and {channels}"
        )
    return prepared


def _asked(network: Network, settings: Settings, recipe: Recipe, prepared: Prepared) -> dict[str, Any]:
    """What makes this adaptation different from another, as JSON can say it."""
    facts = {"network": network.fingerprint(), **asdict(settings), "data": prepared.train.fingerprint}
    return {**facts, "recipe": render_recipe(recipe).splitlines()}
