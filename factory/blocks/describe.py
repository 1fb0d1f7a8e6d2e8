"""What a block is, in words: its text, its ports, its parameters with type, default and meaning."""

from __future__ import annotations

from typing import Any

from factory.blocks import REGISTRY
from factory.blocks.registry import Parameter
from factory.blocks.values import Conventions, show
from factory.errors import FactoryError


def summaries() -> dict[str, str]:
    """The first sentence of every block's text, by name."""
    return {name: REGISTRY[name].summary for name in REGISTRY}


def describe(name: str) -> dict[str, Any]:
    """doc, inputs (in words) and parameters (each with parameter, type, default, meaning) of a block.

    Raises FactoryError for an unknown one.
    """
    info = REGISTRY.get(name)
    if info is None:
        raise FactoryError(f"unknown block '{name}'; {REGISTRY.hint(name)}")
    needed = len(info.inputs) - info.optional
    names = [*info.inputs[:needed], *(f"{name} (optional)" for name in info.inputs[needed:])]
    inputs = "any number" if info.variadic else ", ".join(names)
    return {"doc": info.doc, "inputs": inputs, "parameters": [_parameter(p) for p in info.parameters.values()]}


def _parameter(parameter: Parameter) -> dict[str, str]:
    return {
        "parameter": parameter.name,
        "type": parameter.type.name,
        "default": _default(parameter),
        "meaning": parameter.doc or parameter.type.expected,
    }


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    if parameter.default is None:
        return "conventions" if parameter.type.name in Conventions._fields else "none"
    return parameter.default if isinstance(parameter.default, str) else show(parameter.default)
