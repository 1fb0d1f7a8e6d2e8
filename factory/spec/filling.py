"""A resolved spec as plain data with every default filled in: what is rendered and compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.blocks import REGISTRY, Parameter
from factory.blocks.types import BODY, BRANCHES, CALL, CONVENTION_TYPES, DEPTH, OPERATION, OPERATIONS, STRIDE, WIDTH
from factory.spec.calls import CONVENTION_KEYS, LEFT_OPEN, YamlBlock
from factory.spec.expressions import is_expression
from factory.spec.merging import merge
from factory.spec.plain import filled_section, filled_value, plain
from factory.spec.reading import Map
from factory.spec.resolve import signature_of
from factory.spec.sections import SECTIONS, Preprocess
from factory.spec.spec import KEYS, VERSION, Spec

_BEFORE = ("block", "from", "repeats", "share")
_BODIES = (BODY, BRANCHES, CALL, OPERATION, OPERATIONS)
_NORM_FIELDS = {
    "batch": ("kind", "epsilon", "momentum", "scale", "center"),
    "layer": ("kind", "epsilon", "scale", "center"),
    "group": ("kind", "groups", "epsilon", "scale", "center"),
}


def fill(spec: Spec) -> dict[str, Any]:
    """Everything that the spec says and leaves to defaults, in the order of `KEYS`, without inheritance and includes.

    Left out is what has no value of its own: parameters that follow the conventions, those under `defaults`, and
    `rounding.width`, which rounds expanded channels too where a spec gives it.
    """
    return _Filler(spec).document()


class _Filler:
    def __init__(self, spec: Spec):
        self.spec, self.raw = spec, spec.document
        self.signature = signature_of(spec.document)
        self.blocks: Mapping[str, Any] = self.raw.get("blocks") or {}
        self.defaults: Mapping[str, Any] = self.raw.get("defaults") or {}

    def document(self) -> dict[str, Any]:
        values = {
            "factory": VERSION,
            "name": self.spec.name,
            "classes": self.spec.classes,
            "scaled": {"width": True, "depth": True, **self.spec.scaled},
            "conventions": self.conventions(),
            "defaults": plain(self.defaults),
            "blocks": {name: self.block(name, given) for name, given in self.blocks.items()},
            "stages": {name: self.call(given) for name, given in self.raw["stages"].items()},
            **{key: plain(self.raw[key]) for key in ("outputs", "auxiliary", "features") if key in self.raw},
            **{key: self.section(key) for key in SECTIONS},
        }
        return {key: values[key] for key in KEYS if values.get(key) not in (None, {}, [])}

    def section(self, key: str) -> dict[str, Any]:
        raw = self.raw.get(key) or {}
        if key in ("about", "expect"):
            return plain(raw)
        result = filled_section(SECTIONS[key], raw)
        if key == "rounding" and "width" not in raw:
            del result["width"]
        if key == "input" and isinstance(raw.get("preprocess"), dict):
            result["preprocess"] = filled_section(Preprocess, raw["preprocess"])
        return result

    def conventions(self) -> dict[str, Any]:
        raw, values = self.raw.get("conventions") or {}, self.spec.conventions
        norm = values.norm.model_dump()
        fields = _NORM_FIELDS.get(values.norm.kind, ())
        result = {"norm": {field: norm[field] for field in fields} or "none"}
        for key in CONVENTION_KEYS[1:]:
            result[key] = filled_value(CONVENTION_TYPES[key], plain(raw[key] if key in raw else getattr(values, key)))
        return result

    def block(self, name: str, raw: Map) -> dict[str, Any]:
        result = plain(raw)
        for key, parameter in self.spec.blocks[name].parameters.items():
            if parameter.type in _BODIES and not parameter.required:
                result["params"][key]["default"] = self.value(parameter, raw["params"][key]["default"], False)
        result["body"] = self.body(raw["body"], False)
        return result

    # bodies and calls

    def body(self, raw: Any, repeated: bool) -> Any:
        """A list, a mapping, or a single call; an expression stands for a body from outside."""
        if isinstance(raw, list):
            return [self.call(item, repeated) for item in raw]
        if isinstance(raw, dict) and not isinstance(raw.get("block"), str):
            return {name: self.call(item, repeated) for name, item in raw.items()}
        return self.call(raw, repeated)

    def branches(self, raw: Any, repeated: bool) -> Any:
        if isinstance(raw, list):
            return [self.body(item, repeated) for item in raw]
        if isinstance(raw, dict):
            return {name: self.body(item, repeated) for name, item in raw.items()}
        return raw

    def operation(self, raw: Any, repeated: bool) -> Any:
        """A body; a call that stands alone leaves open what it is given by the block around it."""
        result = self.body(raw, repeated)
        alone = isinstance(raw, list) and len(raw) == 1
        given, filled = (raw[0], result[0]) if alone else (raw, result)
        if isinstance(filled, dict) and isinstance(given.get("block"), str):
            for key in LEFT_OPEN.keys() - given.keys():
                filled.pop(key, None)
        return result

    def call(self, raw: Any, repeated: bool = False) -> Any:
        if not isinstance(raw, dict):
            return raw
        changes = {key: raw[key] for key in ("first", "last") if key in raw}
        later = [change["block"] for change in changes.values() if change.get("block", raw["block"]) != raw["block"]]
        result = self.parameters(raw, repeated, later)
        if "scaled" in raw:
            result["scaled"] = plain(raw["scaled"])
        if changes:
            base = raw.copy() if isinstance(raw, Map) else Map()
            for key in changes:
                base.remove(key)
            for key, change in changes.items():
                result[key] = self.change(base, change, result, repeated, key, later)
        return result

    def change(
        self, base: Map, change: Map, filled: Mapping[str, Any], repeated: bool, which: str, later: list[str]
    ) -> Any:
        """What `first` or `last` says. Where it changes the block, the new one's parameters are filled in."""
        if change.get("block", base["block"]) == base["block"]:
            return plain(change)  # it goes over a call that is filled in
        merged = merge(base, change, self.signature)
        stays = {key for key in filled if self.agree(base, change, key)}
        if which == "last":  # it goes over strides that are 1 by then, whatever the call says
            strides = {key for key, kind in (self.signature(base["block"]) or {}).items() if kind == STRIDE}
            stays |= {key for key in strides if self.agree(base, change, key)}
        stays |= merged.keys()
        result = self.parameters(merged, repeated, later if which == "first" else [])
        return {key: value for key, value in result.items() if key in change or key not in stays}

    def agree(self, base: Map, change: Map, key: str) -> bool:
        """Whether both blocks have this parameter, so that it stays when the block changes."""
        before, behind = self.signature(base["block"]) or {}, self.signature(change["block"]) or {}
        return key in before and before.get(key) == behind.get(key)

    def parameters(self, raw: Any, repeated: bool, later: list[str]) -> dict[str, Any]:
        """A call's keys in a stable order. `later` are blocks that may take this one's place and would keep its values:
        a default that one of them does not share is left out."""
        block = self.spec.blocks.get(raw["block"]) or REGISTRY[raw["block"]]
        result = {key: plain(raw[key]) for key in _BEFORE if key in raw}
        inside = repeated or raw.get("repeats", 1) != 1
        by_default = self.defaults.get(block.name) or {}
        for name, parameter in sorted(block.parameters.items(), key=lambda item: item[1].type in _BODIES):
            if name in raw:
                result[name] = self.value(parameter, raw[name], inside)
            elif name not in by_default and not parameter.required:
                default = self.default(block, parameter)
                strides = repeated and parameter.type == STRIDE and default != 1  # not to be written in repeated calls
                if default is not None and not strides and all(self.shares(b, parameter, default) for b in later):
                    result[name] = default
        for key in CONVENTION_KEYS:
            if key in raw and key not in block.parameters:
                result[key] = plain(raw[key])
        return result

    def shares(self, name: str, parameter: Parameter, default: Any) -> bool:
        block = self.spec.blocks.get(name) or REGISTRY[name]
        other = block.parameters.get(parameter.name)
        if other is None or other.type != parameter.type:
            return True
        return not other.required and self.default(block, other) == default

    def default(self, block: Any, parameter: Parameter) -> Any:
        """A parameter's default as it would be written in a call."""
        if isinstance(block, YamlBlock):
            return self.value(parameter, self.blocks[block.name]["params"][parameter.name]["default"], False)
        value = plain(parameter.default)
        if parameter.type in (WIDTH, DEPTH) and value is not None:
            return f"$({value})"  # a literal would be scaled, a block's own default is not
        return filled_value(parameter.type, value)

    def value(self, parameter: Parameter, raw: Any, repeated: bool) -> Any:
        if parameter.type == OPERATIONS:
            return {name: self.operation(item, repeated) for name, item in raw.items()}
        if parameter.type == OPERATION:
            return self.operation(raw, repeated)
        if parameter.type in _BODIES and not is_expression(raw):
            return self.branches(raw, repeated) if parameter.type == BRANCHES else self.body(raw, repeated)
        return filled_value(parameter.type, plain(raw))
