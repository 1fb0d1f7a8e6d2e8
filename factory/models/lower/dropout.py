"""Lowering of operations that are random in training."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.graph.ops import ChoosePath, Dropout, JoinColumns, SpatialDropout, StochasticDepth
from factory.models.layers import ColumnJoin, PathChoice
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


@lower.register
def _choose_path(op: ChoosePath, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(PathChoice, share=op.share, seed=site.seed())(x)


@lower.register
def _join_columns(op: JoinColumns, site: Site, *inputs: KerasTensor) -> KerasTensor:
    return site.layer(ColumnJoin, columns=op.columns, rate=op.rate, seed=site.seed())(list(inputs))
