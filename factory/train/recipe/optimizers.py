"""Which hyper-parameters each optimiser of Keras has, of those that a recipe can give. Knows no Keras."""

from __future__ import annotations

from factory.blocks.values import Invalid
from factory.errors import did_you_mean
from factory.train.recipe.sections import Optimizer

_ADAM = ("beta_1", "beta_2", "epsilon")

HYPERPARAMETERS: dict[str, tuple[str, ...]] = {
    "adadelta": ("rho", "epsilon"),
    "adafactor": (),
    "adagrad": ("initial_accumulator_value", "epsilon"),
    "adam": (*_ADAM, "amsgrad"),
    "adamax": _ADAM,
    "adamw": (*_ADAM, "amsgrad"),
    "ftrl": ("initial_accumulator_value",),
    "lamb": _ADAM,
    "lion": ("beta_1", "beta_2"),
    "muon": ("momentum", "nesterov", "epsilon"),
    "nadam": _ADAM,
    "rmsprop": ("rho", "momentum", "epsilon", "centered"),
    "schedulefreeadamw": _ADAM,
    "sgd": ("momentum", "nesterov"),
}
"""By name: the name of its class in keras.optimizers, in small letters."""
ALL = tuple(sorted({name for names in HYPERPARAMETERS.values() for name in names}))
"""The fields of the section that only some optimisers have; the others hold for all."""


def given(section: Optimizer) -> dict[str, float | bool]:
    """The hyper-parameters that the section sets."""
    return {name: getattr(section, name) for name in ALL if getattr(section, name) is not None}


def check_optimizer(section: Optimizer) -> None:
    """Raises Invalid, with all mistakes, for an unknown name and for what this optimiser does not have."""
    if section.name not in HYPERPARAMETERS:
        hint = did_you_mean(section.name, HYPERPARAMETERS, many=len(HYPERPARAMETERS))
        raise Invalid(f"unknown optimizer '{section.name}'", hint, ("name",))
    own = HYPERPARAMETERS[section.name]
    mistakes = [
        Invalid(f"{section.name} has no '{name}'", f"it has {', '.join(own)}" if own else "", (name,))
        for name in given(section)
        if name not in own
    ]
    if section.name == "sgd" and section.nesterov and section.momentum == 0:
        mistakes.append(Invalid("nesterov needs a momentum, received momentum 0", loc=("nesterov",)))
    if section.clip_norm is not None and section.clip_value is not None:
        mistakes.append(Invalid("gradients are clipped in one way: clip_norm or clip_value", loc=("clip_value",)))
    if mistakes:
        first, *more = mistakes
        first.more = tuple(more)
        raise first
