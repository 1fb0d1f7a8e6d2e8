"""Sweeps on many machines: trials are Ray tasks, the driver with its oracle is one actor.

Importing this imports nothing else: Ray comes in with the first name.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.cluster.session import run

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    """The public name, from the module where it lives."""
    if name not in __all__:
        raise AttributeError(f"module 'tuner.cluster' has no attribute '{name}'")
    return getattr(import_module("tuner.cluster.session"), name)
