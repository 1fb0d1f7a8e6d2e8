"""The tables of docs/recipes.md, generated from the sections; `python tests/docs/recipe_tables.py` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from factory.blocks.values import Section, show
from factory.spec.writing import flow
from factory.train.recipe import sections
from factory.train.recipe.augmentation_kinds import KINDS
from factory.train.recipe.optimizers import HYPERPARAMETERS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"
_TABLE = re.compile(r"(<!--table (\w+)-->\n)(?:\|.*\n)*")


def page() -> str:
    """The page as it should be: its own text, with every table as its section has it."""
    return _TABLE.sub(lambda found: found[1] + table(found[2]), PAGE.read_text(encoding="utf-8"))


def table(name: str) -> str:
    if name == "optimizers":
        rows = [f"| `{name}` | {', '.join(f'`{field}`' for field in own)} |\n" for name, own in HYPERPARAMETERS.items()]
        return "| name | hyper-parameters |\n|---|---|\n" + "".join(rows)
    if name == "augmentations":
        rows = [_augmentation(kind) for kind in KINDS.values()]
        return "| augmentation | fields | what it does |\n|---|---|---|\n" + "".join(rows)
    return _fields(getattr(sections, name))


def _fields(section: type[Section]) -> str:
    schema = section.model_json_schema()["properties"]
    rows = [
        f"| `{name}` | {_values(schema[name])} | {_default(field)} | {field.description} |\n"
        for name, field in section.model_fields.items()
    ]
    return "| field | values | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _augmentation(kind: Any) -> str:
    schema = kind.model_json_schema()["properties"]
    fields = [
        f"`{name}` ({_values(schema[name])}; {_default(field)}): {field.description}"
        for name, field in kind.model_fields.items()
    ]
    if kind.short:
        fields[0] = f"short: {fields[0]}"
    text = " ".join((kind.__doc__ or "").split())
    return f"| `{kind.kind}` | {'<br>'.join(fields)} | {text} |\n"


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.default, Section):
        return "all as below"
    return "-" if field.default is None else f"`{flow(_rounded(field.default))}`"


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_rounded(item) for item in value]
    return round(value, 5) if isinstance(value, float) else value


def _values(schema: dict[str, Any]) -> str:
    """What a field may hold, in words."""
    if "allOf" in schema or "$ref" in schema:
        return "a mapping"
    if "anyOf" in schema:
        return " or ".join(_values(option) for option in schema["anyOf"] if option != {"type": "null"})
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{show(value).strip(chr(39))}`" for value in schema.get("enum", [schema.get("const")]))
    kind = schema["type"]
    if kind == "array":
        return f"a list: {_values(schema['items'])}" if "items" in schema else "`[low, high]`"
    words = {"integer": "a whole number", "number": "a number", "boolean": "`true`, `false`", "string": "text"}
    bounds = [
        f"{sign} {schema[key]:g}"
        for key, sign in (("exclusiveMinimum", ">"), ("minimum", "≥"), ("exclusiveMaximum", "<"), ("maximum", "≤"))
        if key in schema
    ]
    return " ".join([words.get(kind, "a mapping"), ", ".join(bounds)]).strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
