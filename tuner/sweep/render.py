"""A sweep as YAML with every default filled in."""

from __future__ import annotations

from typing import Any

from factory.blocks.values import Section
from factory.spec.reading import Map, read_text
from tuner.sweep.reading import SWEEP, written
from tuner.sweep.sections import SweepFile
from tuner.sweep.sweep import Sweep


def render_sweep(sweep: Sweep) -> str:
    """The sweep's text with all that it leaves to defaults; loading it beside its file gives an equal sweep."""
    document = read_text(sweep.text, sweep.name, SWEEP)
    result: dict[str, Any] = {"sweep": sweep.name}
    for name, field in SweepFile.model_fields.items():
        value = document.get(name, field.default)
        if isinstance(value, Map) and isinstance(field.default, Section):
            value = {**_plain(field.default), **value}
        if value is not None and name != "sweep":
            result[name] = _plain(value)
    result["algorithm"] = {"name": sweep.algorithm, **_plain(sweep.parameters)}
    return written(result)


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return {name: item for name, item in value.model_dump().items() if item is not None}
    return list(value) if isinstance(value, tuple) else value
