"""The search algorithms as oracles of KerasTuner's, for anybody's tuner.

    oracle = tuner.oracles.Evolution(objective="val_accuracy", max_trials=100, population=20)
    keras_tuner.Tuner(oracle=oracle, hypermodel=build).search(x, y, validation_data=(x_val, y_val))

Importing this imports nothing else: KerasTuner, and TensorFlow with it, comes in with the first name.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.oracles.named import (
        CMAES,
        GP,
        NSGA2,
        PPO,
        TPE,
        Bayesian,
        Evolution,
        Grid,
        Halving,
        Hyperband,
        LocalSearch,
        MorphingEvolution,
        OptunaNSGA2,
        Random,
        Reinforce,
        Sobol,
        Transforming,
    )
    from tuner.oracles.oracle import AlgorithmOracle
    from tuner.oracles.sweeps import of_sweep

__all__ = [
    "CMAES",
    "GP",
    "NSGA2",
    "PPO",
    "TPE",
    "AlgorithmOracle",
    "Bayesian",
    "Evolution",
    "Grid",
    "Halving",
    "Hyperband",
    "LocalSearch",
    "MorphingEvolution",
    "OptunaNSGA2",
    "Random",
    "Reinforce",
    "Sobol",
    "Transforming",
    "of_sweep",
]


def __getattr__(name: str) -> Any:
    """The public name, from the module where it lives."""
    if name not in __all__:
        raise AttributeError(f"module 'tuner.oracles' has no attribute '{name}'")
    home = {"AlgorithmOracle": "oracle", "of_sweep": "sweeps"}.get(name, "named")
    return getattr(import_module(f"tuner.oracles.{home}"), name)
