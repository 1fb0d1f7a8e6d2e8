"""Values of a spec as plain data, with the fields filled in that they leave to defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.blocks.types import ACTIVATION, INITIALIZER, SQUEEZE, Type
from factory.blocks.values import (
    ACTIVATION_PARAMETERS,
    Activation,
    Multiple,
    Section,
    SqueezeExcite,
    VarianceScaling,
)
from factory.graph.initializers import NAMED, Initializer
from factory.spec.expressions import is_expression


def plain(value: Any) -> Any:
    """The value as YAML would write it: numbers, texts, lists and dicts."""
    if isinstance(value, Section):
        return {key: plain(item) for key, item in value.model_dump(by_alias=True).items() if item is not None}
    if isinstance(value, Activation):
        return {"kind": value.kind, **dict(value.parameters)} if value.parameters else value.kind
    if isinstance(value, Initializer):
        named = next((name for name, known in NAMED.items() if known == value), None)
        return named or {"scale": value.scale, "mode": value.mode, "distribution": value.distribution}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def filled_section(section: type[Section], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A section's fields, as written or by default, in the order of its definition; None is left out."""
    result = {}
    for name, field in section.model_fields.items():
        key = field.alias or name
        value = plain(raw[key]) if key in raw else plain(field.default)
        if isinstance(value, dict) and "to" in (raw.get(key) or {}) and key in ("width", "round"):
            value = {**plain(Multiple()), **value}
        if value is not None:
            result[key] = value
    return result


def filled_value(kind: Type, value: Any) -> Any:
    """A parameter's value with nothing left open that has a default of its own; norms stay open to the conventions."""
    if is_expression(value):
        return value
    if kind == SQUEEZE and value:
        return filled_section(SqueezeExcite, value if isinstance(value, dict) else {"ratio": value})
    if kind == INITIALIZER and isinstance(value, dict):
        return filled_section(VarianceScaling, value)
    if kind == ACTIVATION:
        given = value if isinstance(value, dict) else {"kind": value}
        known = ACTIVATION_PARAMETERS.get(given["kind"])
        return {**given, **{key: given.get(key, default) for key, default in known.items()}} if known else value
    return value
