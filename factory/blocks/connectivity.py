"""Blocks that wire bodies with each other: dense and fractal connectivity, skip connections between any layers."""

from __future__ import annotations

from factory.blocks.net import Net, Tensor, first
from factory.blocks.registry import block
from factory.blocks.types import Body, Branches, Count, MatrixValue
from factory.blocks.values import Invalid
from factory.errors import ShapeError
from factory.graph.ops import Concat, JoinColumns, ZeroPad


@block(structure=True)
def dense_connect(net: Net, x: Tensor, *, body: Body) -> Tensor:
    """x, and behind it what the body makes of x (Huang et al. 2017, DenseNet, eq. 2); with `repeats`, a dense block.

    Shape: (h, w, c) -> (h, w, c + the body's channels).
    """
    return net.op(Concat(), x, first(body(x)), name="concat")


@block(structure=True)
def fractal(net: Net, x: Tensor, *, columns: Count, body: Body) -> Tensor:
    """Columns of 1, 2, 4, ... bodies side by side; where some end together, their mean goes on (Larsson et al. 2017).

    f_1(x) = body(x), f_n(x) = mean of body(x) and f_n-1(f_n-1(x)), where nested means become one mean of all.
    In training the spec's `drop_path` leaves some of a mean's inputs out.
    Shape: (h, w, c) -> the body's, which keeps height and width.
    """
    if columns > JoinColumns.MAX:
        raise ShapeError(f"a fractal of {columns} columns is too deep", f"at most {JoinColumns.MAX} columns")

    def ends(x: Tensor, height: int) -> list[Tensor]:
        """What the columns of f_height end with, the shortest first."""
        longer = ends(net.join_columns(columns, ends(x, height - 1)), height - 1) if height > 1 else []
        with net.scope(f"column{height}"):
            return [first(body(x)), *longer]

    return net.join_columns(columns, ends(x, columns))


@block(structure=True)
def anchored(net: Net, x: Tensor, *, layers: Branches, anchors: MatrixValue) -> Tensor:
    """Layers that read any of those before them (Zoph & Le 2017, section 3.3: skip connections by anchor points).

    anchors[i][j] is 1 where layer j reads layer i; one that reads no layer reads x. What a layer reads is concatenated,
    smaller images with zeros around them up to the largest height and width. The output is the layers that no other
    reads, concatenated like this.
    Shape: (h, w, c) -> (largest height, largest width, sum of the channels).
    """
    names = list(layers.keys())  # type: ignore[attr-defined]
    if len(anchors) != len(names):
        raise Invalid(f"expected a row of anchors a layer, {len(names)}, received {len(anchors)}", loc=("anchors",))
    made: list[Tensor] = []
    for number, name in enumerate(names):
        with net.scope(name):
            read = [made[source] for source in range(number) if anchors[source][number]]
            made.append(first(layers[name](_side_by_side(net, read) if read else x, name="layer")))  # type: ignore[index]
    return _side_by_side(net, [made[i] for i, row in enumerate(anchors) if not any(row)])


def _side_by_side(net: Net, tensors: list[Tensor]) -> Tensor:
    """The concatenation; images of known sizes are first brought to the largest height and width by zeros around them.

    An odd row or column of zeros goes behind.
    """
    if all(len(t.shape) == 3 and None not in t.shape for t in tensors):
        high, wide = (max(t.shape[axis] for t in tensors) for axis in (0, 1))  # type: ignore[type-var]
        tensors = [_padded(net, t, high, wide, number) for number, t in enumerate(tensors)]  # type: ignore[arg-type]
    return net.op(Concat(), *tensors, name="concat") if len(tensors) > 1 else tensors[0]


def _padded(net: Net, x: Tensor, high: int, wide: int, number: int) -> Tensor:
    lacking = [size - there for size, there in zip((high, wide), x.shape, strict=False)]  # type: ignore[operator]
    if not any(lacking):
        return x
    rows, columns = ((zeros // 2, zeros - zeros // 2) for zeros in lacking)
    return net.op(ZeroPad((rows, columns)), x, name=f"pad{number}")
