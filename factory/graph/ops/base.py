"""What every primitive operation has: output shapes, weights, multiply-accumulates, and its window on the image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from factory.errors import ShapeError

Dim = int | None
Shape = tuple[Dim, ...]
"""(height, width, channels) or (channels,); a size that is known only at run time is None; no batch axis."""

Pair = tuple[int, int]
Pads = tuple[Pair, Pair] | Literal["same"]
"""((top, bottom), (left, right)), or "same" where the sizes that it depends on are not known."""


class Weight(NamedTuple):
    """A weight of an operation. Batch-norm statistics and input normalisation are not trainable."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Window(NamedTuple):
    """How an operation looks at the image: effective kernel and stride, (height, width); a stride below 1 enlarges."""

    kernel: tuple[float, float]
    stride: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Op:
    """A primitive operation. Subclasses are plain values: equal fields mean the same function up to its weights.

    Class attributes: `counted`, its outputs are activations in the sense of pycls (convolution, transposed convolution
    and fully connected layers); `commutative`, the order of its inputs does not matter; `training_only`, the identity
    at inference.
    """

    counted: ClassVar[bool] = False
    commutative: ClassVar[bool] = False
    training_only: ClassVar[bool] = False

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        """Shapes of the outputs for these input shapes. Raises ShapeError where they do not fit."""
        return (inputs[0],)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        """The weights, in the order in which the Keras layer keeps them."""
        return ()

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        """Multiply-accumulates for one sample. All sizes are known when this is called."""
        return 0

    def window(self) -> Window | None:
        """The window on the input image, None for an operation that works on each position alone."""
        return None


def image(op: str, shape: Shape) -> tuple[Dim, Dim, int]:
    """The shape as (height, width, channels), or a ShapeError that says what `op` was given."""
    if len(shape) != 3:
        raise ShapeError(f"{op} needs an image (height, width, channels), received {shape_text(shape)}")
    return shape  # type: ignore[return-value]


def known(size: Shape) -> bool:
    return None not in size


def elements(shape: Shape) -> int:
    """Number of values, all sizes known."""
    return math.prod(shape)  # type: ignore[arg-type]


def shape_text(shape: Shape) -> str:
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"


def same_pads(size: int, kernel: int, stride: int, dilation: int = 1) -> Pair:
    """TensorFlow's "same" padding along one axis: ceil(size / stride) outputs, the odd zero behind."""
    total = max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


def slide(op: str, shape: Shape, kernel: Pair, stride: Pair, padding: Pads, dilation: Pair = (1, 1)) -> tuple[Dim, Dim]:
    """Height and width after a sliding window: floor((size + pads - effective kernel) / stride) + 1."""
    height, width, _ = image(op, shape)
    return (
        _slide(op, "height", height, kernel[0], stride[0], padding if padding == "same" else padding[0], dilation[0]),
        _slide(op, "width", width, kernel[1], stride[1], padding if padding == "same" else padding[1], dilation[1]),
    )


def _slide(op: str, axis: str, size: Dim, kernel: int, stride: int, pads: Pair | str, dilation: int) -> Dim:
    if size is None:
        return None
    if pads == "same":
        return -(-size // stride)
    padded = size + pads[0] + pads[1]  # type: ignore[operator]
    reach = (kernel - 1) * dilation + 1
    if padded < reach:
        raise ShapeError(
            f"{op} shrinks the {axis} below 1: kernel {reach} on {padded}"
            + (f" (dilation {dilation})" if dilation > 1 else "")
            + (f" (input {size}, padding {padded - size})" if padded != size else ""),
            "raise the resolution, pad, or remove a stride before this",
            (size,),
        )
    return (padded - reach) // stride + 1
