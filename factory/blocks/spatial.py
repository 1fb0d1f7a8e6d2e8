"""Blocks on height and width, and on the shape as a whole."""

from __future__ import annotations

from typing import Literal

from factory.blocks.net import Net, Tensor
from factory.blocks.registry import block
from factory.blocks.types import Kernel, Padding, Values
from factory.blocks.values import pair
from factory.errors import ShapeError
from factory.graph.ops import Crop, CropLike, Flatten, Pair, Reshape, Resize, ResizeLike, ResizeTo, ZeroPad, known


def _sides(block: str, padding: object) -> tuple[Pair, Pair]:
    if isinstance(padding, str):
        raise ShapeError(
            f"{block} needs numbers, received '{padding}'", "a number, [h, w] or [[top, bottom], [left, right]]"
        )
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    return padding  # type: ignore[return-value]


@block
def zero_pad(net: Net, x: Tensor, *, padding: Padding) -> Tensor:
    """Zeros around the image: a number, [height, width] or [[top, bottom], [left, right]].

    Shape: (h, w, c) -> (h + top + bottom, w + left + right, c).
    """
    return net.op(ZeroPad(_sides("zero_pad", padding)), x)


@block
def crop(net: Net, x: Tensor, *, cropping: Padding) -> Tensor:
    """Takes rows and columns off the image: a number, [height, width] or [[top, bottom], [left, right]].

    Shape: (h, w, c) -> (h - top - bottom, w - left - right, c).
    """
    return net.op(Crop(_sides("crop", cropping)), x)


@block
def crop_like(net: Net, x: Tensor, like: Tensor) -> Tensor:
    """Crops the first input, centred, to the height and width of the second (Ronneberger et al. 2015, U-Net).

    Shape: (h, w, c), (h', w', c') -> (h', w', c).
    """
    op = CropLike()
    op.outputs(x.shape, like.shape)  # says in words what does not fit
    if not (known(x.shape) and known(like.shape)):
        return net.op(op, x, like)
    net.read_size(like)
    cut = [before - after for before, after in zip(x.shape[:2], like.shape[:2], strict=True)]  # type: ignore[operator]
    down, across = ((extra // 2, extra - extra // 2) for extra in cut)
    return net.op(Crop((down, across)), x) if any(cut) else x


@block
def resize(net: Net, x: Tensor, *, factor: Kernel = 2, method: Literal["nearest", "bilinear"] = "nearest") -> Tensor:
    """Enlarges the image by a whole factor.

    Shape: (h, w, c) -> (h * factor, w * factor, c).
    """
    return net.op(Resize(pair(factor), method), x)


@block
def resize_like(net: Net, x: Tensor, like: Tensor, *, method: Literal["nearest", "bilinear"] = "bilinear") -> Tensor:
    """Resizes the first input to the height and width of the second.

    Shape: (h, w, c), (h', w', c') -> (h', w', c).
    """
    op = ResizeLike(method)
    height, width, _ = op.outputs(x.shape, like.shape)[0]
    if height is None or width is None:
        return net.op(op, x, like)
    net.read_size(like)
    return net.op(ResizeTo((height, width), method), x) if (height, width) != x.shape[:2] else x


@block
def flatten(net: Net, x: Tensor) -> Tensor:
    """One row of all values.

    Shape: (h, w, c) -> (h * w * c,).
    """
    return net.op(Flatten(), x)


@block
def reshape(net: Net, x: Tensor, *, shape: Values) -> Tensor:
    """The same values in another shape.

    Shape: any -> shape.
    """
    if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
        raise ShapeError(f"shape must be a list of whole numbers, at least 1, received {list(shape)}")
    return net.op(Reshape(shape), x)
