"""Ends of networks."""

from __future__ import annotations

from factory.blocks.net import Net, Tensor
from factory.blocks.registry import block
from factory.blocks.types import ActivationValue, Count, Rate


@block
def classifier(
    net: Net, x: Tensor, *, dropout: Rate = 0.0, units: Count | None = None, activation: ActivationValue = "softmax"
) -> Tensor:
    """Global average pooling (of an image), dropout, fully connected layer to the spec's classes, softmax.

    Shape: (h, w, c) or (c,) -> (classes,).
    """
    if len(x.shape) == 3:
        x = net.global_avg_pool(x, name="pool")
    x = net.dropout(x, rate=dropout, name="dropout")
    return net.dense(x, units=units or net.classes, activation=activation, name="dense")
