"""Pooling: maximum and mean over windows, over the whole image, to a fixed size; max-unpooling."""

from __future__ import annotations

from dataclasses import dataclass

from factory.errors import ShapeError
from factory.graph.ops.base import Op, Pads, Pair, Shape, Window, image, slide


@dataclass(frozen=True, slots=True)
class MaxPool(Op):
    """Maximum over each window; pads with minus infinity. Outputs the maximum, and its place in the window.

    The place is y * kernel width + x of the first maximum, so that unpooling does not depend on the image size.
    """

    kernel: Pair
    stride: Pair
    padding: Pads = ((0, 0), (0, 0))

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        shape = (*slide("max pooling", inputs[0], self.kernel, self.stride, self.padding), inputs[0][2])
        return shape, shape

    def window(self) -> Window:
        return Window(self.kernel, self.stride)


@dataclass(frozen=True, slots=True)
class AvgPool(Op):
    """Mean over each window. Padding inside `counted` enters the mean as zeros; other padding is left out of it."""

    kernel: Pair
    stride: Pair
    padding: Pads = ((0, 0), (0, 0))
    counted_padding: tuple[Pair, Pair] = ((0, 0), (0, 0))

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return ((*slide("average pooling", inputs[0], self.kernel, self.stride, self.padding), inputs[0][2]),)

    def window(self) -> Window:
        return Window(self.kernel, self.stride)


@dataclass(frozen=True, slots=True)
class GlobalPool(Op):
    """Mean or maximum over the whole image: (h, w, c) -> (c,), or (1, 1, c) with keep_size."""

    kind: str
    keep_size: bool = False

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image("global pooling", inputs[0])[2]
        return ((1, 1, channels) if self.keep_size else (channels,),)


@dataclass(frozen=True, slots=True)
class AdaptivePool(Op):
    """Mean or maximum to a fixed size: cell i covers rows floor(i * h / size) to ceil((i + 1) * h / size) - 1."""

    kind: str
    size: Pair

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        height, width, channels = image("adaptive pooling", inputs[0])
        if height is None or width is None:
            raise ShapeError("adaptive pooling needs a known resolution", "give the input a resolution")
        return ((*self.size, channels),)


@dataclass(frozen=True, slots=True)
class MaxUnpool(Op):
    """Puts each value at the place that max pooling took it from, zeros elsewhere: (h, w, c) -> (h * kh, w * kw, c)."""

    kernel: Pair

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        height, width, channels = image("unpooling", inputs[0])
        if inputs[0] != inputs[1]:
            raise ShapeError(
                f"unpooling needs values and indices of one shape, received {inputs[0]} and {inputs[1]}",
                "from: [x, pool.indices], with x as large as the pooled image",
            )
        sizes = (
            None if old is None else old * kernel for old, kernel in zip((height, width), self.kernel, strict=True)
        )
        return ((*sizes, channels),)

    def window(self) -> Window:
        return Window((1, 1), (1 / self.kernel[0], 1 / self.kernel[1]))
