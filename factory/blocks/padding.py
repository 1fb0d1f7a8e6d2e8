"""From the paddings that people write to the zeros on each side."""

from __future__ import annotations

from functools import lru_cache

from factory.blocks.values import pair
from factory.errors import ShapeError
from factory.graph.ops import Pads, Pair, Shape, same_pads
from factory.graph.ops.base import image


@lru_cache(maxsize=4096)
def resolve_padding(
    padding: str | int | Pads, shape: Shape, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)
) -> Pads:
    """((top, bottom), (left, right)), or "same" where stride and an unknown size leave it open until run time.

    same: TensorFlow's, ceil(size / stride) outputs; symmetric: PyTorch's, (effective kernel - 1) // 2 on both sides.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "symmetric":
        height, width = (((k - 1) * d) // 2 for k, d in zip(kernel, dilation, strict=True))
        return (height, height), (width, width)
    if padding == "same":
        image("same padding", shape)
        sizes = [1 if step == 1 and size is None else size for size, step in zip(shape[:2], stride, strict=True)]
        if None in sizes:
            return "same"
        both = zip(sizes, kernel, stride, dilation, strict=True)
        return tuple(same_pads(*axis) for axis in both)  # type: ignore[return-value, arg-type]
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    return padding  # type: ignore[return-value]


def ceil_padding(pads: Pads, shape: Shape, kernel: Pair, stride: Pair) -> Pads:
    """Padding that makes a pooling end with ceil instead of floor: more behind, as PyTorch's ceil_mode.

    A last window that would begin in the padding behind is left out, as there. Where the size is not known, stride - 1
    does the same, unless there might be such a window: then a ShapeError.
    """
    if pads == "same":
        return pads
    grown = []
    for size, (before, behind), k, s in zip(shape[:2], pads, kernel, stride, strict=True):  # type: ignore[arg-type]
        if size is None:
            if s > 1 and behind + s > k:
                raise ShapeError(
                    f"ceil_mode with kernel {k}, stride {s} and padding {behind} needs a known resolution",
                    "give the input a resolution, or pad less",
                )
            grown.append((before, behind + s - 1))
            continue
        count = -(-(size + before + behind - k) // s) + 1
        if (count - 1) * s >= size + before:
            count -= 1
        grown.append((before, max(behind, (count - 1) * s + k - size - before)))
    return grown[0], grown[1]


def transposed_crop(padding: str | int | Pads, kernel: Pair, stride: Pair, output_padding: Pair) -> tuple[Pair, Pair]:
    """What is taken off the full output of a transposed convolution; same: size * stride outputs."""
    if padding == "same":
        totals = (k - s for k, s in zip(kernel, stride, strict=True))
        return tuple((max(0, total) // 2, total - max(0, total) // 2) for total in totals)  # type: ignore[return-value]
    pads = resolve_padding(padding, (None, None, 0), kernel, (1, 1))
    assert pads != "same"  # left open for strides only
    (top, bottom), (left, right) = pads
    down, across = pair(output_padding)
    return (top, bottom - down), (left, right - across)
