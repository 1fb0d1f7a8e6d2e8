"""Pooling: over windows, over the whole image, to a fixed size; unpooling."""

from __future__ import annotations

from factory.blocks.net import Net, Outputs, Tensor
from factory.blocks.padding import ceil_padding, resolve_padding
from factory.blocks.registry import block
from factory.blocks.types import Kernel, Padding, Stride
from factory.blocks.values import pair
from factory.errors import ShapeError
from factory.graph.ops import AdaptivePool, AvgPool, GlobalPool, MaxPool, MaxUnpool


@block
def max_pool(
    net: Net,
    x: Tensor,
    *,
    kernel: Kernel = 2,
    stride: Stride | None = None,
    padding: Padding = "valid",
    ceil_mode: bool = False,
) -> Outputs:
    """Maximum over each window; stride is the kernel unless given; padding is minus infinity.

    Outputs: out, and indices, the place of each maximum in its window, for max_unpool.
    Shape: (h, w, c) -> (h', w', c).
    """
    k, s = pair(kernel), pair(kernel if stride is None else stride)
    pads = resolve_padding(padding, x.shape, k, s)
    out, indices = net.ops(MaxPool(k, s, ceil_padding(pads, x.shape, k, s) if ceil_mode else pads), x)
    return {"out": out, "indices": indices}


@block
def avg_pool(
    net: Net,
    x: Tensor,
    *,
    kernel: Kernel = 2,
    stride: Stride | None = None,
    padding: Padding = "valid",
    ceil_mode: bool = False,
    count_padding: bool = False,
) -> Tensor:
    """Mean over each window; stride is the kernel unless given; padding enters the mean only with count_padding.

    Shape: (h, w, c) -> (h', w', c).
    """
    k, s = pair(kernel), pair(kernel if stride is None else stride)
    pads = resolve_padding(padding, x.shape, k, s)
    if pads == "same" and count_padding:
        raise ShapeError("count_padding needs a known resolution or explicit padding", "write the padding as numbers")
    counted = pads if count_padding and pads != "same" else ((0, 0), (0, 0))
    return net.op(AvgPool(k, s, ceil_padding(pads, x.shape, k, s) if ceil_mode else pads, counted), x)  # type: ignore[arg-type]


@block
def global_avg_pool(net: Net, x: Tensor, *, keep_size: bool = False) -> Tensor:
    """Mean over the whole image.

    Shape: (h, w, c) -> (c,), or (1, 1, c) with keep_size.
    """
    return net.op(GlobalPool("mean", keep_size), x)


@block
def global_max_pool(net: Net, x: Tensor, *, keep_size: bool = False) -> Tensor:
    """Maximum over the whole image.

    Shape: (h, w, c) -> (c,), or (1, 1, c) with keep_size.
    """
    return net.op(GlobalPool("max", keep_size), x)


@block
def adaptive_avg_pool(net: Net, x: Tensor, *, size: Kernel) -> Tensor:
    """Mean to a fixed size, windows as even as they can be.

    Shape: (h, w, c) -> (size, size, c).
    """
    return net.op(AdaptivePool("mean", pair(size)), x)


@block
def adaptive_max_pool(net: Net, x: Tensor, *, size: Kernel) -> Tensor:
    """Maximum to a fixed size, windows as even as they can be.

    Shape: (h, w, c) -> (size, size, c).
    """
    return net.op(AdaptivePool("max", pair(size)), x)


@block
def max_unpool(net: Net, x: Tensor, indices: Tensor, *, kernel: Kernel = 2) -> Tensor:
    """Puts each value where max_pool (stride = kernel) took it from, zeros elsewhere: `from: [x, pool.indices]`.

    Shape: (h, w, c), (h, w, c) -> (h * kernel, w * kernel, c).
    """
    return net.op(MaxUnpool(pair(kernel)), x, indices)
