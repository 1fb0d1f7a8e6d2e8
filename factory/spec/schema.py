"""The JSON schema of specs, generated from the blocks; `python -m factory.spec.schema` writes schema.json."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from factory.blocks import REGISTRY, BlockInfo, Parameter
from factory.blocks.types import BODY, BRANCHES, CONVENTION_TYPES, OPERATION, OPERATIONS, TYPES
from factory.spec.calls import CALL_KEYS, CONVENTION_KEYS
from factory.spec.schema_values import EXPRESSION, IDENTIFIER, Schema, nullable, type_schema, value_definitions
from factory.spec.sections import SECTIONS
from factory.spec.spec import KEYS, VERSION

FILE = Path(__file__).with_name("schema.json")

_NAME: Schema = {"type": "string", "pattern": IDENTIFIER}
_SOURCE: Schema = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)?$"}
_NAMES: Schema = {"type": "array", "items": _NAME}
_NOT_CHANGED = ["repeats", "first", "last", "from", "share", "after"]
_DOC = "what it is; shown by the editor and by `factory blocks`"
_KEYS_DOC = {
    "factory": "version of the language",
    "name": "name of the network",
    "extends": "the spec that this one changes: a name of the zoo, or a path relative to this file",
    "include": "files with further blocks, relative to this file",
    "classes": "classes of the classifier; $classes in expressions",
    "scaled": "what scaling leaves alone in the whole network",
    "conventions": "what holds for every call that says nothing else",
    "defaults": "parameters of a block wherever it is called",
    "blocks": "blocks written in this spec",
    "stages": "the network: name -> block call, each reading the one before unless `from` says otherwise",
    "outputs": "which stages are the network's outputs; by default the last",
    "auxiliary": "heads that exist in training only and are left out of costs and exports",
    "features": "stages whose outputs a backbone gives",
}


def schema() -> Schema:
    """The JSON schema, draft 7, of a spec (and of an included file of blocks)."""
    stage: Schema = {"type": "object", "required": ["block"]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "factory spec",
        "description": "A network as a stack of named blocks.",
        "type": "object",
        "properties": {key: _top(key) for key in KEYS},
        "additionalProperties": False,
        "if": {"anyOf": [{"required": ["extends"]}, {"propertyNames": {"enum": ["factory", "blocks"]}}]},
        "else": {
            "required": ["stages"],
            "properties": {"stages": {"minProperties": 1, "additionalProperties": stage}},
            "if": {"not": {"required": ["defaults"]}},
            "then": {"properties": {"stages": {"additionalProperties": _ref("complete")}}},
        },
        "definitions": {**_definitions(), **value_definitions()},
    }


def schema_text() -> str:
    """The schema as the text of schema.json."""
    return pretty(schema()) + "\n"


def pretty(value: Any, indent: str = "") -> str:
    """JSON with what fits into a line in one line, so that a changed block is a changed line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= 118 or not isinstance(value, (dict, list)):
        return line
    inside = indent + " "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inside + pretty(item, inside) for item in value) + f"\n{indent}]"
    items = (f"{inside}{json.dumps(key)}: {pretty(item, inside)}" for key, item in value.items())
    return "{\n" + ",\n".join(items) + f"\n{indent}}}"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _closed(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _top(key: str) -> Schema:
    if key in SECTIONS:
        return _ref(SECTIONS[key].__name__)
    stages = {"propertyNames": {**_NAME, "not": {"const": "input"}}, "additionalProperties": _ref("partial")}
    simple: dict[str, Schema] = {
        "factory": {"const": VERSION},
        "name": {"type": "string", "minLength": 1},
        "extends": {"type": "string", "minLength": 1},
        "include": {"type": "array", "items": {"type": "string"}},
        "classes": nullable({"type": "integer", "minimum": 1}),
        "stages": {"type": "object", **stages},
        "auxiliary": nullable(_NAMES),
        "features": nullable(_NAMES),
    }
    return {"description": _KEYS_DOC[key], **simple.get(key, _ref(key))}


def _definitions() -> dict[str, Schema]:
    blocks = {name: REGISTRY[name] for name in REGISTRY}
    known = {"enum": list(blocks), "enumDescriptions": [block.summary for block in blocks.values()]}
    block_name = {"description": "name of the block", "anyOf": [known, _NAME]}
    any_call = {"block": block_name, **_call_keys("any call"), **_conventions()}
    return {
        "call": {"allOf": [_ref("partial")], "type": "object", "required": ["block"]},
        "partial": {
            "description": "a block call: {block: NAME, parameter: value, ...}",
            "type": ["object", "null"],
            "properties": {"block": block_name},
            "allOf": [
                *({"if": _is(name), "then": _ref(f"call of {name}")} for name in blocks),
                {"if": _is(*blocks), "else": _ref("any call")},
            ],
        },
        "complete": {
            "allOf": [
                {"if": _is(*(block.name for block in group)), "then": {"required": list(required)}}
                for required, group in groupby(sorted(blocks.values(), key=_required), key=_required)
                if required
            ]
        },
        "any call": nullable({"type": "object", "properties": any_call, "propertyNames": _NAME}),
        "change of any call": _change("any call"),
        **{f"call of {name}": _call(block) for name, block in blocks.items()},
        **{f"change of {name}": _change(f"call of {name}") for name in blocks},
        "from": {
            "description": "what it reads instead of its predecessor: a name, name.output, or a list",
            **nullable({"anyOf": [_SOURCE, {"type": "array", "items": _SOURCE, "minItems": 1}]}),
        },
        "after": {"description": "in a spec that extends another: the stage to stand behind, or input", **_NAME},
        **_bodies(),
        "conventions": nullable(_closed(_conventions())),
        "scaled": {
            "description": "what scaling leaves alone: {width: false}, {depth: false} or both",
            **nullable(_closed({key: nullable({"type": "boolean"}) for key in ("width", "depth")})),
        },
        "outputs": nullable({"anyOf": [_SOURCE, {"type": "array", "items": _SOURCE}, _port_map()]}),
        "defaults": nullable(
            {
                "type": "object",
                "properties": {name: _ref(f"defaults of {name}") for name in blocks},
                "additionalProperties": {"type": ["object", "null"]},
            }
        ),
        **{f"defaults of {name}": _without([_ref(f"call of {name}")], CALL_KEYS) for name in blocks},
        "blocks": nullable({"type": "object", "propertyNames": _NAME, "additionalProperties": _ref("block")}),
        "block": _block(),
        "parameter": _parameter(),
    }


def _is(*names: str) -> Schema:
    """True of a call of one of these blocks."""
    return {"properties": {"block": {"enum": list(names)}}, "required": ["block"]}


_NAMES_BLOCK: Schema = {"type": "object", "properties": {"block": {"type": "string"}}, "required": ["block"]}


def _bodies() -> dict[str, Schema]:
    item = {"if": {"type": "string"}, "then": EXPRESSION, "else": _ref("call")}
    entry = {"if": {"type": "string"}, "then": EXPRESSION, "else": _ref("partial")}
    mapping = {"propertyNames": _NAME, "additionalProperties": entry}
    bodies: Schema = {"type": "object", "minProperties": 1, "propertyNames": _NAME}
    bodies["additionalProperties"] = _ref("body")
    return {
        "body": {
            "description": BODY.expected,
            "anyOf": [
                {"type": "array", "items": item},
                {"type": "object", "if": _NAMES_BLOCK, "then": _ref("call"), "else": mapping},
                EXPRESSION,
                {"type": "null"},
            ],
        },
        "branches": {
            "description": BRANCHES.expected,
            "anyOf": [{"type": "array", "items": _ref("body"), "minItems": 1}, nullable(bodies)],
        },
        "operation": {"description": OPERATION.expected, **_ref("body")},
        "operations": {"description": OPERATIONS.expected, **nullable(bodies)},
    }


def _call_keys(call: str) -> dict[str, Schema]:
    change = _ref(f"change of {call.removeprefix('call of ')}")
    return {
        "from": _ref("from"),
        "repeats": {"description": "how often; a stride is 1 after the first", **_ref("depth")},
        "first": {"description": "what is different in the first repeat", **change},
        "last": {"description": "what is different in the last repeat", **change},
        "share": {"description": "reuse one set of weights in all repeats", **nullable({"type": "boolean"})},
        "scaled": _ref("scaled"),
        "after": _ref("after"),
    }


def _conventions() -> dict[str, Schema]:
    return {key: type_schema(CONVENTION_TYPES[key]) for key in CONVENTION_KEYS}


def _call(block: BlockInfo) -> Schema:
    """A call of a block: its parameters, the conventions and the keys of every call; closed."""
    parameters = {key: _described(parameter) for key, parameter in block.parameters.items()}
    name: Schema = {"block": {"const": block.name}}
    keys = _call_keys(f"call of {block.name}")
    return {"description": block.summary, **nullable(_closed({**name, **keys, **_conventions(), **parameters}))}


def _change(call: str) -> Schema:
    """What `first` and `last` may hold: some parameters, or another block with some of its own."""
    return _without([{"if": _NAMES_BLOCK, "then": _ref("partial"), "else": _ref(call)}], _NOT_CHANGED)


def _without(schemas: list[Schema], keys: Any) -> Schema:
    return {"allOf": schemas, "propertyNames": {"not": {"enum": list(keys)}}}


def _required(block: BlockInfo) -> tuple[str, ...]:
    return tuple(key for key, parameter in block.parameters.items() if parameter.required)


def _described(parameter: Parameter) -> Schema:
    text = parameter.doc or parameter.type.expected
    plain = isinstance(parameter.default, (int, float, str)) and not parameter.required
    return {"description": text, **({"default": parameter.default} if plain else {}), **type_schema(parameter.type)}


def _port_map() -> Schema:
    return {"type": "object", "propertyNames": _NAME, "additionalProperties": nullable(_SOURCE)}


def _block() -> Schema:
    """The definition of a block in YAML."""
    properties: dict[str, Schema] = {
        "doc": {"description": _DOC, **nullable({"type": "string"})},
        "params": {
            "description": "parameters: name -> type, or name -> {type, default, min, max, choices, doc}",
            **nullable({"type": "object", "propertyNames": _NAME, "additionalProperties": _ref("parameter")}),
        },
        "inputs": {"description": "names of the tensors it takes; by default one, input", **nullable(_NAMES)},
        "outputs": {"description": "its outputs, by name; by default the last call's", **nullable(_port_map())},
        "body": _ref("body"),
    }
    return {"description": "a block made of other blocks", **nullable(_closed(properties))}


def _parameter() -> Schema:
    types: Schema = {"enum": list(TYPES), "enumDescriptions": [kind.expected for kind in TYPES.values()]}
    limit = nullable({"type": "number"})
    properties: dict[str, Schema] = {
        "type": {"description": "type of the parameter", **types},
        "default": {"description": "its value where a call gives none; without a default it must be given"},
        "min": {"description": "smallest value allowed", **limit},
        "max": {"description": "largest value allowed", **limit},
        "choices": {"description": "the values allowed", **nullable({"type": "array", "minItems": 1})},
        "doc": {"description": _DOC, **nullable({"type": "string"})},
    }
    return {"anyOf": [types, nullable(_closed(properties))]}


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
