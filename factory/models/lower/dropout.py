"""Lowering of operations that act in training only."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.graph.ops import Dropout, SpatialDropout, StochasticDepth
from factory.models.lower.site import Site, lower


@lower.register
def _dropout(op: Dropout, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.Dropout, rate=op.rate, seed=site.seed())(x)


@lower.register
def _spatial_dropout(op: SpatialDropout, site: Site, x: KerasTensor) -> KerasTensor:
    """A vector's values are its channels: there it is plain dropout."""
    kind = layers.SpatialDropout2D if len(x.shape) == 4 else layers.Dropout
    return site.layer(kind, rate=op.rate, seed=site.seed())(x)


@lower.register
def _stochastic_depth(op: StochasticDepth, site: Site, x: KerasTensor) -> KerasTensor:
    shape = (None, *(1 for _ in x.shape[1:]))
    return site.layer(layers.Dropout, rate=op.rate, noise_shape=shape, seed=site.seed())(x)
