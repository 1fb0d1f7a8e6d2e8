"""Blocks that bring several tensors together, and `split`, which takes one apart."""

from __future__ import annotations

from typing import Literal

from factory.blocks.net import Net, Outputs, Tensor
from factory.blocks.registry import block
from factory.blocks.types import Parts
from factory.errors import ShapeError
from factory.graph.ops import Concat, Merge, Split, WeightedSum


@block
def add(net: Net, *inputs: Tensor) -> Tensor:
    """Sum of equal shapes.

    Shape: (h, w, c), ... -> (h, w, c).
    """
    return net.op(Merge("add"), *inputs)


@block
def multiply(net: Net, *inputs: Tensor) -> Tensor:
    """Product; sizes of 1 are stretched, so that (1, 1, c) gates (h, w, c).

    Shape: (h, w, c), ... -> (h, w, c).
    """
    return net.op(Merge("multiply"), *inputs)


@block
def mean(net: Net, *inputs: Tensor) -> Tensor:
    """Mean of equal shapes.

    Shape: (h, w, c), ... -> (h, w, c).
    """
    return net.op(Merge("mean"), *inputs)


@block
def max(net: Net, *inputs: Tensor) -> Tensor:
    """Maximum of equal shapes, value by value.

    Shape: (h, w, c), ... -> (h, w, c).
    """
    return net.op(Merge("max"), *inputs)


@block
def concat(net: Net, *inputs: Tensor) -> Tensor:
    """Channels one after the other.

    Shape: (h, w, c1), (h, w, c2), ... -> (h, w, c1 + c2 + ...).
    """
    return net.op(Concat(), *inputs)


@block
def weighted_sum(net: Net, *inputs: Tensor, weights: Literal["free", "sigmoid", "softmax"] = "sigmoid") -> Tensor:
    """Sum with one learned weight an input, as it is, through a sigmoid, or a softmax over the inputs.

    Shape: (h, w, c), ... -> (h, w, c).
    """
    return net.op(WeightedSum(weights), *inputs)


@block
def split(net: Net, x: Tensor, *, parts: Parts = 2) -> Outputs:
    """Cuts the channels into so many equal parts, or by proportion: [1, 3] is a quarter and three quarters.

    Outputs: p1, p2, ... Shape: (h, w, c) -> (h, w, c1), (h, w, c2), ...
    """
    shares = (1,) * parts if isinstance(parts, int) else parts
    total = sum(shares)
    if x.channels % total:
        raise ShapeError(f"{x.channels} channels are not divisible into {total} equal shares", values=(x.channels,))
    sizes = tuple(x.channels // total * share for share in shares)
    return {f"p{number}": part for number, part in enumerate(net.ops(Split(sizes), x), 1)}
