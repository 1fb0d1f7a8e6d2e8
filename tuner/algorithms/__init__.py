"""Search algorithms by name. Importing this imports none of them, and neither KerasTuner nor TensorFlow."""

from importlib import import_module
from typing import Any

from tuner.algorithms.algorithm import Algorithm

ALGORITHMS = {
    "random": "tuner.algorithms.random_search:RandomSearch",
    "grid": "tuner.algorithms.grid:Grid",
    "sobol": "tuner.algorithms.sobol:Sobol",
    "evolution": "tuner.algorithms.evolution:Evolution",
    "morphing_evolution": "tuner.algorithms.morphing_evolution:MorphingEvolution",
    "local_search": "tuner.algorithms.local_search:LocalSearch",
    "halving": "tuner.algorithms.halving:Halving",
    "nsga2": "tuner.algorithms.nsga2:NSGA2",
    "reinforce": "tuner.algorithms.reinforce:Reinforce",
    "ppo": "tuner.algorithms.ppo:PPO",
    "transforming": "tuner.algorithms.transforming:Transforming",
    "tpe": "tuner.algorithms.optuna_samplers:TPE",
    "gp": "tuner.algorithms.optuna_samplers:GP",
    "cmaes": "tuner.algorithms.optuna_samplers:CMAES",
    "optuna_nsga2": "tuner.algorithms.optuna_samplers:OptunaNSGA2",
    "bayesian": "tuner.algorithms.bayesian:Bayesian",
    "hyperband": "tuner.algorithms.hyperband:Hyperband",
}
"""Where each name of a sweep file lives."""


def algorithm(name: str) -> type[Algorithm[Any]]:
    """The class of a name. Raises KeyError."""
    module, _, attribute = ALGORITHMS[name].partition(":")
    return getattr(import_module(module), attribute)
