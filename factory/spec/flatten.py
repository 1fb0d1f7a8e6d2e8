"""Multipliers applied: the same network as a spec whose literals are the numbers of the network, `scale` being 1."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import Any

from factory.blocks.types import BODY, BRANCHES, CALL, DEPTH, OPERATION, OPERATIONS, WIDTH, Type
from factory.blocks.values import Multiple
from factory.spec.document import compile_spec
from factory.spec.expressions import is_expression
from factory.spec.plan import input_shape
from factory.spec.reading import Map, Seq
from factory.spec.resolve import signature_of
from factory.spec.spec import Spec

_WIDTH_CALL = re.compile(r"\bwidth\s*\(")
_IN = re.compile(r"\bin\.(?=[a-z])")


def flatten(spec: Spec) -> Spec:
    """The spec with width, depth and resolution applied to every literal that they scale.

    A block of the spec whose literals scale differently from call to call becomes several blocks.
    """
    return compile_spec(_Flattener(spec).document(), spec.source)


@dataclass(frozen=True)
class _Frame:
    """What is scaled where a call stands, and whether an outer call repeats already."""

    width: bool
    depth: bool
    repeated: bool = False


class _Flattener:
    def __init__(self, spec: Spec):
        self.spec, self.raw = spec, spec.document
        self.signature = signature_of(spec.document)
        self.definitions = self.raw.get("blocks") or Map()
        self.defaults = self.raw.get("defaults") or Map()
        self.blocks, self.new_defaults = Map(), Map()
        self.names: dict[tuple[str, _Frame], str] = {}

    def document(self) -> Map:
        top = _Frame(self.spec.scaled.get("width", True), self.spec.scaled.get("depth", True))
        for name in self.defaults:
            if name not in self.definitions:
                self.new_defaults[name] = self.parameters(self.defaults[name], name, top)
        stages = self.raw["stages"].copy()
        for name, call in stages.items():
            stages[name] = self.call(call, top)
        for name in self.definitions:
            if name not in self.blocks:
                self.block(name, top)
        result = self.raw.copy()
        result.update(stages=stages, blocks=self.blocks, defaults=self.new_defaults)
        for key in ("scale", "scaled", *(key for key in ("blocks", "defaults") if not result[key])):
            result.remove(key)
        height, width, _ = input_shape(self.spec)
        if height is not None and self.spec.scale.resolution != 1:
            size = Seq()
            size.extend((height, width))
            size.items_at = [None, None]
            result["input"] = (self.raw.get("input") or Map()).copy()
            result["input"]["resolution"] = height if height == width else size
        return result

    def block(self, name: str, frame: _Frame) -> str:
        """The name of a block of the spec as it is where it is called in this frame."""
        if (name, frame) in self.names:
            return self.names[name, frame]
        new = name
        if new in self.blocks:
            number = 2
            while (new := f"{name}_{number}") in self.blocks or new in self.definitions:
                number += 1
        self.names[name, frame] = new
        definition = self.blocks[new] = self.definitions[name].copy()
        definition["body"] = self.body(definition["body"], frame)
        if "params" in definition:
            definition["params"] = declared = definition["params"].copy()
            for key, kind in (self.signature(name) or {}).items():
                if isinstance(declared[key], Map) and "default" in declared[key]:
                    declared[key] = declared[key].copy()
                    declared[key]["default"] = self.value(kind, declared[key]["default"], frame)
        if same := next((other for other, there in self.blocks.items() if there == definition and other != new), None):
            if new != name:
                del self.blocks[new]
                self.names[name, frame] = new = same
        elif name in self.defaults:
            self.new_defaults[new] = self.parameters(self.defaults[name], name, frame)
        return new

    # bodies and calls

    def body(self, raw: Any, frame: _Frame) -> Any:
        if isinstance(raw, Seq):
            return self.items(raw, frame, self.call)
        if isinstance(raw, Map) and not isinstance(raw.get("block"), str):
            return self.entries(raw, frame, self.call)
        return self.call(raw, frame)

    def branches(self, raw: Any, frame: _Frame) -> Any:
        return (self.items if isinstance(raw, Seq) else self.entries)(raw, frame, self.body)

    def items(self, raw: Seq, frame: _Frame, change: Any) -> Seq:
        result = Seq(raw.mark)
        for item, at in zip(raw, raw.items_at, strict=True):
            result.put(change(item, frame), at)
        return result

    def entries(self, raw: Map, frame: _Frame, change: Any) -> Map:
        result = raw.copy()
        for name, item in raw.items():
            result[name] = change(item, frame)
        return result

    def call(self, raw: Any, frame: _Frame) -> Any:
        if not isinstance(raw, Map):
            return raw
        own = raw.get("scaled") or {}
        frame = replace(frame, width=own.get("width", frame.width), depth=own.get("depth", frame.depth))
        base = raw.copy()
        repeats = raw.get("repeats")
        for key in ("first", "last", "scaled"):
            base.remove(key)
        inner = frame if repeats is None else replace(frame, repeated=True)
        result = self.parameters(base, raw["block"], inner)
        result["block"] = self.named(raw["block"], inner)
        if repeats is not None:
            result["repeats"] = repeats if frame.repeated else self.value(DEPTH, repeats, frame)
        for key in ("first", "last"):
            if key in raw:
                block = raw[key].get("block", raw["block"])
                changed = self.parameters(raw[key], block, inner)
                if "block" in changed:
                    changed["block"] = self.named(block, inner)
                result[key] = changed
        return result

    def named(self, block: str, frame: _Frame) -> str:
        return self.block(block, frame) if block in self.definitions else block

    def parameters(self, raw: Map, block: str, frame: _Frame) -> Map:
        result, types = raw.copy(), self.signature(block) or {}
        for key, value in raw.items():
            if key not in ("block", "from", "repeats"):
                result[key] = self.value(types.get(key), value, frame)
        return result

    # values

    def value(self, kind: Type | None, raw: Any, frame: _Frame) -> Any:
        if kind in (BODY, BRANCHES, CALL, OPERATION, OPERATIONS) and not is_expression(raw):
            return self.branches(raw, frame) if kind in (BRANCHES, OPERATIONS) else self.body(raw, frame)
        if is_expression(raw):
            return self.expression(raw, frame)
        if isinstance(raw, Map):
            return self.entries(raw, frame, lambda item, _: self.value(None, item, frame))
        if isinstance(raw, Seq):
            return self.items(raw, frame, lambda item, _: self.value(None, item, frame))
        factors = self.spec.scale
        if kind == WIDTH and frame.width and factors.width != 1:
            return self.spec.rounding.round_width(raw * factors.width)
        if kind == DEPTH and frame.depth and factors.depth != 1:
            return self.spec.rounding.round_depth(raw * factors.depth)
        return raw

    def expression(self, text: str, frame: _Frame) -> str:
        """The expression with `width(x)` spelled out as the rounding that it stands for."""
        if not _WIDTH_CALL.search(text) or not frame.width or self.spec.scale.width == 1:
            return text
        tree = _SpelledOut(self.spec).visit(ast.parse(_IN.sub("in_.", text[2:-1].strip()), mode="eval"))
        return f"$({ast.unparse(tree).replace('in_.', 'in.')})"


class _SpelledOut(ast.NodeTransformer):
    def __init__(self, spec: Spec):
        self.factor, self.rule = spec.scale.width, spec.rounding.width

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id == "width"):
            return node
        scaled = f"({ast.unparse(node.args[0])}) * {self.factor!r}"
        if isinstance(self.rule, Multiple):
            text = f"divisible({scaled}, {self.rule.to}, {self.rule.keep!r})"
        else:
            text = f"max(1, {'round' if self.rule == 'nearest' else 'ceil'}({scaled}))"
        return ast.parse(text, mode="eval").body
