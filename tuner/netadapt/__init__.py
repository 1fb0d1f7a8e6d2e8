"""NetAdapt: a trained network made smaller, each time where that costs least accuracy (Yang et al. 2018).

Importing this imports no TensorFlow; `adapt` brings it in when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.netadapt.adapting import Adapted, adapt
    from tuner.netadapt.resources import Settings

_HOME = {
    "Adapted": "tuner.netadapt.adapting",
    "Settings": "tuner.netadapt.resources",
    "adapt": "tuner.netadapt.adapting",
}

__all__ = ["Adapted", "Settings", "adapt"]


def __getattr__(name: str) -> Any:
    """The public name, from the module where it lives."""
    if name not in _HOME:
        raise AttributeError(f"module 'tuner.netadapt' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
