"""Blocks that wire their body with itself: dense and fractal connectivity."""

from __future__ import annotations

from factory.blocks.net import Net, Tensor, first
from factory.blocks.registry import block
from factory.blocks.types import Body, Count
from factory.errors import ShapeError
from factory.graph.ops import Concat, JoinColumns


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
