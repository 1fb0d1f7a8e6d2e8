"""Blocks that arrange other blocks: one after the other, side by side, around."""

from __future__ import annotations

from typing import Literal

from factory.blocks.net import Net, Outputs, Tensor
from factory.blocks.registry import block
from factory.blocks.shortcut import shortcut_path, stride_between
from factory.blocks.types import Body, Branches, Count, Parts, Shortcut
from factory.errors import ShapeError
from factory.graph.ops import Concat, Merge, Op, Rescale, Split, WeightedSum


def _first(outputs: Outputs) -> Tensor:
    return next(iter(outputs.values()))


@block(structure=True)
def sequence(net: Net, *inputs: Tensor, body: Body) -> Outputs:
    """The calls of its body, one after the other; an empty body is the identity.

    Outputs: those of the last call.
    """
    return body(*inputs)


@block(structure=True)
def branches(
    net: Net,
    x: Tensor,
    *,
    branches: Branches,
    merge: Literal["concat", "add", "mean", "max", "multiply", "weighted_sum"] = "concat",
    split: Parts | None = None,
    weights: Literal["free", "sigmoid", "softmax"] = "sigmoid",
) -> Tensor:
    """Bodies side by side on one input, then merged.

    `split: [1, 1]` gives each branch its proportion of the channels; `weights` belongs to merge weighted_sum.
    Shape: (h, w, c) -> (h', w', sum of the branches' channels) for concat, otherwise the branches' common shape.
    """
    parts = [x] * len(branches)  # type: ignore[arg-type]
    if split is not None:
        split = (1,) * split if isinstance(split, int) else split
        total = sum(split)
        if len(split) != len(parts) or x.channels % total:
            raise ShapeError(
                f"split {list(split)} does not divide {x.channels} channels among {len(parts)} branches",
                "one share a branch; their sum must divide the channels",
                (x.channels,),
            )
        parts = net.ops(Split(tuple(x.channels // total * share for share in split)), x, name="split")
    results = branches(parts)
    op: Op = Concat() if merge == "concat" else WeightedSum(weights) if merge == "weighted_sum" else Merge(merge)
    return net.op(op, *results, name=merge) if len(results) > 1 or merge == "weighted_sum" else results[0]


@block(structure=True)
def hierarchical(
    net: Net, x: Tensor, *, body: Body, scales: Count = 4, chained: bool = True, rest: Body | None = None
) -> Tensor:
    """Groups of channels, all but the last through bodies of their own (Gao et al. 2021, Res2Net, fig. 2b).

    Chained, a group is added to what the one before gave: y1 = body(x1), y2 = body(x2 + y1), y3 = body(x3 + y2), ...
    The last group goes through `rest`, unchanged unless given; at the end all are concatenated.
    Shape: (h, w, c) -> (h', w', sum of the groups' channels).
    """
    if scales < 2 or x.channels % scales:
        raise ShapeError(
            f"{x.channels} channels are not divisible into {scales} scales",
            "give 2 scales or more, and channels that are a multiple of them",
            (x.channels,),
        )
    *parts, last = net.ops(Split((x.channels // scales,) * scales), x, name="split")
    results: list[Tensor] = []
    for number, part in enumerate(parts, 1):
        with net.scope(f"y{number}"):
            if chained and results:
                part = net.op(Merge("add"), part, results[-1], name="add")
            results.append(_first(body(part)))
    with net.scope(f"y{scales}"):
        results.append(_first(rest(last)) if rest else last)
    return net.op(Concat(), *results, name="concat")


@block(residual=True, structure=True)
def residual(
    net: Net,
    x: Tensor,
    *,
    body: Body,
    shortcut: Shortcut = "auto",
    projection: Body | None = None,
    scale: float = 1.0,
) -> Tensor:
    """x + scale * body(x), with stochastic depth on the branch; the shortcut follows the body's channels and stride.

    Where the shortcut is a projection, `projection` takes the place of the 1x1 convolution and its norm.
    Shape: (h, w, c) -> the body's.
    """
    y = _first(body(x))
    if shortcut == "none":
        return y
    unchanged = x.shape == y.shape and x.stride == y.stride
    if projection and (shortcut == "projection" or (shortcut == "auto" and not unchanged)):
        with net.scope("shortcut"):
            way = _first(projection(x))
    elif len(y.shape) == len(x.shape) == 1 and y.shape != x.shape and shortcut in ("auto", "projection"):
        way = net.dense(x, units=y.channels, name="shortcut")
    else:
        way = shortcut_path(net, x, shortcut, y.channels, stride_between(x, y))
    if scale != 1:
        y = net.op(Rescale(float(scale)), y, name="scale")
    return net.op(Merge("add"), net.drop_branch(y), way, name="add")
