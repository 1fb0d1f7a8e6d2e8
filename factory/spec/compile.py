"""From the mappings of a spec to compiled calls: blocks found, keys and types checked, expressions compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from keyword import iskeyword
from typing import Any

from factory.blocks import REGISTRY
from factory.blocks.registry import REQUIRED, Parameter
from factory.blocks.types import (
    ACTIVATION,
    BIAS,
    BODY,
    BRANCHES,
    CALL,
    DEPTH,
    FLOAT,
    INITIALIZER,
    NORM,
    PADDING,
    STRIDE,
    TYPES,
    Type,
)
from factory.blocks.values import Invalid, show
from factory.errors import Mark, Problem, SpecError, did_you_mean
from factory.spec.calls import CALL_KEYS, CONVENTION_KEYS, Block, BranchesCode, Call, Code, Value, YamlBlock
from factory.spec.expressions import INPUT_NAMES, Expression, ExpressionError, compile_expression, is_expression
from factory.spec.merging import merge
from factory.spec.reading import Map, Seq
from factory.spec.wiring import check_wiring

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CONVENTION_TYPES: dict[str, Type] = dict(
    zip(CONVENTION_KEYS, (NORM, ACTIVATION, PADDING, BIAS, INITIALIZER), strict=True)
)
SCOPE_NAMES = frozenset({"classes", "index", "count", "width()", *INPUT_NAMES})
_BLOCK_KEYS = ("doc", "params", "inputs", "outputs", "body")


class Compiler:
    """Compiles the calls of one spec. Mistakes are collected in `problems`, so that all are told in one run."""

    def __init__(self, blocks: Mapping[str, YamlBlock] | None = None, defaults: Map | None = None):
        self.blocks: dict[str, YamlBlock] = dict(blocks or {})
        self.defaults = defaults if defaults is not None else Map()
        self.problems: list[Problem] = []

    # mistakes

    def fail(self, path: str, message: str, mark: Mark | None, hint: str = "", length: int = 1) -> None:
        self.problems.append(Problem(path, message, mark, hint, length))

    def fail_at(self, error: Invalid, raw: Any, mark: Mark | None, path: str) -> None:
        """A mistake somewhere inside a value, and its further ones: walks down to where each stands."""
        for other in error.more:
            self.fail_at(other, raw, mark, path)
        value = raw
        for depth, part in enumerate(error.loc, 1):
            path = f"{path}.{part}"
            if isinstance(value, Map):
                unknown = depth == len(error.loc) and error.message.startswith(("unknown key", "unknown parameter"))
                mark = (value.keys_at if unknown else value.values_at).get(part, mark)
                value = part if unknown else value.get(part)
            elif isinstance(value, Seq) and isinstance(part, int) and part < len(value):
                mark, value = value.items_at[part] or mark, value[part]
        self.fail(path, error.message, mark, error.hint, _length(value))

    # blocks

    def find(self, name: str) -> Block | None:
        if name in self.blocks:
            return self.blocks[name]
        return REGISTRY.get(name)

    def parameters(self, name: str) -> dict[str, Type] | None:
        """The parameter types of a block, for merging."""
        block = self.find(name)
        return {key: p.type for key, p in block.parameters.items()} if block else None

    def declare_blocks(self, raw: Map) -> None:
        """Reads the signatures of the blocks that a spec defines, then their bodies."""
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
        for name, block in list(self.blocks.items()):
            if name in raw and isinstance(raw[name], Map):
                self._body_of(block, raw[name], f"blocks.{name}")
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
                key: self._source(value, f"{path}.outputs.{key}", outputs.values_at.get(key))
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
        known = ("type", "default", "min", "max", "choices", "doc")
        for key in options:
            if key not in known:
                self.fail(
                    f"{path}.{key}", "unknown key of a parameter", options.keys_at.get(key), did_you_mean(key, known)
                )
        if not isinstance(kind, str) or kind not in TYPES:
            at = options.values_at.get("type", mark)
            self.fail(
                path, f"unknown parameter type {show(kind)}", at, did_you_mean(kind, TYPES, many=30), _length(kind)
            )
            return None
        try:
            declared_type = _bounded(TYPES[kind], options)
        except Invalid as error:
            self.fail_at(error, options, mark, path)
            return None
        default = REQUIRED
        if "default" in options:
            where, at = f"{path}.default", options.values_at.get("default")
            if declared_type.is_code:
                value = self.body(options["default"], where, at, SCOPE_NAMES) or _BAD
            else:
                value = self.value(options["default"], declared_type, where, at, frozenset())
            default = REQUIRED if value is _BAD else value
        return Parameter(name, declared_type, default, str(options.get("doc", "")))

    def _body_of(self, block: YamlBlock, raw: Map, path: str) -> None:
        if "body" not in raw:
            self.fail(
                path, "a block needs a body", block.mark, "body: [calls], or body: {name: call, ...}", len(block.name)
            )
            return
        names = SCOPE_NAMES | block.parameters.keys()
        bodies = frozenset(key for key, p in block.parameters.items() if p.type in (BODY, CALL))
        before, outputs = len(self.problems), raw.get("outputs")
        block.body = self.body(
            raw["body"], f"{path}.body", raw.values_at.get("body"), names, bodies, block.inputs, block.outputs
        )
        for problem in self.problems[before:]:
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

    # bodies

    def body(
        self,
        raw: Any,
        path: str,
        mark: Mark | None,
        names: frozenset[str],
        bodies: frozenset[str] = frozenset(),
        inputs: tuple[str, ...] = ("input",),
        outputs: dict[str, tuple[str, str | None]] | None = None,
        *,
        repeated: bool = False,
    ) -> Code | None:
        """A list or mapping of calls, or a single call; `bodies` are the enclosing parameters that are bodies."""
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
                call = self.call(given, name, f"{path}.{name}", at, names, bodies, repeated=repeated)
                if call:
                    calls.append(call)
            code = Code(calls, mark, path, True)
        elif isinstance(raw, (Map, Seq)):
            items = [raw] if isinstance(raw, Map) else raw
            marks = [mark] if isinstance(raw, Map) else raw.items_at
            calls = []
            for index, (given, at) in enumerate(zip(items, marks, strict=True)):
                here = f"{path}.{index}" if isinstance(raw, Seq) else path
                call = self.call(given, "", here, at, names, bodies, repeated=repeated)
                if call:
                    calls.append(call)
            code = Code(calls, mark, path, False)
        else:
            self.fail(path, f"expected a list or mapping of block calls, received {show(raw)}", mark)
            return None
        before = len(self.problems)
        check_wiring(code, inputs, outputs, self.problems)
        return code if len(self.problems) == before else None

    # calls

    def call(
        self,
        raw: Any,
        name: str,
        path: str,
        mark: Mark | None,
        names: frozenset[str],
        bodies: frozenset[str] = frozenset(),
        *,
        repeated: bool = False,
        complete: bool = True,
    ) -> Call | None:
        """One call, with the variants of its repeats. None, and problems, where it is wrong.

        `complete` is false for the defaults of a block, which need not give what it requires.
        """
        if is_expression(raw) and raw[1:] in bodies:
            return Call(name, path, mark, placeholder=compile_expression(raw))
        if not isinstance(raw, Map):
            hint = (
                f"'{raw[1:]}' is no parameter of type body or call here"
                if is_expression(raw)
                else "{block: conv, filters: 64}"
            )
            self.fail(path, f"expected a block call, received {show(raw)}", mark, hint, _length(raw))
            return None
        plain = raw
        if "first" in raw or "last" in raw:
            plain = raw.copy()
            plain.remove("first")
            plain.remove("last")
        base = self._one(plain, name, path, mark, names, bodies, repeated, complete)
        if base is None:
            return None
        strides = [key for key, p in base.block.parameters.items() if p.type == STRIDE]  # type: ignore[union-attr]
        later = _restrided(base, strides)
        if plain is raw:
            if later is not base and base.repeats is not None:
                base.variants = {"only": base, "first": base, "middle": later, "last": later}
            return base
        first = self._changed(raw, plain, ("first",), name, path, mark, names, bodies, repeated)
        last = self._changed(raw, _raw_restrided(plain, strides), ("last",), name, path, mark, names, bodies, repeated)
        only = self._changed(raw, plain, ("first", "last"), name, path, mark, names, bodies, repeated)
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
        names: frozenset[str],
        bodies: frozenset[str],
        repeated: bool,
        complete: bool = True,
    ) -> Call | None:
        before = len(self.problems)
        block = self._block(raw, path, mark)
        if block is None:
            return None
        call = Call(name, path, mark, block)
        self._call_keys(raw, call, names)
        again = repeated or _repeats(call)
        for key, value in raw.items():
            if key in CALL_KEYS:
                continue
            here, at = f"{path}.{key}", raw.values_at.get(key)
            if key in block.parameters:
                self._parameter_value(call, block.parameters[key], value, here, at, names, bodies, again)
                if repeated and block.parameters[key].type == STRIDE and call.constants.get(key, (1, 1)) != (1, 1):
                    hint = "make it a parameter of type stride of a block, which is reset to 1 after the first repeat"
                    self.fail(here, "a literal stride in the body of a repeated call strides in every repeat", at, hint)
            elif key in CONVENTION_KEYS:
                parsed = self.value(value, CONVENTION_TYPES[key], here, at, names)
                if isinstance(parsed, Value):
                    call.convention_values[key] = parsed
                elif parsed is not _BAD:
                    call.conventions[key] = parsed
            else:
                known = [*block.parameters, *(k for k in CALL_KEYS if k != "after"), *CONVENTION_KEYS]
                hint = did_you_mean(key, known, many=16)
                self.fail(here, f"unknown parameter of block '{block.name}'", raw.keys_at.get(key), hint, _length(key))
        if complete:
            self._required(raw, call, block)
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
                _length(path.split(".")[-1]),
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
            call.repeats = None if value is _BAD else value
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
            sources = [self._source(item, f"{path}.from", at) for item, at in zip(items, marks, strict=True)]
            call.sources = [source for source in sources if source]
            if not items:
                self.fail(f"{path}.from", "'from' names nothing", call.sources_mark)

    def _source(self, raw: Any, path: str, mark: Mark | None) -> tuple[str, str | None] | None:
        parts = raw.split(".") if isinstance(raw, str) else []
        if not 1 <= len(parts) <= 2 or not all(IDENTIFIER.fullmatch(part) for part in parts):
            self.fail(
                path, f"expected the name of a call, or name.output, received {show(raw)}", mark, "", _length(raw)
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
        names: frozenset[str],
        bodies: frozenset[str],
        repeated: bool,
    ) -> None:
        kind, value = parameter.type, _BAD
        if kind.is_code:
            if kind != BRANCHES and is_expression(raw) and raw[1:] in bodies:
                value = Value("expression", compile_expression(raw), kind, mark, path)
            elif kind == BRANCHES:
                value = self._branches(raw, path, mark, names, bodies, repeated)
            else:
                value = self.body(raw, path, mark, names, bodies, repeated=repeated) or _BAD
        else:
            value = self.value(raw, kind, path, mark, names)
        if isinstance(value, Value):
            call.values[parameter.name] = value
        elif value is not _BAD:
            call.constants[parameter.name] = value

    def _branches(
        self, raw: Any, path: str, mark: Mark | None, names: frozenset[str], bodies: frozenset[str], repeated: bool
    ) -> Any:
        if isinstance(raw, Map):
            given = [(key, raw[key], raw.values_at.get(key)) for key in raw]
        elif isinstance(raw, Seq):
            given = [
                (f"b{number}", item, at) for number, (item, at) in enumerate(zip(raw, raw.items_at, strict=True), 1)
            ]
        else:
            given = []
        if not given:
            self.fail(
                path, f"expected a mapping name -> body, received {show(raw)}", mark, "{left: [calls], right: [calls]}"
            )
            return _BAD
        compiled = {}
        for key, item, at in given:
            if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
                self.fail(f"{path}.{key}", f"'{key}' cannot name a branch", at, "letters, digits and _")
                continue
            item = Seq.of(item, at) if is_expression(item) else item
            code = self.body(item, f"{path}.{key}", at, names, bodies, repeated=repeated)
            if code:
                compiled[key] = code
        return BranchesCode(compiled) if len(compiled) == len(given) else _BAD

    def _required(self, raw: Map, call: Call, block: Block) -> None:
        defaults = self.defaults.get(block.name)
        defaults = defaults if isinstance(defaults, Map) else {}
        missing = [key for key, p in block.parameters.items() if p.required and key not in raw and key not in defaults]
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

    # values

    def value(self, raw: Any, kind: Type, path: str, mark: Mark | None, names: frozenset[str]) -> Any:
        """A final value, a Value to be worked out while planning, or _BAD with a problem told."""
        expressions: list[Expression] = []
        try:
            template = _template(raw, expressions)
        except ExpressionError as error:
            self.fail(path, error.message, mark, error.hint, _length(raw))
            return _BAD
        free: set[str] = set().union(*(expression.names for expression in expressions))
        if unknown := sorted(free - names):
            hint = did_you_mean(unknown[0], [n for n in names if not n.endswith("()")], many=20)
            self.fail(path, f"'{unknown[0]}' is not known in {show(raw)}", mark, hint, _length(raw))
            return _BAD
        if free:
            return Value("expression", template, kind, mark, path)
        try:
            if expressions:
                raw = evaluate_template(template, {})
            parsed = kind.parse(raw)
        except ExpressionError as error:
            self.fail(path, error.message, mark, error.hint, _length(raw))
            return _BAD
        except Invalid as error:
            self.fail_at(error, raw, mark, path)
            return _BAD
        if not expressions and kind.name in ("width", "depth"):
            return Value("scaled", parsed, kind, mark, path)
        return parsed


_BAD: Any = object()


def evaluate_template(template: Any, scope: Mapping[str, Any]) -> Any:
    """The value of a template: its expressions replaced by their values."""
    if isinstance(template, Expression):
        return template(scope)
    if isinstance(template, dict):
        return {key: evaluate_template(item, scope) for key, item in template.items()}
    if isinstance(template, list):
        return [evaluate_template(item, scope) for item in template]
    return template


def _template(raw: Any, found: list[Expression]) -> Any:
    if is_expression(raw):
        expression = compile_expression(raw)
        found.append(expression)
        return expression
    if isinstance(raw, Map):
        return {key: _template(item, found) for key, item in raw.items()}
    if isinstance(raw, Seq):
        return [_template(item, found) for item in raw]
    return raw


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


def _same(a: Problem, b: Problem) -> bool:
    return (a.message, str(a.mark)) == (b.message, str(b.mark))


def _length(value: Any) -> int:
    return (
        len(str(value))
        if isinstance(value, (str, int, float)) and not isinstance(value, bool)
        else 4
        if value is True
        else 1
    )
