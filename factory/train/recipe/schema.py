"""The JSON schema of recipes, generated from their sections; `python -m factory.train.recipe.schema` writes it."""

from __future__ import annotations

from pathlib import Path

from factory.blocks.values import field_section
from factory.spec.schema import pretty
from factory.spec.schema_values import Schema, nullable
from factory.train.recipe.augmentation_kinds import Augmentation
from factory.train.recipe.augmentations import augmentation_schema
from factory.train.recipe.merging import ITS_OWN
from factory.train.recipe.optimizers import HYPERPARAMETERS
from factory.train.recipe.sections import Phase, Recipe
from factory.train.recipe.variants import VARIANTS, Variants

FILE = Path(__file__).with_name("schema.json")

_NULL: Schema = {"type": "null"}
_IN_LISTS = (Phase.__name__, Augmentation.__name__)
"""Sections that stand in lists, whose values null cannot remove: lists replace."""


def schema() -> Schema:
    """The JSON schema, draft 7, of a recipe. A recipe that extends another may leave out, and remove with null."""
    generated = Recipe.model_json_schema(ref_template="#/definitions/{model}")
    sections = {name: section for name, section in generated["$defs"].items() if name != Augmentation.__name__}
    definitions = {name: _section(section, name not in _IN_LISTS) for name, section in sections.items()}
    definitions["Optimizer"]["properties"]["name"]["enum"] = [*HYPERPARAMETERS, None]
    for key, variants in VARIANTS.items():
        name = variants.section.__name__
        definitions[name]["allOf"] = [_only_its_own(variants, choice) for choice in variants.own]
        assert field_section(Recipe, key) is variants.section
    needed = {key: {"required": sections[name].get("required", [])} for key, name in _section_names().items()}
    whole = _section(generated, True)
    extends: Schema = {
        "description": "the recipe that this one changes: a name, or a path relative to this file",
        "type": "string",
        "minLength": 1,
    }
    rate = {"description": "the same as schedule.peak", **nullable({"type": "number", "exclusiveMinimum": 0})}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "factory recipe",
        "description": "How a network is trained.",
        "type": "object",
        "properties": {"extends": extends, "learning_rate": rate, **whole["properties"]},
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "else": {
            "allOf": [
                {"additionalProperties": {"not": _NULL}},
                {"properties": {key: needs for key, needs in needed.items() if needs["required"]}},
            ]
        },
        "allOf": [
            {
                "if": {"required": ["learning_rate"]},
                "then": {"properties": {"schedule": {"not": {"required": ["peak"]}}}},
            }
        ],
        "definitions": {**definitions, Augmentation.__name__: augmentation_schema()},
    }


def schema_text() -> str:
    """The schema as the text of schema.json."""
    return pretty(schema()) + "\n"


def _section_names() -> dict[str, str]:
    """The names of the sections that stand alone, by their keys in a recipe."""
    found = {key: field_section(Recipe, key) for key in Recipe.model_fields}
    return {key: section.__name__ for key, section in found.items() if section and section.__name__ not in _IN_LISTS}


def _section(schema: Schema, removable: bool) -> Schema:
    """A section in draft 7; with `removable`, null may stand in place of every value."""
    properties = {name: _property(name, field, removable) for name, field in schema["properties"].items()}
    description = {"description": schema["description"]} if "description" in schema else {}
    required = {"required": schema["required"]} if "required" in schema and not removable else {}
    return {**description, "type": "object", "properties": properties, **required, "additionalProperties": False}


def _property(name: str, field: Schema, removable: bool) -> Schema:
    notes = {key: note for key, note in field.items() if key == "description" or (key == "default" and _is_plain(note))}
    value = {key: item for key, item in field.items() if key not in ("title", "description", "default")}
    if name == "augment":
        value = {"type": "array", "items": {"$ref": "#/definitions/Augmentation"}}
    if "anyOf" in value:
        value["anyOf"] = [option for option in value["anyOf"] if option != _NULL]
        value = value["anyOf"][0] if len(value["anyOf"]) == 1 else value
    if removable and name not in ITS_OWN:
        value = _or_null(value)
    return {**notes, **value}


def _is_plain(default: object) -> bool:
    """Whether an editor can show it: a section is shown field by field."""
    return default is not None and not isinstance(default, dict)


def _or_null(value: Schema) -> Schema:
    if "enum" in value:
        return {"enum": [*value["enum"], None]}
    return nullable(value)


def _only_its_own(variants: Variants, choice: str) -> Schema:
    """With this choice, only the fields that it has use for."""
    used = [field for field in variants.section.model_fields if field not in variants.unused(choice)]
    chosen = {"properties": {variants.key: {"const": choice}}, "required": [variants.key]}
    return {"if": chosen, "then": {"propertyNames": {"enum": used}}}


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
