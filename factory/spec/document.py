"""From a merged document to a spec: every section and stage read, every mistake told."""

from __future__ import annotations

from typing import Any

from factory.blocks import REGISTRY
from factory.blocks.types import CONVENTION_TYPES
from factory.blocks.values import Conventions, Invalid, show
from factory.errors import Mark, SpecError, did_you_mean
from factory.spec.calls import CALL_KEYS, CONVENTION_KEYS, Call, Code
from factory.spec.compile import IDENTIFIER, Compiler, Place
from factory.spec.declare import declare_blocks
from factory.spec.expressions import ExpressionError, compile_expression, is_expression
from factory.spec.reading import Map, Seq
from factory.spec.sections import SECTIONS, About, Input, Section, parse_input, parse_section
from factory.spec.spec import KEYS, VERSION, Spec
from factory.spec.values import evaluate_template
from factory.spec.wiring import Outputs, check_wiring

_DEFAULTS = Place(frozenset({"classes", "width()"}))


def compile_spec(document: Map, source: str, previous: Spec | None = None) -> Spec:
    """The spec in a merged document. What is the same object as in `previous` is not compiled again.

    Raises SpecError with every mistake that can be found without planning.
    """
    return _SpecCompiler(document, source, previous).spec()


class _SpecCompiler:
    def __init__(self, document: Map, source: str, previous: Spec | None):
        self.document, self.source, self.previous = document, source, previous
        same = previous is not None and self._same("blocks") and self._same("defaults")
        defaults = document.get("defaults")
        self.compiler = Compiler(
            previous.blocks if same and previous else None, defaults if isinstance(defaults, Map) else None
        )
        self.cache = previous.cache if same and previous else {}
        if previous and not same:  # calls are compiled anew, but what built-in blocks cost is the same
            self.cache["memo"] = previous.cache.setdefault("memo", {})
        self.reused = same
        self.outputs_known = True

    def _same(self, key: str) -> bool:
        return self.previous is not None and self.document.get(key) is self.previous.document.get(key)

    def fail(self, path: str, message: str, mark: Mark | None, hint: str = "", length: int = 1) -> None:
        self.compiler.fail(path, message, mark, hint, length)

    def spec(self) -> Spec:
        document = self.document
        for key in document:
            if key not in KEYS:
                at = document.keys_at.get(key)
                self.fail(str(key), "unknown key of a spec", at, did_you_mean(key, KEYS, many=20), len(str(key)))
        version = document.get("factory", VERSION)
        if version != VERSION or not isinstance(version, int) or isinstance(version, bool):
            self.fail(
                "factory", f"expected version {VERSION} of the language, received {show(version)}", self._at("factory")
            )
        spec = Spec(self._text("name", "network"), self.source, document, cache=self.cache)
        spec.classes = self._classes()
        for key, section in SECTIONS.items():
            setattr(spec, key, self._section(key, section))
        if "scaled" in document:
            spec.scaled = self.compiler.scaled(document["scaled"], "scaled", self._at("scaled")) or {}
        if self.reused and self.previous:
            spec.blocks, spec.defaults = self.previous.blocks, self.previous.defaults
        else:
            blocks = self._mapping("blocks")
            if blocks:
                declare_blocks(self.compiler, blocks)
            spec.blocks = self.compiler.blocks
            spec.defaults = self._defaults()
        spec.conventions = self._conventions(spec)
        spec.auxiliary, spec.features = self._names("auxiliary"), self._names("features")
        spec.outputs = self._outputs()
        spec.stages = self._stages(spec)
        if self.compiler.problems:
            raise SpecError(self.compiler.problems)
        return spec

    def _at(self, key: str) -> Mark | None:
        return self.document.values_at.get(key)

    def _text(self, key: str, default: str) -> str:
        value = self.document.get(key, default)
        if not isinstance(value, str) or not value:
            self.fail(key, f"expected text, received {show(value)}", self._at(key))
        return str(value)

    def _classes(self) -> int:
        value = self.document.get("classes", 1000)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self.fail("classes", f"expected a whole number, at least 1, received {show(value)}", self._at("classes"))
            return 1
        return value

    def _mapping(self, key: str) -> Map:
        value = self.document.get(key, Map())
        if not isinstance(value, Map):
            self.fail(key, f"expected a mapping, received {show(value)}", self._at(key))
            return Map()
        return value

    def _section(self, key: str, section: type[Section]) -> Section:
        if self.previous and self._same(key):
            return getattr(self.previous, key)
        raw = self._mapping(key)
        try:
            values = dict(raw) if section is About else _constants(raw)  # a title may begin with $
            return parse_input(values) if section is Input else parse_section(section, values)
        except Invalid as error:
            self.compiler.fail_at(error, raw, self._at(key), key)
        return section()

    def _conventions(self, spec: Spec) -> Conventions:
        if self.previous and self._same("conventions") and self._same("classes"):
            return self.previous.conventions
        raw, changes = self._mapping("conventions"), {}
        for key, value in raw.items():
            if key not in CONVENTION_KEYS:
                hint = did_you_mean(key, CONVENTION_KEYS)
                self.fail(f"conventions.{key}", "unknown convention", raw.keys_at.get(key), hint, len(str(key)))
                continue
            path, at = f"conventions.{key}", raw.values_at.get(key)
            changes[key] = self.compiler.value(value, CONVENTION_TYPES[key], path, at, frozenset())
            if not isinstance(changes[key], (tuple, str, bool, Section)):
                del changes[key]
        return Conventions().with_(changes)

    def _defaults(self) -> dict[str, Call]:
        result = {}
        for name, given in self._mapping("defaults").items():
            path, at = f"defaults.{name}", self.compiler.defaults.keys_at.get(name)
            block = self.compiler.find(name) if isinstance(name, str) else None
            if block is None:
                known = [*self.compiler.blocks, *REGISTRY]
                self.fail(path, f"unknown block '{name}'", at, did_you_mean(name, known, many=0), len(str(name)))
            elif not isinstance(given, Map):
                self.fail(path, f"expected a mapping of parameters, received {show(given)}", at)
            elif wrong := [key for key in given if key in CALL_KEYS]:
                hint = "defaults set parameters and conventions"
                self.fail(f"{path}.{wrong[0]}", f"'{wrong[0]}' belongs to a call", given.keys_at.get(wrong[0]), hint)
            else:
                whole = given.copy()
                whole["block"] = name
                whole.values_at["block"] = at  # type: ignore[assignment]
                call = self.compiler.call(whole, "", path, at, _DEFAULTS, complete=False)
                if call:
                    result[name] = call
        return result

    def _names(self, key: str) -> tuple[str, ...]:
        value = self.document.get(key, Seq())
        if not isinstance(value, Seq) or not all(isinstance(item, str) for item in value):
            self.fail(key, f"expected a list of names of stages, received {show(value)}", self._at(key))
            return ()
        stages = self.document.get("stages")
        for item, at in zip(value, value.items_at, strict=True):
            if isinstance(stages, Map) and item not in stages:
                self.fail(key, f"there is no stage '{item}'", at, did_you_mean(item, stages), len(item))
        return tuple(value)

    def _outputs(self) -> Outputs:
        raw = self.document.get("outputs")
        items: Any = [raw] if isinstance(raw, str) else raw
        if raw is None and "outputs" not in self.document:
            return {}
        if not items or (isinstance(items, Map) and not all(isinstance(key, str) for key in items)):
            items = None
        if isinstance(items, Map):
            named, marks = dict(items), dict(items.values_at)
        elif isinstance(items, (Seq, list)):
            named, marks = {}, {}
            places = items.items_at if isinstance(items, Seq) else [self._at("outputs")]
            for item, at in zip(items, places, strict=True):
                key = str(item).split(".")[0]
                key = str(item).replace(".", "_") if key in named else key
                if key in named:
                    self.fail("outputs", f"'{item}' is named twice", at, length=len(str(item)))
                named[key], marks[key] = item, at
        else:
            self.fail(
                "outputs", f"expected a name, a list of names or a mapping, received {show(raw)}", self._at("outputs")
            )
            return {}
        sources = {key: self.compiler.source(item, "outputs", marks.get(key)) for key, item in named.items()}
        stages = self.document.get("stages")
        for key, source in sources.items():
            name = source[0] if source else "input"
            if name != "input" and isinstance(stages, Map) and name not in stages:
                hint = did_you_mean(name, stages)
                self.fail("outputs", f"there is no stage '{name}'", marks.get(key), hint, len(name))
                self.outputs_known = False
        return {key: source for key, source in sources.items() if source}

    def _stages(self, spec: Spec) -> Code:
        raw = self.document.get("stages")
        mark = self._at("stages")
        if not isinstance(raw, Map) or not raw:
            hint = "stages: {stem: {block: conv, filters: 32}, head: {block: classifier}}"
            top = self.document.mark
            self.fail("stages", "a spec needs 'stages', a mapping name -> block call", mark or top, hint)
            return Code([], mark, "stages", True)
        compiled: dict[int, tuple[Any, Call | None]] = self.cache.setdefault("calls", {})
        calls, complete = [], True
        for name, given in raw.items():
            key_at = raw.keys_at.get(name)
            if not isinstance(name, str) or not IDENTIFIER.fullmatch(name) or name == "input":
                hint = (
                    "'input' is the network's"
                    if name == "input"
                    else "letters, digits and _, not beginning with a digit"
                )
                self.fail(f"stages.{name}", f"'{name}' cannot name a stage", key_at, hint, len(str(name)))
                complete = False
                continue
            there = compiled.get(id(given))
            if there is None or there[0] is not given or there[1] is None or there[1].name != name:
                call = self.compiler.call(given, name, f"stages.{name}", key_at, Place())
                if call is not None and len(compiled) < 100_000:
                    compiled[id(given)] = (given, call)
            else:
                call = there[1]
            complete = complete and call is not None
            if call is not None:
                calls.append(call)
        code = Code(calls, mark, "stages", True)
        if complete and self.outputs_known:
            check_wiring(code, ("input",), spec.outputs or None, self.compiler.problems, spec.auxiliary, spec.features)
        return code


def _constants(raw: Any) -> Any:
    """A section's values as plain data; expressions of numbers, `$(1/255)`, worked out."""
    if isinstance(raw, Map):
        result = {}
        for key, value in raw.items():
            try:
                result[key] = _constants(value)
            except Invalid as error:
                raise error.inside(key) from None
        return result
    if isinstance(raw, Seq):
        return [_constants(item) for item in raw]
    if is_expression(raw):
        try:
            return evaluate_template(compile_expression(raw), {})
        except ExpressionError as error:
            raise Invalid(error.message, error.hint) from None
    return raw
