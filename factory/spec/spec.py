"""A resolved spec: every section checked, every call compiled, ready to be planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from factory.blocks.values import Conventions
from factory.spec.calls import Call, Code, YamlBlock
from factory.spec.reading import Map
from factory.spec.sections import (
    About,
    DropPath,
    Expect,
    Input,
    Rounding,
    Scale,
    StochasticDepth,
)
from factory.spec.wiring import Outputs

VERSION = 1
KEYS = (
    "factory", "name", "about", "extends", "include", "input", "classes", "scale", "scaled", "rounding", "conventions",
    "defaults", "stochastic_depth", "drop_path", "blocks", "stages", "outputs", "auxiliary", "features", "expect",
)  # fmt: skip
"""The keys of a spec, in the order in which `factory render` writes them."""


@dataclass
class Spec:
    """A network as a stack of named blocks. Made by `factory.load`; changed copies by `override`.

    `document` is the merged text: inheritance, includes and overrides applied, positions kept.
    """

    name: str
    source: str
    document: Map
    input: Input = field(default_factory=Input)
    classes: int = 1000
    scale: Scale = field(default_factory=Scale)
    scaled: dict[str, bool] = field(default_factory=dict)
    rounding: Rounding = field(default_factory=Rounding)
    conventions: Conventions = field(default_factory=Conventions)
    defaults: dict[str, Call] = field(default_factory=dict)
    stochastic_depth: StochasticDepth = field(default_factory=StochasticDepth)
    drop_path: DropPath = field(default_factory=DropPath)
    about: About = field(default_factory=About)
    expect: Expect = field(default_factory=Expect)
    blocks: dict[str, YamlBlock] = field(default_factory=dict)
    stages: Code = field(default_factory=lambda: Code([], None, "stages", True))
    outputs: Outputs = field(default_factory=dict)
    auxiliary: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def override(self, changes: Mapping[str, Any]) -> Spec:
        """A copy with values at paths changed, `{"stages.s3.kernel": 5}`; mappings merge, None removes.

        Raises SpecError for a path that does not exist or a value that does not fit.
        """
        from factory.spec.document import compile_spec  # both are written on top of Spec
        from factory.spec.overrides import apply_overrides

        return compile_spec(apply_overrides(self, changes), self.source, self)

    @property
    def expand_rounding(self) -> Any:
        """The rule for channels times `expand`: the width rounding where the spec sets one."""
        return self.rounding.round_width if "width" in self.rounding.model_fields_set else None
