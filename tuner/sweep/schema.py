"""The JSON schema of sweep files, generated from their sections; `python -m tuner.sweep.schema` writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.blocks.values import Section
from factory.spec.schema import pretty
from tuner.algorithms import ALGORITHMS, algorithm
from tuner.space.conditions import TESTS
from tuner.sweep.entries import KINDS, Entry
from tuner.sweep.sections import ObjectiveSection, SweepFile

FILE = Path(__file__).with_name("schema.json")

Schema = dict[str, Any]

_ANY_OF: Schema = {"type": ["string", "number", "boolean", "null"]}
_OPTIONS: Schema = {"anyOf": [{"type": "array", "minItems": 1}, {"type": "object", "minProperties": 1}]}


def schema() -> Schema:
    """The JSON schema, draft 7, of a sweep file."""
    whole = _section(SweepFile)
    properties = whole["properties"]
    properties["space"] = {
        "description": properties["space"]["description"],
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"anyOf": [{"$ref": f"#/definitions/{kind.__name__}"} for kind in KINDS.values()]},
    }
    properties["algorithm"] = {
        "description": properties["algorithm"]["description"],
        "default": properties["algorithm"]["default"],
        "anyOf": [{"enum": list(ALGORITHMS)}, *(_algorithm(name) for name in ALGORITHMS)],
    }
    definitions = whole.pop("definitions")
    definitions[ObjectiveSection.__name__]["oneOf"] = [{"required": [key]} for key in ("maximize", "minimize")]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "factory sweep",
        **whole,
        "definitions": {**definitions, **{kind.__name__: _entry(key, kind) for key, kind in KINDS.items()}},
    }


def schema_text() -> str:
    """The schema as the text of schema.json."""
    return pretty(schema()) + "\n"


def _entry(key: str, kind: type[Entry]) -> Schema:
    """An entry of the space: its conditions are tests of other dimensions, its choices name what they stand for."""
    result = _section(kind)
    tests = {test: {"type": "array"} if test == "in" else _ANY_OF for test in TESTS}
    condition = {"anyOf": [_ANY_OF, {"type": "object", "properties": tests, "additionalProperties": False}]}
    result["properties"]["when"] = {
        "description": result["properties"]["when"]["description"],
        "type": "object",
        "additionalProperties": condition,
    }
    if key in ("choice", "each"):
        result["properties"][key] = {"description": result["properties"][key]["description"], **_OPTIONS}
    elif key == "edges":
        result["properties"][key] = {"description": result["properties"][key]["description"], "const": True}
    return result


def _algorithm(name: str) -> Schema:
    """An algorithm with its parameters."""
    result = _section(algorithm(name).Parameters)
    result.pop("definitions", None)
    result["properties"] = {"name": {"const": name}, **result["properties"]}
    result["required"] = ["name", *result.get("required", [])]
    return {key: value for key, value in result.items() if key != "description"}


def _section(section: type[Section]) -> Schema:
    """A section in draft 7, with the sections in it as definitions."""
    generated = section.model_json_schema(ref_template="#/definitions/{model}")
    definitions = {name: _draft_7(inner) for name, inner in generated.pop("$defs", {}).items()}
    result = _draft_7(generated)
    result.setdefault("properties", {})
    return {**result, **({"definitions": definitions} if definitions else {})}


def _draft_7(schema: Any) -> Any:
    """The schema without titles, without null for a key that is left out, and without sections as defaults."""
    if isinstance(schema, list):
        return [_draft_7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _draft_7(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)}
    if "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")
    if "default" in kept and (kept["default"] is None or isinstance(kept["default"], dict)):
        del kept["default"]
    if "anyOf" in kept:
        options = [option for option in kept.pop("anyOf") if option != {"type": "null"}]
        kept = {**kept, **(options[0] if len(options) == 1 else {"anyOf": options})}
    return kept


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
