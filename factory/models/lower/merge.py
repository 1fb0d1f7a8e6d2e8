"""Lowering of operations that bring several tensors together."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.graph.ops import Concat, Merge, WeightedSum
from factory.models.layers import WeightedAdd
from factory.models.lower.site import Site, lower

_MERGES = {"add": layers.Add, "multiply": layers.Multiply, "mean": layers.Average, "max": layers.Maximum}


@lower.register
def _merge(op: Merge, site: Site, *inputs: KerasTensor) -> KerasTensor:
    if len(inputs) == 1:  # Keras' merging layers want two at least
        return site.layer(layers.Identity)(inputs[0])
    return site.layer(_MERGES[op.kind])(list(inputs))


@lower.register
def _concat(op: Concat, site: Site, *inputs: KerasTensor) -> KerasTensor:
    return site.layer(layers.Concatenate)(list(inputs))


@lower.register
def _weighted_sum(op: WeightedSum, site: Site, *inputs: KerasTensor) -> KerasTensor:
    return site.layer(WeightedAdd, kind=op.kind)(list(inputs))
