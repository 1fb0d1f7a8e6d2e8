"""Running a sweep: a driver, its worker processes, the run of one trial.

Importing this imports nothing else: a worker starts with no more than it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.runner.reporting import Progress, Reporter, Silent
    from tuner.runner.session import run

_HOME = {"run": "session", **dict.fromkeys(("Progress", "Reporter", "Silent"), "reporting")}

__all__ = ["Progress", "Reporter", "Silent", "run"]


def __getattr__(name: str) -> Any:
    """The public name, from the module where it lives."""
    if name not in _HOME:
        raise AttributeError(f"module 'tuner.runner' has no attribute '{name}'")
    return getattr(import_module(f"tuner.runner.{_HOME[name]}"), name)
