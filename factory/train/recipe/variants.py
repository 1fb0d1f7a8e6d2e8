"""Sections whose fields depend on a choice among them: what each schedule, loss, optimiser, split or method uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from factory.blocks.values import Section
from factory.train.recipe.optimizers import HYPERPARAMETERS
from factory.train.recipe.sections import Data, Loss, Optimizer, Pretrain, Schedule


class Variants(NamedTuple):
    """A section with a choice.

    key: the field that holds it; what: what is chosen, in words; own: by choice, the fields that it uses of those that
    only some choices use. Fields that are in none of them are for all.
    """

    section: type[Section]
    key: str
    what: str
    own: Mapping[str, Iterable[str]]

    @property
    def default(self) -> str:
        return self.section.model_fields[self.key].default

    def unused(self, choice: object) -> frozenset[str]:
        """The fields that have no effect with this choice; none with one that does not exist."""
        if not isinstance(choice, str) or choice not in self.own:
            return frozenset()
        return frozenset().union(*self.own.values()) - frozenset(self.own[choice])

    def users(self, field: str) -> list[str]:
        """The choices that use a field."""
        return [choice for choice, own in self.own.items() if field in own]


_SCHEDULES = {
    "constant": (),
    "step": ("at", "factor"),
    "linear": ("end",),
    "polynomial": ("end", "power"),
    "cosine": ("end",),
    "warm_restarts": ("end", "cycle_epochs", "cycle_factor", "cycle_decay"),
    "one_cycle": ("end", "base", "rise"),
    "triangular": ("base", "cycle_epochs"),
    "triangular2": ("base", "cycle_epochs"),
    "exp_range": ("base", "cycle_epochs", "gamma"),
}
_LOSSES = {
    "auto": ("label_smoothing", "bootstrap"),
    "cross_entropy": ("label_smoothing", "bootstrap"),
    "binary_cross_entropy": ("label_smoothing",),
    "mean_squared_error": (),
    "mean_absolute_error": (),
    "huber": (),
}
_SPLITS = {"holdout": ("validation",), "kfold": ("folds", "fold"), "bootstrap": ("fold",)}
_METHODS = {"rbm": ("steps",), "autoencoder": ("corruption",)}

VARIANTS: dict[str, Variants] = {
    "optimizer": Variants(Optimizer, "name", "optimizer", HYPERPARAMETERS),
    "schedule": Variants(Schedule, "name", "schedule", _SCHEDULES),
    "loss": Variants(Loss, "name", "loss", _LOSSES),
    "data": Variants(Data, "split", "split", _SPLITS),
    "pretrain": Variants(Pretrain, "method", "method", _METHODS),
}
"""By the key of the section in a recipe."""


def variants_of(section: Section) -> Variants | None:
    """The choice that a section has, None for one without."""
    return next((variants for variants in VARIANTS.values() if isinstance(section, variants.section)), None)
