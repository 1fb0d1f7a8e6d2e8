"""Lowering of normalisation: batch, layer, group, local response, and the input's own."""

from __future__ import annotations

import numpy as np
from keras import KerasTensor, layers

from factory.graph.ops import BatchNorm, GroupNorm, InputNorm, LayerNorm, LocalResponseNorm
from factory.models.layers import LocalResponseNormalization
from factory.models.lower.site import Site, lower


@lower.register
def _batch_norm(op: BatchNorm, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(
        layers.BatchNormalization, momentum=op.momentum, epsilon=op.epsilon, scale=op.scale, center=op.center
    )(x)


@lower.register
def _layer_norm(op: LayerNorm, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.LayerNormalization, epsilon=op.epsilon, scale=op.scale, center=op.center)(x)


@lower.register
def _group_norm(op: GroupNorm, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(
        layers.GroupNormalization, groups=op.groups, epsilon=op.epsilon, scale=op.scale, center=op.center
    )(x)


@lower.register
def _local_response_norm(op: LocalResponseNorm, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(LocalResponseNormalization, radius=op.radius, bias=op.bias, alpha=op.alpha, beta=op.beta)(x)


@lower.register
def _input_norm(op: InputNorm, site: Site, x: KerasTensor) -> KerasTensor:
    layer = site.layer(layers.Normalization, axis=-1)
    if not layer.built:
        layer.build(x.shape)
        layer.set_weights([np.array(op.mean), np.square(op.std), np.array(0)])
        layer.finalize_state()  # the layer computes with copies of its weights
    return layer(x)
