"""A model factory for Keras and TensorFlow: networks as short YAML specs, exact costs, built and scaled.

    spec = factory.load("efficientnet_b0", width=1.1)
    print(factory.cost(spec).macs)
    model = factory.build(spec)

Importing factory imports neither TensorFlow nor Keras; `build` and `copy_weights` do when they are first used.
"""

from typing import TYPE_CHECKING, Any

from factory.blocks import Limits, Net, Tensor, block
from factory.errors import FactoryError, SpecError
from factory.graph import Cost, Graph, Totals, canonical_hash
from factory.spec import Spec, cost, load, plan, totals

if TYPE_CHECKING:
    from factory.models.build import build
    from factory.models.copy import copy_weights

__version__ = "0.1.0"
__all__ = [
    "Cost",
    "FactoryError",
    "Graph",
    "Limits",
    "Net",
    "Spec",
    "SpecError",
    "Tensor",
    "Totals",
    "block",
    "build",
    "canonical_hash",
    "copy_weights",
    "cost",
    "load",
    "plan",
    "totals",
]


def __getattr__(name: str) -> Any:
    """Brings in what needs TensorFlow only when it is asked for."""
    if name == "build":
        from factory.models.build import build

        return build
    if name == "copy_weights":
        from factory.models.copy import copy_weights

        return copy_weights
    raise AttributeError(f"module 'factory' has no attribute '{name}'")
