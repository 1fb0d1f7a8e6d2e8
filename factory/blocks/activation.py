"""Normalisations and activations as blocks of their own."""

from __future__ import annotations

from functools import cache

from factory.blocks import values
from factory.blocks.net import Net, Tensor
from factory.blocks.registry import block
from factory.blocks.types import ActivationValue, Count, NormValue
from factory.blocks.values import Norm
from factory.graph.ops import (
    FUNCTIONS,
    Activation,
    BatchNorm,
    GroupNorm,
    LayerNorm,
    LocalResponseNorm,
    Maxout,
    Op,
    PRelu,
)


@block
def norm(net: Net, x: Tensor, *, norm: NormValue | None = None) -> Tensor:
    """Normalisation, by default the conventions'.

    Shape: unchanged.
    """
    return normalize(net, x, net.norm_of(norm))


def normalize(net: Net, x: Tensor, norm: Norm, name: str = "") -> Tensor:
    """x after this norm, as part of another block; none leaves it alone."""
    op = _norm_op(norm)
    return net.op(op, x, name=name) if op else x


@cache
def _norm_op(norm: Norm) -> Op | None:
    if norm.kind == "batch":
        return BatchNorm(norm.epsilon, norm.momentum, norm.scale, norm.center)
    if norm.kind == "layer":
        return LayerNorm(norm.epsilon, norm.scale, norm.center)
    if norm.kind == "group":
        return GroupNorm(norm.groups, norm.epsilon, norm.scale, norm.center)
    return None


@block
def activation(net: Net, x: Tensor, *, kind: ActivationValue | None = None) -> Tensor:
    """Activation function, by default the conventions'; linear is none.

    Shape: unchanged.
    """
    return activate(net, x, net.activation_of(kind))


def activate(net: Net, x: Tensor, activation: values.Activation, name: str = "") -> Tensor:
    """x after this activation, as part of another block; linear leaves it alone."""
    op = _activation_op(activation)
    return net.op(op, x, name=name) if op else x


@cache
def _activation_op(activation: values.Activation) -> Op | None:
    given = dict(activation.parameters)
    if activation.kind == "linear":
        return None
    if activation.kind == "prelu":
        return PRelu(**given)  # type: ignore[arg-type]
    parameters = tuple(float(given.get(name, default)) for name, default in FUNCTIONS[activation.kind].items())
    return Activation(activation.kind, parameters)


@block
def softmax(net: Net, x: Tensor) -> Tensor:
    """Softmax over the channels.

    Shape: unchanged.
    """
    return net.op(Activation("softmax"), x)


@block
def local_response_norm(
    net: Net, x: Tensor, *, radius: Count = 5, bias: float = 1.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    """x / (bias + alpha * sum of squares over 2 * radius + 1 channels) ** beta (Krizhevsky et al. 2012, section 3.3).

    PyTorch's alpha is divided by its size; here it is not. Shape: unchanged.
    """
    return net.op(LocalResponseNorm(radius, bias, alpha, beta), x)


@block
def maxout(net: Net, x: Tensor, *, pieces: Count = 2) -> Tensor:
    """Maximum over groups of consecutive channels (Goodfellow et al. 2013).

    Shape: (..., c) -> (..., c / pieces).
    """
    return net.op(Maxout(pieces), x)
