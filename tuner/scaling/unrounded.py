"""What a scaled network would cost if repeats, channels and pixels need not be whole.

It tells how much of the distance between a network and its strategy's law rounding makes. Multiply-accumulates are
linear in repeats that are all alike, and in the area of an image whose sides every stride divides; both are
interpolated between networks in which these are whole. Channels are rounded to whole numbers alone.
"""

from __future__ import annotations

from factory.errors import SpecError
from factory.spec import Spec, input_shape, totals
from tuner.scaling.factors import Factors

TILE = 32
"""Pixels; sides that are multiples of it are halved five times without a remainder."""


def unrounded_macs(spec: Spec, scale: Factors) -> float | None:
    """Multiply-accumulates of a spec with these multipliers in place of its own, nothing rounded.

    None where they depend on a size that is not known, and where the networks between which they lie cannot be built.
    """
    own = spec.override({"scale.resolution": 1.0})
    height, width, _ = input_shape(own)
    if height is None or width is None:
        return None
    tiles = scale.resolution * (height * width) ** 0.5 / TILE
    few, once = max(1, int(tiles)), max(1, int(scale.depth))
    try:
        corners = [
            [_macs(own, depth, scale.width, side * TILE) for side in (few, few + 1)] for depth in (once, once + 1)
        ]
    except SpecError:
        return None
    area = (tiles**2 - few**2) / ((few + 1) ** 2 - few**2)
    shallow, deep = (small + area * (large - small) for small, large in corners)
    return shallow + (scale.depth - once) * (deep - shallow)


def _macs(spec: Spec, depth: int, width: float, side: int) -> int:
    changes = {"scale.depth": float(depth), "scale.width": width, "input.resolution": side}
    return totals(spec.override({**changes, "rounding.width": {"to": 1, "keep": 0.0}})).macs or 0
