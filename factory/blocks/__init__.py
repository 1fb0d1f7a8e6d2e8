"""The library of named blocks. Knows no TensorFlow and no YAML."""

from factory.blocks import (  # noqa: F401  (importing a family registers its blocks)
    activation,
    cell,
    channels,
    connectivity,
    conv,
    head,
    mbconv,
    merge,
    pooling,
    random_graph,
    residual,
    spatial,
    structure,
)
from factory.blocks.counting_net import CountingNet
from factory.blocks.graph_net import GraphNet
from factory.blocks.net import Limits, Net, Outputs, Tensor
from factory.blocks.registry import REGISTRY, BlockInfo, Parameter, block

__all__ = [
    "REGISTRY",
    "BlockInfo",
    "CountingNet",
    "GraphNet",
    "Limits",
    "Net",
    "Outputs",
    "Parameter",
    "Tensor",
    "block",
]
