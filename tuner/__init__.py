"""Searching for better networks through KerasTuner: sweeps in one YAML file, that no crash can hurt.

    sweep = tuner.load("b0_macro.yaml")
    oracle = tuner.oracles.of_sweep(sweep)
    hypermodel = tuner.hypermodel("b0_macro.yaml")

Importing tuner imports nothing else: each name brings in what it needs when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner import oracles
    from tuner.oracles.hypermodel import hypermodel
    from tuner.sweep.reading import load
    from tuner.sweep.sweep import Sweep

_HOME = {
    "load": "tuner.sweep.reading",
    "Sweep": "tuner.sweep.sweep",
    "hypermodel": "tuner.oracles.hypermodel",
}

__all__ = ["Sweep", "hypermodel", "load", "oracles"]


def __getattr__(name: str) -> Any:
    """The public name, from the module where it lives."""
    if name == "oracles":
        return import_module("tuner.oracles")
    if name not in _HOME:
        raise AttributeError(f"module 'tuner' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
