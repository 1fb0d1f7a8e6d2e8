"""Blocks written in YAML: their signatures, then their bodies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from keyword import iskeyword
from typing import Any

from factory.blocks import REGISTRY
from factory.blocks.registry import REQUIRED, Parameter
from factory.blocks.types import BODY, CALL, FLOAT, TYPES, Type
from factory.blocks.values import Invalid, show
from factory.errors import Mark, did_you_mean
from factory.spec.calls import CALL_KEYS, BranchesCode, Code, YamlBlock
from factory.spec.compile import IDENTIFIER, SCOPE_NAMES, Compiler, Place
from factory.spec.problems import length_of
from factory.spec.reading import Map, Seq
from factory.spec.values import BAD

_BLOCK_KEYS = ("doc", "params", "inputs", "outputs", "body")
_PARAMETER_KEYS = ("type", "default", "min", "max", "choices", "doc")


def declare_blocks(compiler: Compiler, raw: Map) -> None:
    """Adds the blocks that a spec defines to `compiler.blocks`; mistakes go to its problems."""
    _Declarations(compiler, raw).read()


class _Declarations:
    def __init__(self, compiler: Compiler, raw: Map):
        self.compiler, self.raw, self.fail = compiler, raw, compiler.fail
        self.blocks = compiler.blocks

    def read(self) -> None:
        """Signatures first: bodies, those that are defaults too, may call blocks that are defined below."""
        raw = self.raw
        for name, definition in raw.items():
            path, mark = f"blocks.{name}", raw.keys_at.get(name)
            if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
                self.fail(path, f"'{name}' is not a name", mark, "letters, digits and _, not beginning with a digit")
            elif name in REGISTRY:
                self.fail(path, f"there is a built-in block '{name}'", mark, "choose another name", len(name))
            elif not isinstance(definition, Map):
                self.fail(path, f"expected a mapping with params and body, received {show(definition)}", mark)
            else:
                self.blocks[name] = self._signature(name, definition, path, mark)
        defined = [(self.blocks[name], raw[name]) for name in raw if name in self.blocks and isinstance(raw[name], Map)]
        for block, definition in defined:
            self._bodies_by_default(block, definition.get("params", Map()))
        for block, definition in defined:
            self._body_of(block, definition, f"blocks.{block.name}")
        self._check_recursion()

    def _signature(self, name: str, raw: Map, path: str, mark: Mark | None) -> YamlBlock:
        for key in raw:
            if key not in _BLOCK_KEYS:
                self.fail(
                    f"{path}.{key}", "unknown key of a block", raw.keys_at.get(key), did_you_mean(key, _BLOCK_KEYS)
                )
        parameters = {}
        declared = raw.get("params", Map())
        if not isinstance(declared, Map):
            self.fail(
                f"{path}.params",
                f"expected a mapping name -> type, received {show(declared)}",
                raw.values_at.get("params"),
            )
            declared = Map()
        for key, given in declared.items():
            parameter = self._parameter(key, given, f"{path}.params.{key}", declared)
            if parameter:
                parameters[key] = parameter
        inputs = self._names(raw, "inputs", path) or ["input"]
        if len(set(inputs)) < len(inputs):
            self.fail(f"{path}.inputs", "an input's name is given twice", raw.values_at.get("inputs"))
        block = YamlBlock(name, str(raw.get("doc", "")), parameters, tuple(inputs), None, None, mark)
        outputs = raw.get("outputs")
        if isinstance(outputs, Map) and outputs:
            sources = {
                key: self.compiler.source(value, f"{path}.outputs.{key}", outputs.values_at.get(key))
                for key, value in outputs.items()
            }
            block.outputs = {key: source for key, source in sources.items() if source}
        elif outputs is not None:
            self.fail(
                f"{path}.outputs",
                f"expected a mapping such as {{out: add}}, received {show(outputs)}",
                raw.values_at.get("outputs"),
            )
        return block

    def _names(self, raw: Map, key: str, path: str) -> list[str]:
        names = raw.get(key, Seq())
        if not isinstance(names, Seq) or not all(
            isinstance(name, str) and IDENTIFIER.fullmatch(name) for name in names
        ):
            self.fail(f"{path}.{key}", f"expected a list of names, received {show(names)}", raw.values_at.get(key))
            return []
        return list(names)

    def _parameter(self, name: Any, given: Any, path: str, declared: Map) -> Parameter | None:
        mark = declared.values_at.get(name)
        taken = name in CALL_KEYS or name in SCOPE_NAMES or name in ("true", "false")
        if taken or not isinstance(name, str) or not IDENTIFIER.fullmatch(name) or iskeyword(name):
            self.fail(path, f"a parameter cannot be called '{name}'", declared.keys_at.get(name), "choose another name")
            return None
        options = given if isinstance(given, Map) else Map()
        kind = options.get("type") if isinstance(given, Map) else given
        for key in options:
            if key not in _PARAMETER_KEYS:
                self.fail(
                    f"{path}.{key}",
                    "unknown key of a parameter",
                    options.keys_at.get(key),
                    did_you_mean(key, _PARAMETER_KEYS),
                )
        if not isinstance(kind, str) or kind not in TYPES:
            at = options.values_at.get("type", mark)
            self.fail(
                path, f"unknown parameter type {show(kind)}", at, did_you_mean(kind, TYPES, many=30), length_of(kind)
            )
            return None
        try:
            declared_type = _bounded(TYPES[kind], options)
        except Invalid as error:
            self.compiler.fail_at(error, options, mark, path)
            return None
        default = REQUIRED
        if "default" in options:
            where, at = f"{path}.default", options.values_at.get("default")
            if declared_type.is_code:
                default = None  # until all blocks have their signatures
            else:
                value = self.compiler.value(options["default"], declared_type, where, at, frozenset())
                default = REQUIRED if value is BAD else value
        return Parameter(name, declared_type, default, str(options.get("doc", "")))

    def _bodies_by_default(self, block: YamlBlock, declared: Map) -> None:
        for key, parameter in block.parameters.items():
            if parameter.type.is_code and not parameter.required:
                path, at = f"blocks.{block.name}.params.{key}.default", declared[key].values_at.get("default")
                body = self.compiler.body(declared[key]["default"], path, at, Place())
                block.parameters[key] = replace(parameter, default=body or REQUIRED)

    def _body_of(self, block: YamlBlock, raw: Map, path: str) -> None:
        if "body" not in raw:
            self.fail(
                path, "a block needs a body", block.mark, "body: [calls], or body: {name: call, ...}", len(block.name)
            )
            return
        names = SCOPE_NAMES | block.parameters.keys()
        bodies = frozenset(key for key, p in block.parameters.items() if p.type in (BODY, CALL))
        before, outputs = len(self.compiler.problems), raw.get("outputs")
        at, place = raw.values_at.get("body"), Place(names, bodies)
        block.body = self.compiler.body(raw["body"], f"{path}.body", at, place, block.inputs, block.outputs)
        for problem in self.compiler.problems[before:]:
            if problem.path.startswith(f"{path}.body.outputs.") and isinstance(outputs, Map):
                problem.path = problem.path.replace(".body.outputs.", ".outputs.")
                problem.mark = outputs.values_at.get(problem.path.rpartition(".")[2], problem.mark)

    def _check_recursion(self) -> None:
        uses = {name: _called_by(block) for name, block in self.blocks.items()}
        done: set[str] = set()

        def visit(name: str, trail: list[str]) -> None:
            if name in trail:
                circle = " -> ".join([*trail[trail.index(name) :], name])
                self.fail(f"blocks.{name}", f"blocks call each other in a circle: {circle}", self.blocks[name].mark)
                done.update(trail)
            elif name not in done:
                for other in uses.get(name, ()):
                    visit(other, [*trail, name])
                done.add(name)

        for name in uses:
            visit(name, [])


def _bounded(kind: Type, options: Map) -> Type:
    """A type narrowed by a parameter's min, max or choices."""
    low, high = options.get("min"), options.get("max")
    numeric = kind.schema.get("type") in ("integer", "number")
    for key in ("min", "max"):
        if key in options and not numeric:
            raise Invalid(f"a parameter of type {kind.name} has no {key}", "for numbers only", (key,))
        if key in options:
            _in_place(FLOAT.parse, options[key], key)
    if "choices" in options:
        allowed = options["choices"]
        if not isinstance(allowed, Seq) or not allowed:
            raise Invalid(f"expected a list of values, received {show(allowed)}", loc=("choices",))
        values = [_in_place(kind.parse, item, "choices", index) for index, item in enumerate(allowed)]
        expected = "one of " + ", ".join(map(str, allowed))
        return replace(kind, expected=expected, parse=lambda value: _chosen(kind.parse(value), values, expected))
    if low is None and high is None:
        return kind

    def parse(value: Any) -> Any:
        result = kind.parse(value)
        if (low is not None and result < low) or (high is not None and result > high):
            bounds = " and ".join(
                f"{word} {bound}" for word, bound in (("at least", low), ("at most", high)) if bound is not None
            )
            raise Invalid(f"expected a number {bounds}, received {show(value)}")
        return result

    limits = {"minimum": low, "maximum": high}
    return replace(kind, parse=parse, schema={**kind.schema, **{k: v for k, v in limits.items() if v is not None}})


def _in_place(parse: Callable[[Any], Any], value: Any, *loc: str | int) -> Any:
    try:
        return parse(value)
    except Invalid as error:
        raise Invalid(error.message, error.hint, loc) from None


def _chosen(value: Any, values: list[Any], expected: str) -> Any:
    if value not in values:
        raise Invalid(f"expected {expected}, received {show(value)}", did_you_mean(value, map(str, values), many=0))
    return value


def _called_by(block: YamlBlock) -> set[str]:
    """Names of the YAML blocks that a block calls, nested bodies and variants included."""
    found: set[str] = set()
    waiting = list(block.body.calls) if block.body else []
    for parameter in block.parameters.values():
        waiting += parameter.default.calls if isinstance(parameter.default, Code) else ()
    while waiting:
        call = waiting.pop()
        if isinstance(call.block, YamlBlock):
            found.add(call.block.name)
        waiting += [variant for variant in (call.variants or {}).values() if variant is not call]
        for value in call.constants.values():
            codes = (
                value.bodies.values() if isinstance(value, BranchesCode) else [value] if isinstance(value, Code) else []
            )
            for code in codes:
                waiting += code.calls
    return found
