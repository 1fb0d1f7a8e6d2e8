"""JSON schemas of values: of parameter types and sections, each also as an expression, or null where it is removed."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from factory.blocks.types import BODY, CALL, TYPES, Type
from factory.blocks.values import ACTIVATION_PARAMETERS, Norm, SqueezeExcite, VarianceScaling
from factory.spec.sections import SECTIONS

Schema = dict[str, Any]

IDENTIFIER = "^[A-Za-z_][A-Za-z0-9_]*$"
EXPRESSION: Schema = {"$ref": "#/definitions/expression"}
NULL: Schema = {"type": "null"}


def either(*options: Schema) -> Schema:
    """One of these, written flat."""
    flat: list[Schema] = []
    for option in options:
        inner = option["anyOf"] if set(option) == {"anyOf"} else [option]
        flat += [one for one in inner if one not in flat]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def nullable(schema: Schema) -> Schema:
    """The schema, or the null that removes a key of what the spec extends."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return either(schema, NULL)


def opened(schema: Schema) -> Schema:
    """The schema in draft 7, with an expression allowed in place of every value inside."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return {"$ref": f"#/definitions/{name}"}
    if "anyOf" in schema:
        return either(*map(opened, schema["anyOf"]))
    kept = {key: value for key, value in schema.items() if key not in ("title", "description", "default")}
    if "properties" in schema:
        described = {name: _property(inner) for name, inner in schema["properties"].items()}
        return {**kept, "properties": described}
    if "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")[0]
    if kept.get("type") == "array":
        return {**kept, "items": opened(kept["items"])} if "items" in kept else kept
    return either(kept, EXPRESSION) if kept not in (NULL, {}) else kept


def _property(schema: Schema) -> Schema:
    notes = {key: schema[key] for key in ("description", "default") if schema.get(key) is not None}
    if "const" in schema:
        return schema
    return {**notes, **nullable(opened(schema))}


def type_schema(kind: Type) -> Schema:
    """A reference to the definition of a parameter type; choices are written out."""
    return nullable(opened(kind.schema)) if kind.name == "choice" else {"$ref": f"#/definitions/{kind.name}"}


def value_definitions() -> dict[str, Schema]:
    """Definitions of the parameter types and of what is inside the sections."""
    definitions: dict[str, Schema] = {
        "expression": {
            "type": "string",
            "pattern": r"^\$([A-Za-z_][A-Za-z0-9_]*$|\(.*\)$)",
            "description": "$name or $(arithmetic), worked out while planning",
        }
    }
    for name, kind in TYPES.items():
        if kind not in (BODY, CALL):  # they are defined with the calls
            definitions[name] = {"description": kind.expected, **nullable(either(opened(kind.schema), EXPRESSION))}
    kindless: Schema = {"type": "object", "properties": {"kind": EXPRESSION}}  # its kind comes from elsewhere
    definitions["activation"]["anyOf"].append({**kindless, "additionalProperties": {"type": ["number", "boolean"]}})
    models = [(model, "validation") for model in (*SECTIONS.values(), Norm, SqueezeExcite, VarianceScaling)]
    _, inner = models_json_schema(models, ref_template="#/definitions/{model}")  # type: ignore[arg-type]
    for name, schema in inner["$defs"].items():
        definitions[name] = {**_described(schema), **nullable(opened(schema))}
    gates: Schema = {"enum": [*ACTIVATION_PARAMETERS, "none"]}
    for key in ("activation", "gate"):
        place = definitions["SqueezeExcite"]["properties"][key]
        place["anyOf"] = [gates, EXPRESSION, NULL]
    return definitions


def _described(schema: Schema) -> Schema:
    return {"description": schema["description"]} if "description" in schema else {}
