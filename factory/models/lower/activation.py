"""Lowering of activation functions."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers

from factory.graph.ops import FUNCTIONS, Activation, Maxout, PRelu
from factory.models.layers import ELU, ChannelMaxout
from factory.models.lower.site import KERAS_NAMES, Site, lower


@lower.register
def _activation(op: Activation, site: Site, x: KerasTensor) -> KerasTensor:
    values = {**FUNCTIONS[op.kind], **dict(zip(FUNCTIONS[op.kind], op.parameters, strict=False))}
    match op.kind:
        case "relu6":
            return site.layer(layers.ReLU, max_value=6.0)(x)
        case "leaky_relu":
            return site.layer(layers.LeakyReLU, negative_slope=values["slope"])(x)
        case "elu":
            return site.layer(ELU, alpha=values["alpha"])(x)
        case "scaled_tanh":
            x = site.layer(layers.Rescaling, ".slope", scale=values["slope"])(x)
            x = site.layer(layers.Activation, ".tanh", activation="tanh")(x)
            return site.layer(layers.Rescaling, scale=values["amplitude"])(x)
    return site.layer(layers.Activation, activation=KERAS_NAMES.get(op.kind, op.kind))(x)


@lower.register
def _prelu(op: PRelu, site: Site, x: KerasTensor) -> KerasTensor:
    axes = range(1, len(x.shape) if op.shared else len(x.shape) - 1)  # those along which the slope is one
    start = keras.initializers.Constant(op.start)
    return site.layer(layers.PReLU, alpha_initializer=start, shared_axes=list(axes) or None)(x)


@lower.register
def _maxout(op: Maxout, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(ChannelMaxout, pieces=op.pieces)(x)
