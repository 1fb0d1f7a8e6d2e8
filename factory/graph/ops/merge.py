"""Operations that bring several tensors together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from factory.errors import ShapeError
from factory.graph.ops.base import Dim, Op, Shape, Weight, shape_text


@dataclass(frozen=True, slots=True)
class Merge(Op):
    """Sum, product, mean or maximum of equal shapes; a product also stretches sizes of 1 (channel gates)."""

    commutative: ClassVar[bool] = True
    kind: Literal["add", "multiply", "mean", "max"]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        first = inputs[0]
        for other in inputs[1:]:
            if other != first:
                if self.kind != "multiply":
                    raise mismatch(self.kind, inputs)
                first = _stretch(self.kind, first, other, inputs)
        return (first,)


@dataclass(frozen=True, slots=True)
class Concat(Op):
    """Channels one after the other: (h, w, c1), (h, w, c2) -> (h, w, c1 + c2)."""

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        if len({shape[:-1] for shape in inputs}) > 1:
            raise mismatch("concat", inputs)
        return ((*inputs[0][:-1], sum(shape[-1] for shape in inputs)),)  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class WeightedSum(Op):
    """Sum with one learned weight an input, taken as it is (free), through a sigmoid, or a softmax over the inputs."""

    kind: Literal["free", "sigmoid", "softmax"] = "sigmoid"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        if len(set(inputs)) > 1:
            raise mismatch("weighted_sum", inputs)
        return (inputs[0],)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return (Weight("weights", (len(inputs),)),)


def mismatch(kind: str, shapes: tuple[Shape, ...]) -> ShapeError:
    """What to say where `kind` is given shapes that differ."""
    received = ", ".join(map(shape_text, shapes))
    if kind != "concat" and len({shape[:-1] for shape in shapes}) == 1:
        hint = "the channels differ: give both the same filters, or project one with a 1x1 conv"
    else:
        hint = "the sizes differ: give both paths the same strides and padding"
    values = tuple(size for shape in shapes for size in shape if size is not None)
    return ShapeError(f"{kind} needs matching shapes, received {received}", hint, values)


def _stretch(kind: str, a: Shape, b: Shape, shapes: tuple[Shape, ...]) -> Shape:
    if len(a) != len(b):
        raise mismatch(kind, shapes)
    sizes: list[Dim] = []
    for x, y in zip(a, b, strict=True):
        if x != y and 1 not in (x, y):
            raise mismatch(kind, shapes)
        sizes.append(y if x == 1 else x)
    return tuple(sizes)
