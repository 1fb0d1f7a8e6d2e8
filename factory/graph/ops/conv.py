"""Convolution, depthwise and transposed convolution, fully connected: the operations that hold nearly all cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from factory.errors import ShapeError
from factory.graph.initializers import DEFAULT, Initializer
from factory.graph.ops.base import Op, Pads, Pair, Shape, Weight, Window, elements, image, slide


@dataclass(frozen=True, slots=True)
class Conv(Op):
    """2-D convolution: (h, w, c) -> (h', w', filters); kernel (kh, kw, c / groups, filters)."""

    counted: ClassVar[bool] = True
    filters: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pads = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = True
    initializer: Initializer = DEFAULT

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image("convolution", inputs[0])[2]
        if channels % self.groups:
            raise ShapeError(
                f"{channels} input channels are not divisible by groups {self.groups}",
                "channels and filters must be multiples of groups",
                (channels,),
            )
        if self.filters % self.groups:
            raise ShapeError(
                f"{self.filters} filters are not divisible by groups {self.groups}",
                "channels and filters must be multiples of groups",
                (self.filters,),
            )
        if max(self.stride) > 1 and max(self.dilation) > 1:
            raise ShapeError(
                f"stride {self.stride} and dilation {self.dilation} cannot be combined", "use one of the two"
            )
        size = slide("convolution", inputs[0], self.kernel, self.stride, self.padding, self.dilation)
        return ((*size, self.filters),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        kernel = Weight("kernel", (*self.kernel, inputs[0][2] // self.groups, self.filters))  # type: ignore[operator]
        return (kernel, Weight("bias", (self.filters,))) if self.bias else (kernel,)

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        return elements(outputs[0]) * self.kernel[0] * self.kernel[1] * (inputs[0][2] // self.groups)  # type: ignore[operator]

    def window(self) -> Window:
        return _window(self.kernel, self.stride, self.dilation)


@dataclass(frozen=True, slots=True)
class DepthwiseConv(Op):
    """Each channel convolved on its own: (h, w, c) -> (h', w', c * multiplier); kernel (kh, kw, c, multiplier)."""

    counted: ClassVar[bool] = True
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pads = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)
    multiplier: int = 1
    bias: bool = True
    initializer: Initializer = DEFAULT

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image("depthwise convolution", inputs[0])[2]
        if max(self.stride) > 1 and max(self.dilation) > 1:
            raise ShapeError(
                f"stride {self.stride} and dilation {self.dilation} cannot be combined", "use one of the two"
            )
        if self.stride[0] != self.stride[1]:
            raise ShapeError(f"depthwise convolution has equal strides, received {self.stride}", "use one number")
        size = slide("depthwise convolution", inputs[0], self.kernel, self.stride, self.padding, self.dilation)
        return ((*size, channels * self.multiplier),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        channels: int = inputs[0][2]  # type: ignore[assignment]
        kernel = Weight("kernel", (*self.kernel, channels, self.multiplier))
        return (kernel, Weight("bias", (channels * self.multiplier,))) if self.bias else (kernel,)

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        return elements(outputs[0]) * self.kernel[0] * self.kernel[1]

    def window(self) -> Window:
        return _window(self.kernel, self.stride, self.dilation)


@dataclass(frozen=True, slots=True)
class ConvTranspose(Op):
    """Transposed convolution: (h, w, c) -> ((h - 1) * stride + kernel - crop, ..., filters).

    The kernel is (kh, kw, filters, c).

    `crop` ((top, bottom), (left, right)) is taken off the full output; "same", explicit and output padding are all
    expressed by it. A negative bottom or right crop appends positions that no kernel reaches.
    """

    counted: ClassVar[bool] = True
    filters: int
    kernel: Pair
    stride: Pair = (1, 1)
    crop: tuple[Pair, Pair] = ((0, 0), (0, 0))
    bias: bool = True
    initializer: Initializer = DEFAULT

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        size = image("transposed convolution", inputs[0])[:2]
        sizes = []
        for old, kernel, stride, crop in zip(size, self.kernel, self.stride, self.crop, strict=True):
            new = None if old is None else (old - 1) * stride + kernel - sum(crop)
            if new is not None and new < 1:
                raise ShapeError(f"transposed convolution shrinks {old} to {new}", "lower the padding")
            sizes.append(new)
        return ((*sizes, self.filters),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        kernel = Weight("kernel", (*self.kernel, self.filters, inputs[0][2]))  # type: ignore[arg-type]
        return (kernel, Weight("bias", (self.filters,))) if self.bias else (kernel,)

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        return elements(inputs[0]) * self.kernel[0] * self.kernel[1] * self.filters

    def window(self) -> Window:
        (kh, kw), (sh, sw) = self.kernel, self.stride
        return Window((-(-kh // sh), -(-kw // sw)), (1 / sh, 1 / sw))


@dataclass(frozen=True, slots=True)
class Dense(Op):
    """Fully connected over the channels of every position: (..., c) -> (..., units); kernel (c, units)."""

    counted: ClassVar[bool] = True
    units: int
    bias: bool = True
    initializer: Initializer = DEFAULT

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        if inputs[0][-1] is None:
            raise ShapeError("a fully connected layer needs a known number of inputs", "give the input a resolution")
        return ((*inputs[0][:-1], self.units),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        kernel = Weight("kernel", (inputs[0][-1], self.units))  # type: ignore[arg-type]
        return (kernel, Weight("bias", (self.units,))) if self.bias else (kernel,)

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        return elements(outputs[0]) * inputs[0][-1]  # type: ignore[operator]


def _window(kernel: Pair, stride: Pair, dilation: Pair) -> Window:
    return Window(((kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1), stride)
