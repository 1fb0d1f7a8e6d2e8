"""Search algorithms by name. Importing this imports none of them, and neither KerasTuner nor TensorFlow."""

from importlib import import_module
from typing import Any

from tuner.algorithms.algorithm import Algorithm

ALGORITHMS = {
    "random": "tuner.algorithms.random_search:RandomSearch",
}
"""Where each name of a sweep file lives."""


def algorithm(name: str) -> type[Algorithm[Any]]:
    """The class of a name. Raises KeyError."""
    module, _, attribute = ALGORITHMS[name].partition(":")
    return getattr(import_module(module), attribute)
