"""What cannot be right about a recipe though every value by itself is: fields without effect, what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from factory.blocks.values import Invalid, Section
from factory.train.recipe.optimizers import check_optimizer
from factory.train.recipe.sections import Data, Evaluation, Optimizer, Recipe, Schedule
from factory.train.recipe.variants import VARIANTS, Variants, variants_of


def section_mistakes(section: Section) -> Iterator[Invalid]:
    """The mistakes of a section by itself, each with where it is in the section."""
    if isinstance(section, Optimizer):
        yield from _raised(check_optimizer, section)
    elif variants := variants_of(section):
        yield from _without_effect(section, variants)
    for kind, find in _CHECKS.items():
        if isinstance(section, kind):
            yield from find(section)


def recipe_mistakes(recipe: Recipe) -> Iterator[Invalid]:
    """The mistakes of a recipe whose sections are right, each with where it is."""
    yield from _raised(Recipe.phase_epochs, recipe)
    schedule, epochs = recipe.schedule, recipe.epochs
    training = f"the {epochs} epoch{'s' * (epochs > 1)} of training"
    if schedule.warmup_epochs > epochs:
        yield Invalid(
            f"a warm-up of {schedule.warmup_epochs:g} epochs is longer than {training}",
            loc=("schedule", "warmup_epochs"),
        )
    for index, at in enumerate(schedule.at):
        if at >= epochs:
            yield Invalid(f"epoch {at:g} is beyond {training}", loc=("schedule", "at", index))
    if recipe.freeze_path and recipe.freeze_path.epochs > epochs:
        yield Invalid(
            f"{recipe.freeze_path.epochs} epochs for each column are more than {training}",
            loc=("freeze_path", "epochs"),
        )
    if recipe.freeze_path and recipe.phases:
        yield Invalid("freeze_path makes phases of its own", "leave out one of the two", ("freeze_path",))
    if recipe.multi_scale and any(phase.resolution for phase in recipe.phases):
        yield Invalid(
            "multi_scale and the resolution of phases both set the input's size",
            "leave out one of the two",
            ("multi_scale",),
        )


def _raised(check: Callable[[Any], Any], value: Any) -> Iterator[Invalid]:
    try:
        check(value)
    except Invalid as error:
        yield error


def _without_effect(section: Section, variants: Variants) -> Iterator[Invalid]:
    """Fields that are given though the section's choice has no use for them."""
    choice = getattr(section, variants.key)
    for field in type(section).model_fields:
        if field in section.model_fields_set & variants.unused(choice):
            users = variants.users(field)
            hint = f"{', '.join(users)} {'have' if len(users) > 1 else 'has'} it"
            yield Invalid(f"unknown parameter of {variants.what} '{choice}'", hint, (field,))


def _schedule(schedule: Schedule) -> Iterator[Invalid]:
    if schedule.name == "step":
        if not schedule.at:
            yield Invalid("schedule 'step' needs 'at'", "at: [30, 60], the epochs at which the learning rate falls")
        if any(first >= second for first, second in pairwise(schedule.at)):
            yield Invalid("expected epochs that grow", loc=("at",))
    unused = VARIANTS["schedule"].unused(schedule.name)
    for field in ("end", "base", "warmup_start"):
        value = getattr(schedule, field)
        if field not in unused and value > schedule.peak:
            yield Invalid(f"expected at most the peak, {schedule.peak:g}, received {value:g}", loc=(field,))


def _data(data: Data) -> Iterator[Invalid]:
    if data.split == "kfold" and data.fold >= data.folds:
        last = data.folds - 1
        yield Invalid(f"of {data.folds} folds the last is {last}, received {data.fold}", "counted from 0", ("fold",))


def _evaluation(evaluation: Evaluation) -> Iterator[Invalid]:
    if evaluation.crops > 1 and evaluation.dense:
        yield Invalid("dense evaluation takes the whole image, without crops", "leave out one of the two", ("crops",))
    elif evaluation.crops > 1 and evaluation.scale == 1:
        yield Invalid(
            f"at scale 1 all {evaluation.crops} crops are the whole image", "scale: 1.143 is 256/224", ("crops",)
        )
    if evaluation.crops == 10 and evaluation.flip:
        yield Invalid("5 of the 10 crops are mirrored already", "leave out one of the two", ("flip",))


_CHECKS: dict[type[Section], Callable[[Any], Iterator[Invalid]]] = {
    Schedule: _schedule,
    Data: _data,
    Evaluation: _evaluation,
}
