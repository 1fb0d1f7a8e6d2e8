"""A model factory for Keras and TensorFlow: networks as short YAML specs, exact costs, built and scaled.

    spec = factory.load("efficientnet_b0", width=1.1)
    print(factory.cost(spec).macs)
    model = factory.build(spec)

Importing factory imports nothing else: each name brings in what it needs when it is first used, and only `build`,
`copy_weights`, `fit` and `import_weights` need TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.blocks import Limits, Net, Tensor, block
    from factory.errors import FactoryError, SpecError
    from factory.graph import Cost, Graph, Totals, canonical_hash
    from factory.models.build import build
    from factory.models.copy import copy_weights
    from factory.models.torch.importing import import_weights
    from factory.spec import Spec, cost, load, plan, totals
    from factory.train.fit import fit

__version__ = "0.1.0"

_HOME = {
    **dict.fromkeys(("Limits", "Net", "Tensor", "block"), "factory.blocks"),
    **dict.fromkeys(("FactoryError", "SpecError"), "factory.errors"),
    **dict.fromkeys(("Cost", "Graph", "Totals", "canonical_hash"), "factory.graph"),
    **dict.fromkeys(("Spec", "cost", "load", "plan", "totals"), "factory.spec"),
    "build": "factory.models.build",
    "copy_weights": "factory.models.copy",
    "import_weights": "factory.models.torch.importing",
    "fit": "factory.train.fit",
}

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
    "fit",
    "import_weights",
    "load",
    "plan",
    "totals",
]


def __getattr__(name: str) -> Any:
    """The public name, from the module where it lives."""
    if name not in _HOME:
        raise AttributeError(f"module 'factory' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
