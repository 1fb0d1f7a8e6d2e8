"""From the mappings of a spec to compiled calls: blocks found, keys checked, repeats and bodies taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from factory.blocks import REGISTRY
from factory.blocks.registry import Parameter
from factory.blocks.types import BRANCHES, CONVENTION_TYPES, DEPTH, OPERATION, OPERATIONS, STRIDE, Type
from factory.blocks.values import show
from factory.errors import Mark, Problem, SpecError, did_you_mean
from factory.spec.calls import (
    CALL_KEYS,
    CONVENTION_KEYS,
    LEFT_OPEN,
    Block,
    BranchesCode,
    Call,
    Code,
    Value,
    YamlBlock,
)
from factory.spec.expressions import INPUT_NAMES, compile_expression, is_expression
from factory.spec.merging import merge
from factory.spec.problems import length_of
from factory.spec.reading import Map, Seq
from factory.spec.values import BAD, ValueReader
from factory.spec.wiring import check_wiring

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SCOPE_NAMES = frozenset({"classes", "index", "count", "width()", *INPUT_NAMES})


@dataclass(frozen=True, slots=True)
class Place:
    """Where calls stand: the names that their expressions may use, those of them that are bodies of the enclosing
    block, whether an outer call repeats them, and whether they are operations, which may leave parameters open."""

    names: frozenset[str] = SCOPE_NAMES
    bodies: frozenset[str] = frozenset()
    repeated: bool = False
    operation: bool = False


class Compiler(ValueReader):
    """Compiles the calls of one spec. Mistakes are collected in `problems`, so that all are told in one run."""

    def __init__(self, blocks: Mapping[str, YamlBlock] | None = None, defaults: Map | None = None):
        super().__init__()
        self.blocks: dict[str, YamlBlock] = dict(blocks or {})
        self.defaults = defaults if defaults is not None else Map()

    def find(self, name: str) -> Block | None:
        if name in self.blocks:
            return self.blocks[name]
        return REGISTRY.get(name)

    def parameters(self, name: str) -> dict[str, Type] | None:
        """The parameter types of a block, for merging."""
        block = self.find(name)
        return {key: p.type for key, p in block.parameters.items()} if block else None

    def body(
        self,
        raw: Any,
        path: str,
        mark: Mark | None,
        place: Place,
        inputs: tuple[str, ...] = ("input",),
        outputs: dict[str, tuple[str, str | None]] | None = None,
    ) -> Code | None:
        """A list or mapping of calls, or a single call. None, and problems, where it is wrong."""
        if place.operation and isinstance(raw, (Map, Seq)) and not _stands_alone(raw):
            place = replace(place, operation=False)  # only a call that stands alone is given what it leaves open
        if isinstance(raw, Map) and not isinstance(raw.get("block"), str):
            calls = []
            for name, given in raw.items():
                if not isinstance(name, str) or not IDENTIFIER.fullmatch(name) or name in inputs:
                    hint = (
                        "it is an input's name"
                        if name in inputs
                        else "letters, digits and _, not beginning with a digit"
                    )
                    self.fail(f"{path}.{name}", f"'{name}' cannot name a call", raw.keys_at.get(name), hint)
                    continue
                at = raw.keys_at.get(name)
                call = self.call(given, name, f"{path}.{name}", at, place)
                if call:
                    calls.append(call)
            code = Code(calls, mark, path, True)
        elif isinstance(raw, (Map, Seq)):
            items = [raw] if isinstance(raw, Map) else raw
            marks = [mark] if isinstance(raw, Map) else raw.items_at
            calls = []
            for index, (given, at) in enumerate(zip(items, marks, strict=True)):
                here = f"{path}.{index}" if isinstance(raw, Seq) else path
                call = self.call(given, "", here, at, place)
                if call:
                    calls.append(call)
            code = Code(calls, mark, path, False)
        else:
            self.fail(path, f"expected a list or mapping of block calls, received {show(raw)}", mark)
            return None
        before = len(self.problems)
        check_wiring(code, inputs, outputs, self.problems)
        return code if len(self.problems) == before else None

    def call(
        self,
        raw: Any,
        name: str,
        path: str,
        mark: Mark | None,
        place: Place,
        *,
        complete: bool = True,
    ) -> Call | None:
        """One call, with the variants of its repeats. None, and problems, where it is wrong.

        `complete` is false for the defaults of a block, which need not give what it requires.
        """
        if is_expression(raw) and raw[1:] in place.bodies:
            return Call(name, path, mark, placeholder=compile_expression(raw))
        if not isinstance(raw, Map):
            hint = (
                f"'{raw[1:]}' is no parameter of type body or call here"
                if is_expression(raw)
                else "{block: conv, filters: 64}"
            )
            self.fail(path, f"expected a block call, received {show(raw)}", mark, hint, length_of(raw))
            return None
        plain = raw
        if "first" in raw or "last" in raw:
            plain = raw.copy()
            plain.remove("first")
            plain.remove("last")
        base = self._one(plain, name, path, mark, place, complete)
        if base is None:
            return None
        strides = [key for key, p in base.block.parameters.items() if p.type == STRIDE]  # type: ignore[union-attr]
        later = _restrided(base, strides)
        if plain is raw:
            if later is not base and base.repeats is not None:
                base.variants = {"only": base, "first": base, "middle": later, "last": later}
            return base
        first = self._changed(raw, plain, ("first",), name, path, mark, place)
        last = self._changed(raw, _raw_restrided(plain, strides), ("last",), name, path, mark, place)
        only = self._changed(raw, plain, ("first", "last"), name, path, mark, place)
        if not (first and last and only):
            return None
        outer = replace(base)
        outer.variants = {"only": only, "first": first, "middle": later, "last": last}
        return outer

    def _changed(
        self, raw: Map, plain: Map, keys: tuple[str, ...], name: str, path: str, mark: Mark | None, *rest: Any
    ) -> Call | None:
        merged = plain
        for key in keys:
            if key not in raw:
                continue
            change = raw[key]
            if not isinstance(change, Map):
                self._once(
                    f"{path}.{key}",
                    f"expected a mapping of parameters, received {show(change)}",
                    raw.values_at.get(key),
                )
                return None
            for wrong in ("repeats", "first", "last", "from", "share"):
                if wrong in change:
                    self._once(
                        f"{path}.{key}.{wrong}", f"'{wrong}' belongs to the call itself", change.keys_at.get(wrong)
                    )
                    return None
            try:
                merged = merge(merged, change, self.parameters, f"{path}.{key}")
            except SpecError as error:
                self.problems += [p for p in error.problems if p not in self.problems]
                return None
        before = len(self.problems)
        call = self._one(merged, name, path, mark, *rest)
        fresh = [p for p in self.problems[before:] if not any(_same(p, old) for old in self.problems[:before])]
        self.problems[before:] = fresh  # the variants of a call repeat its mistakes
        return call

    def _once(self, path: str, message: str, mark: Mark | None) -> None:
        problem = Problem(path, message, mark)
        if not any(_same(problem, old) for old in self.problems):
            self.problems.append(problem)

    def _one(
        self,
        raw: Map,
        name: str,
        path: str,
        mark: Mark | None,
        place: Place,
        complete: bool = True,
    ) -> Call | None:
        before = len(self.problems)
        block = self._block(raw, path, mark)
        if block is None:
            return None
        call = Call(name, path, mark, block)
        self._call_keys(raw, call, place.names)
        inside = replace(place, repeated=place.repeated or _repeats(call), operation=False)
        for key, value in raw.items():
            if key in CALL_KEYS:
                continue
            here, at = f"{path}.{key}", raw.values_at.get(key)
            if key in block.parameters:
                self._parameter_value(call, block.parameters[key], value, here, at, inside)
                if (
                    place.repeated
                    and block.parameters[key].type == STRIDE
                    and call.constants.get(key, (1, 1)) != (1, 1)
                ):
                    hint = "make it a parameter of type stride of a block, which is reset to 1 after the first repeat"
                    self.fail(here, "a literal stride in the body of a repeated call strides in every repeat", at, hint)
            elif key in CONVENTION_KEYS:
                parsed = self.value(value, CONVENTION_TYPES[key], here, at, place.names)
                if isinstance(parsed, Value):
                    call.convention_values[key] = parsed
                elif parsed is not BAD:
                    call.conventions[key] = parsed
            else:
                known = [*block.parameters, *(k for k in CALL_KEYS if k != "after"), *CONVENTION_KEYS]
                hint = did_you_mean(key, known, many=16)
                self.fail(
                    here, f"unknown parameter of block '{block.name}'", raw.keys_at.get(key), hint, length_of(key)
                )
        if complete:
            self._required(raw, call, block, place)
        return call if len(self.problems) == before else None

    def _block(self, raw: Map, path: str, mark: Mark | None) -> Block | None:
        name = raw.get("block")
        if name is None:
            hint = next(
                (f"did you mean 'block' for '{key}'?" for key in raw if did_you_mean(key, ["block"]).startswith("did")),
                "",
            )
            self.fail(
                path,
                "a call needs 'block: NAME'",
                mark,
                hint or "{block: conv, filters: 64}",
                length_of(path.split(".")[-1]),
            )
            return None
        at = raw.values_at.get("block", mark)
        if not isinstance(name, str):
            self.fail(f"{path}.block", f"expected the name of a block, received {show(name)}", at)
            return None
        block = self.find(name)
        if block is None:
            hint = did_you_mean(name, [*REGISTRY, *self.blocks], many=0)
            self.fail(
                f"{path}.block",
                f"unknown block '{name}'",
                at,
                hint if "mean" in hint else "see: factory blocks",
                len(name),
            )
        return block

    def _call_keys(self, raw: Map, call: Call, names: frozenset[str]) -> None:
        path = call.path
        if "repeats" in raw:
            value = self.value(raw["repeats"], DEPTH, f"{path}.repeats", raw.values_at.get("repeats"), names)
            call.repeats = None if value is BAD else value
        if "share" in raw:
            call.share = raw["share"] is True
            if not isinstance(raw["share"], bool):
                self.fail(
                    f"{path}.share",
                    f"expected true or false, received {show(raw['share'])}",
                    raw.values_at.get("share"),
                )
        if "scaled" in raw:
            call.scaled = self.scaled(raw["scaled"], f"{path}.scaled", raw.values_at.get("scaled"))
        if "after" in raw:
            hint = "a stage stands where it is written; after: places one in a spec that extends another"
            self.fail(f"{path}.after", "'after' has no meaning here", raw.keys_at.get("after"), hint, 5)
        if "from" in raw:
            call.sources_mark = raw.values_at.get("from")
            items = raw["from"] if isinstance(raw["from"], Seq) else [raw["from"]]
            marks = raw["from"].items_at if isinstance(raw["from"], Seq) else [call.sources_mark]
            sources = [self.source(item, f"{path}.from", at) for item, at in zip(items, marks, strict=True)]
            call.sources = [source for source in sources if source]
            if not items:
                self.fail(f"{path}.from", "'from' names nothing", call.sources_mark)

    def source(self, raw: Any, path: str, mark: Mark | None) -> tuple[str, str | None] | None:
        parts = raw.split(".") if isinstance(raw, str) else []
        if not 1 <= len(parts) <= 2 or not all(IDENTIFIER.fullmatch(part) for part in parts):
            self.fail(
                path, f"expected the name of a call, or name.output, received {show(raw)}", mark, "", length_of(raw)
            )
            return None
        return parts[0], parts[1] if len(parts) == 2 else None

    def scaled(self, raw: Any, path: str, mark: Mark | None) -> dict[str, bool] | None:
        """What `scaled: {width: false, depth: false}` says."""
        good = isinstance(raw, Map) and all(key in ("width", "depth") and isinstance(raw[key], bool) for key in raw)
        if not good:
            self.fail(path, f"expected {{width: false}}, {{depth: false}} or both, received {show(raw)}", mark)
            return None
        return dict(raw)

    def _parameter_value(
        self,
        call: Call,
        parameter: Parameter,
        raw: Any,
        path: str,
        mark: Mark | None,
        place: Place,
    ) -> None:
        kind, value = parameter.type, BAD
        if kind.is_code:
            place = replace(place, operation=kind in (OPERATION, OPERATIONS))
            if kind not in (BRANCHES, OPERATIONS) and is_expression(raw) and raw[1:] in place.bodies:
                value = Value("expression", compile_expression(raw), kind, mark, path)
            elif kind in (BRANCHES, OPERATIONS):
                value = self._branches(raw, path, mark, place)
            else:
                value = self.body(raw, path, mark, place) or BAD
        else:
            value = self.value(raw, kind, path, mark, place.names)
        if isinstance(value, Value):
            call.values[parameter.name] = value
        elif value is not BAD:
            call.constants[parameter.name] = value

    def _branches(self, raw: Any, path: str, mark: Mark | None, place: Place) -> Any:
        if isinstance(raw, Map):
            given = [(key, raw[key], raw.values_at.get(key)) for key in raw]
        elif isinstance(raw, Seq) and not place.operation:
            given = [
                (f"b{number}", item, at) for number, (item, at) in enumerate(zip(raw, raw.items_at, strict=True), 1)
            ]
        else:
            given = []
        if not given:
            hint = "{conv3: {block: conv}, skip: []}" if place.operation else "{left: [calls], right: [calls]}"
            self.fail(path, f"expected a mapping name -> body, received {show(raw)}", mark, hint)
            return BAD
        compiled = {}
        for key, item, at in given:
            if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
                self.fail(f"{path}.{key}", f"'{key}' cannot name a branch", at, "letters, digits and _")
                continue
            item = Seq.of(item, at) if is_expression(item) else item
            code = self.body(item, f"{path}.{key}", at, place)
            if code:
                compiled[key] = code
        return BranchesCode(compiled) if len(compiled) == len(given) else BAD

    def _required(self, raw: Map, call: Call, block: Block, place: Place) -> None:
        defaults = self.defaults.get(block.name)
        given = {*raw, *(defaults if isinstance(defaults, Map) else ())}
        if place.operation:
            given |= {key for key, p in block.parameters.items() if p.type == LEFT_OPEN.get(key)}
        missing = [key for key, p in block.parameters.items() if p.required and key not in given]
        if missing:
            names = ", ".join(f"'{key}'" for key in missing)
            types = "; ".join(f"{key}: {block.parameters[key].type.expected}" for key in missing)
            self.fail(
                call.path,
                f"block '{block.name}' needs {names}",
                raw.values_at.get("block", call.mark),
                types,
                len(block.name),
            )


def _restrided(call: Call, strides: list[str]) -> Call:
    """The call with its strides reset to 1."""
    if not strides:
        return call
    values = {key: value for key, value in call.values.items() if key not in strides}
    return replace(call, constants={**call.constants, **dict.fromkeys(strides, (1, 1))}, values=values)


def _raw_restrided(raw: Map, strides: list[str]) -> Map:
    result = raw.copy()
    for key in strides:
        result[key] = 1
    return result


def _repeats(call: Call) -> bool:
    return call.repeats is not None and not (isinstance(call.repeats, Value) and call.repeats.content == 1)


def _same(a: Problem, b: Problem) -> bool:
    return (a.message, str(a.mark)) == (b.message, str(b.mark))


def _stands_alone(raw: Map | Seq) -> bool:
    """Whether a body is one call, not named."""
    return isinstance(raw.get("block"), str) if isinstance(raw, Map) else len(raw) == 1
