"""Compiled block calls: what a call in a spec becomes once its block, parameters and types are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from factory.blocks.registry import BlockInfo, Parameter
from factory.blocks.types import STRIDE, WIDTH, Type
from factory.blocks.values import Conventions
from factory.errors import Mark
from factory.spec.expressions import Expression

CALL_KEYS = ("block", "from", "repeats", "first", "last", "share", "scaled", "after")
"""Keys that every call may have beside its parameters and the conventions."""

CONVENTION_KEYS = Conventions._fields


LEFT_OPEN = {"filters": WIDTH, "stride": STRIDE}
"""What an operation may leave to the block around it, `cell` or `random_graph`."""

Sources = list[tuple[str, str | None]]
"""What `from` says, as (name, output); output None: the first, ALL: as many as the call has inputs."""

ALL = "*"


@dataclass(slots=True)
class Value:
    """A parameter's value that is known only while planning, or that scaling changes.

    kind: `scaled` for a literal number at a width or depth position, `expression` for one that contains expressions.
    """

    kind: str
    content: Any
    type: Type
    mark: Mark | None
    path: str


@dataclass(slots=True)
class Code:
    """A compiled body: calls in an order in which each comes after what it reads; `names` is false for a list.

    `sources` say for each call what it reads, None for the body's inputs or, in a list, its predecessor; `result` is
    the call whose outputs are the body's; no two codes have the same `serial`.
    """

    calls: list[Call]
    mark: Mark | None
    path: str
    names: bool
    sources: list[Sources | None] = field(default_factory=list)
    result: str = ""
    serial: int = field(default_factory=count().__next__, compare=False)


@dataclass(slots=True)
class BranchesCode:
    """Compiled branches: a body each, by name."""

    bodies: dict[str, Code]


@dataclass(slots=True)
class YamlBlock:
    """A block written in a spec."""

    name: str
    doc: str
    parameters: dict[str, Parameter]
    inputs: tuple[str, ...]
    outputs: dict[str, tuple[str, str | None]] | None
    body: Code | None
    mark: Mark | None
    variadic: bool = False
    optional: int = 0

    @property
    def summary(self) -> str:
        return self.doc


Block = BlockInfo | YamlBlock


@dataclass(slots=True)
class Call:
    """One call of a block. `constants` are final values, `values` those to be worked out while planning.

    `variants` are the calls of the first, middle, last and only repeat, where `first`, `last` or the stride's reset
    make them differ; `sources` is what `from` says, as (name, output) pairs. `placeholder` is the parameter of the
    enclosing block that stands here instead of a call.
    """

    name: str
    path: str
    mark: Mark | None
    block: Block | None = None
    constants: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    conventions: dict[str, Any] = field(default_factory=dict)
    convention_values: dict[str, Value] = field(default_factory=dict)
    repeats: int | Value | None = None
    share: bool = False
    sources: Sources | None = None
    sources_mark: Mark | None = None
    scaled: dict[str, bool] | None = None
    variants: dict[str, Call] | None = None
    placeholder: Expression | None = None

    def variant(self, index: int, count: int) -> Call:
        """The call of one repeat."""
        if self.variants is None:
            return self
        if count == 1:
            return self.variants["only"]
        return self.variants["first" if index == 0 else "last" if index == count - 1 else "middle"]


def filled(call: Call, given: Mapping[str, Any]) -> Call:
    """The call, and its variants, with those of these values that their blocks take and that they leave open."""
    variants = call.variants and {which: _filled(variant, given) for which, variant in call.variants.items()}
    return replace(_filled(call, given), variants=variants)


def _filled(call: Call, given: Mapping[str, Any]) -> Call:
    assert call.block is not None
    parameters, said = call.block.parameters, call.constants.keys() | call.values.keys()
    open_ = {
        key: value
        for key, value in given.items()
        if key in parameters and key not in said and parameters[key].type == LEFT_OPEN[key]
    }
    return replace(call, constants={**call.constants, **open_})
