"""The phases of a run: which network, which images, which layers are trained, and for how many epochs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from factory.errors import FactoryError
from factory.graph.ops import JoinColumns
from factory.spec import Spec, plan, totals
from factory.train.prepare import Prepared
from factory.train.recipe.augmentations import Augmentation
from factory.train.recipe.sections import Phase, Recipe


@dataclass(frozen=True)
class PlannedPhase:
    """Some epochs of a run.

    `resolution` is (height, width) of its images. `freeze` names stages that are not trained. `column`: of `fractal`
    blocks only the first so many columns run, the shortest first, and of these only the last is trained; None: all.
    """

    number: int
    epochs: int
    spec: Spec
    resolution: tuple[int, int]
    freeze: tuple[str, ...]
    augment: tuple[Augmentation, ...]
    column: int | None = None


def plan_phases(prepared: Prepared, recipe: Recipe) -> list[PlannedPhase]:
    """The phases of a run, one at least. Raises FactoryError where they do not fit the network or the epochs."""
    if recipe.freeze_path:
        return _columns(prepared, recipe)
    phases = recipe.phases or (Phase(),)
    return [
        _planned(number, epochs, phase, prepared, recipe)
        for number, (phase, epochs) in enumerate(zip(phases, recipe.phase_epochs(), strict=True))
    ]


def _planned(
    number: int, epochs: int, phase: Phase, prepared: Prepared, recipe: Recipe, column: int | None = None
) -> PlannedPhase:
    changes: dict[str, Any] = dict(phase.spec)
    grown = prepared.spec.override(changes) if changes else prepared.spec
    if phase.resolution or recipe.multi_scale:
        changes |= {"input.resolution": phase.resolution or "any", "scale.resolution": 1.0}
    spec = prepared.spec.override(changes) if changes else prepared.spec
    if phase.resolution and totals(spec).params != totals(grown).params:
        raise FactoryError(
            f"phases.{number}.resolution: the weights of {spec.name} depend on the size of its images, so that those "
            f"learnt at {phase.resolution} do not fit at its own: expected a network that ends in global pooling"
        )
    return PlannedPhase(
        number,
        epochs,
        spec,
        (phase.resolution, phase.resolution) if phase.resolution else prepared.resolution,
        recipe.freeze if phase.freeze is None else phase.freeze,
        recipe.augment if phase.augment is None else phase.augment,
        column,
    )


def _columns(prepared: Prepared, recipe: Recipe) -> list[PlannedPhase]:
    """A phase for every column of the network's fractals, and one for all together with the epochs that are left."""
    assert recipe.freeze_path is not None
    each = recipe.freeze_path.epochs
    # where nothing is dropped, joins are plain means, which know no columns; none is dropped while columns wait
    choosing = replace(prepared, spec=prepared.spec.override({"drop_path.local": 0.5}))
    joins = [node.op for node in plan(choosing.spec).nodes if isinstance(node.op, JoinColumns)]
    if not joins:
        raise FactoryError(f"freeze_path: {prepared.spec.name} has no 'fractal' block whose columns could be trained")
    columns = max(join.columns for join in joins)
    left = recipe.epochs - columns * each
    if left < 0:
        raise FactoryError(
            f"freeze_path: {columns} columns of {each} epochs are {columns * each}, the recipe has {recipe.epochs}"
        )
    phases = [_planned(n, each, Phase(), choosing, recipe, column=n + 1) for n in range(columns)]
    return [*phases, _planned(columns, left, Phase(), prepared, recipe)] if left else phases
