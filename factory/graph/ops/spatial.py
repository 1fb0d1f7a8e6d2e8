"""Operations on height and width, and on the shape as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from factory.errors import ShapeError
from factory.graph.ops.base import Op, Pair, Shape, Window, elements, image, known, shape_text

Interpolation = Literal["nearest", "bilinear"]


@dataclass(frozen=True, slots=True)
class ZeroPad(Op):
    """Zeros around the image, ((top, bottom), (left, right))."""

    padding: tuple[Pair, Pair]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        height, width, channels = image("zero padding", inputs[0])
        grown = (
            None if old is None else old + sum(pads) for old, pads in zip((height, width), self.padding, strict=True)
        )
        return ((*grown, channels),)


@dataclass(frozen=True, slots=True)
class Crop(Op):
    """Takes ((top, bottom), (left, right)) rows and columns off the image."""

    cropping: tuple[Pair, Pair]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        height, width, channels = image("cropping", inputs[0])
        sizes = []
        for axis, old, crop in zip(("height", "width"), (height, width), self.cropping, strict=True):
            if old is not None and old - sum(crop) < 1:
                raise ShapeError(f"cropping {crop} off {axis} {old} leaves nothing", "crop less")
            sizes.append(None if old is None else old - sum(crop))
        return ((*sizes, channels),)


@dataclass(frozen=True, slots=True)
class CropLike(Op):
    """Crops the first input, centred, to the height and width of the second, for sizes known at run time only."""

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        (h, w, channels), (h2, w2, _) = image("crop_like", inputs[0]), image("crop_like", inputs[1])
        for old, new in ((h, h2), (w, w2)):
            if old is not None and new is not None and new > old:
                raise ShapeError(
                    f"crop_like cannot crop {shape_text(inputs[0])} to {shape_text(inputs[1])}", "swap the inputs"
                )
        return ((h2, w2, channels),)


@dataclass(frozen=True, slots=True)
class Resize(Op):
    """Enlarges the image by a whole factor; half-pixel centres for bilinear."""

    factor: Pair
    method: Interpolation = "nearest"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        height, width, channels = image("resizing", inputs[0])
        grown = (
            None if old is None else old * factor for old, factor in zip((height, width), self.factor, strict=True)
        )
        return ((*grown, channels),)

    def window(self) -> Window:
        return Window((1, 1), (1 / self.factor[0], 1 / self.factor[1]))


@dataclass(frozen=True, slots=True)
class ResizeTo(Op):
    """Resizes the image to a height and width; half-pixel centres for bilinear."""

    size: Pair
    method: Interpolation = "bilinear"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return ((*self.size, image("resizing", inputs[0])[2]),)


@dataclass(frozen=True, slots=True)
class ResizeLike(Op):
    """Resizes the first input to the height and width of the second, for sizes known at run time only."""

    method: Interpolation = "bilinear"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image("resize_like", inputs[0])[2]
        return ((*image("resize_like", inputs[1])[:2], channels),)


@dataclass(frozen=True, slots=True)
class Flatten(Op):
    """(h, w, c) -> (h * w * c,), rows first, channels last."""

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        if not known(inputs[0]):
            raise ShapeError("flatten needs a known size", "give the input a resolution, or pool over the whole image")
        return ((elements(inputs[0]),),)


@dataclass(frozen=True, slots=True)
class Reshape(Op):
    """The same values in another shape."""

    shape: tuple[int, ...]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        if not known(inputs[0]):
            raise ShapeError("reshape needs a known size", "give the input a resolution")
        if math.prod(self.shape) != elements(inputs[0]):
            raise ShapeError(
                f"{shape_text(inputs[0])} has {elements(inputs[0])} values, "
                f"{shape_text(self.shape)} has {math.prod(self.shape)}"
            )
        return (self.shape,)
