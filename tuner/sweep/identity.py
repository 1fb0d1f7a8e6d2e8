"""What makes a sweep the same: all that trials must share to be comparable. `tuner.store` tells how two differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.spec.filling import fill
from factory.train.recipe.plain import plain_recipe
from tuner.latency.machine import machine
from tuner.space import Choice, Condition, Dimension, Float, Int, Space
from tuner.sweep.dimensions import is_ordered

if TYPE_CHECKING:
    from tuner.sweep.sweep import Sweep

_SPEC_NOTES = ("factory", "about", "expect")
_RECIPE_NOTES = ("recipe", "note")


def identity_of(sweep: Sweep) -> dict[str, Any]:
    """All that decides what a point is, how it is trained and judged, and which points are proposed, as JSON.

    Workers, the budget of trials and hours, the limits of a trial, what is kept, and names may change.
    """
    spec = {key: value for key, value in fill(sweep.spec).items() if key not in _SPEC_NOTES}
    recipe = {key: value for key, value in plain_recipe(sweep.recipe).items() if key not in _RECIPE_NOTES}
    return _as_json(
        {
            "spec": spec,
            "recipe": recipe,
            "data": _data(sweep),
            "space": {dimension.name: _dimension(dimension) for dimension in sweep.space},
            "order": [dimension.name for dimension in sweep.space],
            "constraints": [constraint.text for constraint in sweep.constraints],
            "objectives": [
                {"name": one.name, "maximize" if one.maximize else "minimize": one.text, "take": one.take}
                for one in sweep.objectives
            ],
            "algorithm": {"name": sweep.algorithm, **sweep.parameters.model_dump()},
            "seed": sweep.seed,
            "repeats": sweep.repeats.model_dump(),
            "stop": sweep.stop.model_dump() if sweep.stop else None,
            **({"machine": machine()} if sweep.candidates.latency else {}),
        }
    )


def _data(sweep: Sweep) -> dict[str, Any]:
    """What is known of the data, wherever they lie."""
    name = Path(sweep.data).name if Path(sweep.data).expanduser().exists() else sweep.data
    return {"name": name, **(asdict(sweep.facts) if sweep.facts else {})}


def _dimension(dimension: Dimension) -> dict[str, Any]:
    when = [[condition.name, condition.test, condition.operand] for condition in dimension.when]
    if isinstance(dimension, Choice):
        values: dict[str, Any] = {"choice": list(dimension.labels)}
        if dimension.meanings:
            values["meanings"] = list(dimension.meanings)
    elif isinstance(dimension, (Int, Float)):
        kind = "int" if isinstance(dimension, Int) else "float"
        values = {kind: [dimension.low, dimension.high], "step": dimension.step, "log": dimension.log}
    else:
        raise TypeError(f"no entry of a sweep file is a {type(dimension).__name__}")
    return {**values, "when": when} if when else values


def space_of(identity: Mapping[str, Any]) -> Space:
    """The space of an identity, however long ago that was written."""
    return Space([_dimension_of(name, identity["space"][name]) for name in identity["order"]])


def _dimension_of(name: str, values: Mapping[str, Any]) -> Dimension:
    when = tuple(Condition(*condition) for condition in values.get("when", ()))
    if "choice" in values:
        labels, meanings = tuple(values["choice"]), tuple(values.get("meanings", ()))
        return Choice(name, labels, meanings, is_ordered(meanings or labels), when)
    kind = Int if "int" in values else Float
    low, high = values["int" if kind is Int else "float"]
    return kind(name, low, high, values["step"], values["log"], when)


def _as_json(value: Any) -> Any:
    """The value as reading it from a file gives it: lists for tuples, plain dicts."""
    return json.loads(json.dumps(value))
