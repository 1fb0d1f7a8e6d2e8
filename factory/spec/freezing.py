"""Random graphs written out: every `random_graph` with its edges in place of generator, nodes and seed."""

from __future__ import annotations

from typing import Any

from factory.blocks.random_wiring import parse_generator, random_edges
from factory.blocks.types import COUNT, INT
from factory.blocks.values import Invalid
from factory.errors import Mark, SpecError
from factory.spec.document import compile_spec
from factory.spec.merging import Signature, merge
from factory.spec.reading import Map, Seq
from factory.spec.resolve import signature_of
from factory.spec.spec import Spec

BLOCK = "random_graph"
_DRAWN = ("generator", "nodes", "seed")


def freeze(spec: Spec) -> Spec:
    """The same network with the edges of its random graphs in the text, so that nothing is drawn any more.

    Raises SpecError for a graph that is drawn from expressions: it may be another one at every call.
    """
    freezer = _Freezer(spec.document)
    document = freezer.mapping(spec.document, "")
    defaults = document.get("defaults")
    if isinstance(defaults, Map) and isinstance(defaults.get(BLOCK), Map):
        document["defaults"] = defaults = defaults.copy()
        defaults[BLOCK] = _without_drawn(defaults[BLOCK])
    return compile_spec(document, spec.source)


class _Freezer:
    def __init__(self, document: Map):
        self.signature: Signature = signature_of(document)
        defaults = document.get("defaults")
        given = defaults.get(BLOCK) if isinstance(defaults, Map) else None
        self.defaults: Map = given if isinstance(given, Map) else Map()

    def value(self, raw: Any, path: str, mark: Mark | None) -> Any:
        if isinstance(raw, Map):
            return self.call(raw, path, mark) if isinstance(raw.get("block"), str) else self.mapping(raw, path)
        if isinstance(raw, Seq):
            result = Seq(raw.mark)
            for index, (item, at) in enumerate(zip(raw, raw.items_at, strict=True)):
                result.put(self.value(item, f"{path}.{index}", at), at)
            return result
        return raw

    def mapping(self, raw: Map, path: str) -> Map:
        result = raw.copy()
        for key, item in raw.items():
            result[key] = self.value(item, f"{path}.{key}" if path else str(key), raw.values_at.get(key))
        return result

    def call(self, raw: Map, path: str, mark: Mark | None) -> Map:
        changes = {key: raw[key] for key in ("first", "last") if isinstance(raw.get(key), Map)}
        plain = raw.copy()
        for key in changes:
            plain.remove(key)
        result = self.frozen(self.mapping(raw, path), plain, path, mark)
        for key, change in changes.items():
            if change.get("block", raw["block"]) != raw["block"] or any(name in change for name in _DRAWN):
                merged = merge(plain, change, self.signature)
                result[key] = self.frozen(result[key], merged, f"{path}.{key}", raw.values_at.get(key))
        return result

    def frozen(self, result: Map, call: Map, path: str, mark: Mark | None) -> Map:
        """`result` with the edges of `call` where that draws a graph."""
        if call["block"] != BLOCK or "edges" in call or "edges" in self.defaults:
            return result
        values = {key: call.get(key, self.defaults.get(key)) for key in _DRAWN}
        try:
            edges = random_edges(
                parse_generator(values["generator"]), COUNT.parse(values["nodes"]), INT.parse(values["seed"])
            )
        except Invalid as error:
            hint = "give numbers, not expressions, or make each graph a call of its own"
            message = f"this random graph cannot be written out: {error.message}"
            raise SpecError.single(message, path=path, mark=mark, hint=error.hint or hint) from None
        result = _without_drawn(result)
        result.put("edges", _sequence(edges), mark, mark)
        return result


def _without_drawn(call: Map) -> Map:
    result = call.copy()
    for key in _DRAWN:
        result.remove(key)
    return result


def _sequence(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    result = Seq()
    for item in value:
        result.put(_sequence(item), None)
    return result
