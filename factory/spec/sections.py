"""The sections of a spec beside its stages: input, scale, rounding, stochastic depth, drop-path, about, expect."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from factory.blocks.values import Invalid, Multiple, Section, nearest_int, parse_section, show
from factory.errors import did_you_mean

Size = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(gt=0, le=1_000)]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Numbers = Annotated[tuple[float, ...], BeforeValidator(_as_tuple)]


class Preprocess(Section):
    """What happens to pixels 0 to 255 before the first stage: (x * scale + offset - mean) / std."""

    scale: float = Field(1.0, description="multiplies every pixel")
    offset: float = Field(0.0, description="added after that")
    mean: Numbers | None = Field(None, description="subtracted, one a channel")
    std: Numbers | None = Field(None, description="divides, one a channel, above 0")
    as_: Literal["constants", "weights"] = Field("constants", alias="as", description="how mean and std are kept")
    flip: bool = Field(False, description="reverse the channels first (RGB to BGR)")

    model_config = ConfigDict(populate_by_name=True)


PREPROCESS: dict[str, Preprocess | None] = {
    "none": None,
    "unit": Preprocess(scale=1 / 255),
    "tf": Preprocess(scale=1 / 127.5, offset=-1.0),
    "torch": Preprocess(scale=1 / 255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    "caffe": Preprocess(mean=(103.939, 116.779, 123.68), flip=True),
    "cifar": Preprocess(scale=1 / 255, mean=(0.4914, 0.4822, 0.4465), std=(0.2023, 0.1994, 0.2010)),
}
"""Named preprocessing: to [0, 1], to [-1, 1], ImageNet's statistics, ImageNet's BGR means, CIFAR-10's statistics."""


class Input(Section):
    """The image that the network expects: its size, its channels, and what is done to its pixels."""

    resolution: Size | Annotated[tuple[Size, Size], BeforeValidator(_as_tuple)] | Literal["any"] = Field(
        224, description="pixels: a number, [height, width], or any (known only at run time)"
    )
    channels: Size = Field(3, description="colour channels of the image")
    preprocess: Literal["none", "unit", "tf", "torch", "caffe", "cifar"] | Preprocess = Field(
        "none", description="from pixels 0 to 255 to what the first stage sees"
    )


class Scale(Section):
    """Compound scaling: multipliers of channels, repeats and image size."""

    width: Factor = Field(1.0, description="multiplies every literal number of channels")
    depth: Factor = Field(1.0, description="multiplies every literal number of repeats")
    resolution: Factor = Field(1.0, description="multiplies the input resolution")


class Nearest(Section):
    """Round to the nearest multiple."""

    to: Size = Field(1, description="round to a multiple of this")


def _nearest_width(value: float) -> int:
    return max(1, nearest_int(value))


def _width_up(value: float) -> int:
    return max(1, math.ceil(value - 1e-9))


class Rounding(Section):
    """How scaled numbers become whole."""

    width: Multiple | Literal["nearest", "up"] = Field(Multiple(), description="channels: {to, keep}, nearest or up")
    depth: Literal["ceil", "round", "floor"] = Field("ceil", description="repeats, at least 1")
    resolution: Nearest = Field(Nearest(), description="pixels: to the nearest multiple")

    @property
    def round_width(self) -> Callable[[float], int]:
        """The rule for channels, at least 1; equal rules are equal, so that what depends on one can be remembered."""
        if isinstance(self.width, Multiple):
            return self.width
        return _nearest_width if self.width == "nearest" else _width_up

    def round_depth(self, value: float) -> int:
        """Repeats after scaling, at least 1."""
        rules = {"ceil": math.ceil(value - 1e-9), "round": nearest_int(value), "floor": math.floor(value + 1e-9)}
        return max(1, rules[self.depth])

    def round_resolution(self, value: float) -> int:
        """Pixels after scaling, at least one multiple."""
        return max(1, nearest_int(value / self.resolution.to)) * self.resolution.to


class StochasticDepth(Section):
    """Drops residual branches in training (Huang et al. 2016)."""

    rate: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="of the last residual block")
    decay: Literal["linear", "constant"] = Field("linear", description="from 0 at the first block, or the same for all")


class DropPath(Section):
    """Drops paths through the `fractal` blocks in training (Larsson et al. 2017)."""

    local: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="rate at which a join drops each of its inputs")
    global_: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, alias="global", description="share of samples that keep to one column through the whole network instead"
    )


class About(Section):
    """Where the network comes from."""

    paper: str | None = Field(None, description="authors, year, title")
    arxiv: str | None = Field(None, description="number on arXiv, as text")
    url: str | None = Field(None, description="a page about it")
    note: str | None = Field(None, description="which variant this is, and what differs from the paper")

    @property
    def authors(self) -> str | None:
        """Authors and year of a paper that is given as 'authors year, title'."""
        found = re.match(r"[^,:]*\b(?:19|20)\d\d\b", self.paper or "")
        return found[0] if found else None

    @property
    def year(self) -> int | None:
        return int(self.authors[-4:]) if self.authors else None


class Expect(Section):
    """What the network must cost, by an independent count; `factory check` compares."""

    params: int | None = Field(None, ge=0, description="all weights")
    trainable: int | None = Field(None, ge=0, description="weights without batch-norm statistics")
    macs: int | None = Field(None, ge=0, description="multiply-accumulates at batch 1")
    activations: int | None = Field(None, ge=0, description="output elements of convolutions and dense layers")
    source: str | None = Field(None, description="who counted")
    equals: str | None = Field(None, description="the implementation whose outputs this network's are equal to")


SECTIONS: dict[str, type[Section]] = {
    "input": Input,
    "scale": Scale,
    "rounding": Rounding,
    "stochastic_depth": StochasticDepth,
    "drop_path": DropPath,
    "about": About,
    "expect": Expect,
}


def parse_input(value: dict[str, Any]) -> Input:
    """The input section. Raises Invalid with all its mistakes, some in better words than pydantic's."""
    found: list[Invalid] = []
    rest = dict(value)
    for key, check in (("resolution", _check_resolution), ("preprocess", _check_preprocess)):
        if key in value:
            try:
                check(value[key], value.get("channels", 3))
            except Invalid as error:
                found.append(error.inside(key))
                del rest[key]
    try:
        result = parse_section(Input, rest)
    except Invalid as error:
        found.append(error)
    if found:
        first, *others = found
        first.more = (*first.more, *others)
        raise first
    return result


def _check_resolution(value: Any, channels: Any) -> None:
    sizes = value if isinstance(value, (list, tuple)) else [value]
    whole = all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in sizes)
    if value != "any" and not (whole and len(sizes) in (1, 2)):
        raise Invalid(f"expected a whole number of pixels, [height, width] or any, received {show(value)}")


def _check_preprocess(value: Any, channels: Any) -> None:
    if isinstance(value, str):
        if value not in PREPROCESS:
            raise Invalid(f"unknown preprocessing '{value}'", did_you_mean(value, PREPROCESS))
        return
    if not isinstance(value, dict):
        raise Invalid(f"expected {', '.join(PREPROCESS)} or a mapping, received {show(value)}")
    preprocess = parse_section(Preprocess, value)
    for name in ("mean", "std"):
        values = getattr(preprocess, name)
        if values is not None and len(values) != channels:
            message = f"{name} has {len(values)} values for {channels} channels"
            raise Invalid(message, "give one value a channel", (name,))
    if any(std <= 0 for std in preprocess.std or ()):
        raise Invalid("expected numbers above 0", loc=("std",))
