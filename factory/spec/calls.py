"""Compiled block calls: what a call in a spec becomes once its block, parameters and types are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from factory.blocks.registry import BlockInfo, Parameter
from factory.blocks.types import Type
from factory.blocks.values import Conventions
from factory.errors import Mark
from factory.spec.expressions import Expression

CALL_KEYS = ("block", "from", "repeats", "first", "last", "share", "scaled", "after")
"""Keys that every call may have beside its parameters and the conventions."""

CONVENTION_KEYS = Conventions._fields


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
    the call whose outputs are the body's.
    """

    calls: list[Call]
    mark: Mark | None
    path: str
    names: bool
    sources: list[Sources | None] = field(default_factory=list)
    result: str = ""


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
