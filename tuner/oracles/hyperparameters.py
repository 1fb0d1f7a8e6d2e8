"""Spaces and points to KerasTuner's hyperparameters and values, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras_tuner import HyperParameters
from keras_tuner.engine import hyperparameters as kinds
from keras_tuner.src.engine.conditions import Parent

from tuner.space import Choice, Condition, Dimension, Float, Int, Point, Space
from tuner.space.conditions import TESTS

LISTED = 256
"""Up to so many values are listed one by one: KerasTuner miscounts steps of numbers (0.5 to 1.5 by 0.1 ends at 1.4)."""


def to_hyperparameters(space: Space, start: Mapping[str, Any] | None = None) -> HyperParameters:
    """A space as KerasTuner declares it, under the same names.

    start: a point whose values are the defaults; what it does not name has its dimension's first value as default.

    Conditions become conditional scopes where the dimension that they name has few values. What KerasTuner cannot say,
    such as "below 1.0" of a continuum, it does not hear: that parameter is declared without the condition, and
    `point_of` leaves it out where it takes no part. A dimension that can never take part is not declared.

    Labels of several types, which KerasTuner refuses, are written as text. Numbers in steps become choices of all their
    values; beyond LISTED of them they are declared as a continuum, whose values `point_of` brings to the next step.
    """
    hyperparameters = HyperParameters()
    for dimension in space:
        parents = _parents(space, dimension)
        if all(parent.values for parent in parents):
            hyperparameters.merge([_declared(dimension, parents, start or {})])
    return hyperparameters


def from_hyperparameters(hyperparameters: HyperParameters) -> Space:
    """The space that a KerasTuner user's `build(hp)` declared; conditional scopes become conditions.

    Bounds that `build` computes from another hyperparameter are those of the build that declared it: KerasTuner hears
    of a name once. A name that is declared again under another scope is a dimension "NAME #2"; points and values know
    which one is meant. `reverse_log` is drawn evenly; steps that multiply become the choice of their values.
    """
    dimensions: list[Dimension] = []
    declared: list[tuple[str, str, list[Parent]]] = []
    for parameter in hyperparameters.space:
        again = sum(1 for name, _, _ in declared if name == parameter.name)
        name = f"{parameter.name} #{again + 1}" if again else parameter.name
        when = tuple(
            Condition(_named(parent.name, declared, parameter.conditions), "in", tuple(parent.values))
            for parent in parameter.conditions
        )
        dimensions.append(_dimension(parameter, name, when))
        declared.append((parameter.name, name, parameter.conditions))
    return Space(dimensions)


def values_of(space: Space, point: Mapping[str, Any]) -> dict[str, Any]:
    """KerasTuner's values of a point: all that it takes for active, with the first value for what takes no part."""
    values: dict[str, Any] = {}
    for dimension in space:
        parents = _parents(space, dimension)
        if all(parent.values and parent.is_active(values) for parent in parents):
            value = point[dimension.name] if dimension.name in point else dimension.at(0.0)
            values[_short(dimension.name)] = _written(dimension, value)
    return values


def point_of(space: Space, values: Mapping[str, Any]) -> Point:
    """The point of KerasTuner's values, without those that take no part.

    Raises KeyError for a value that is missing, ValueError for one that the space does not have.
    """
    point: Point = {}
    for dimension in space:
        if space.takes_part(dimension, point):
            point[dimension.name] = _read(dimension, values[_short(dimension.name)])
    return point


def _declared(dimension: Dimension, conditions: Sequence[Parent], start: Mapping[str, Any]) -> kinds.HyperParameter:
    default = start[dimension.name] if dimension.name in start else dimension.at(0.0)
    given: dict[str, Any] = {
        "name": dimension.name,
        "conditions": list(conditions),
        "default": _written(dimension, default),
    }
    if listed := _listed(dimension):
        if isinstance(listed[0], bool):
            return kinds.Boolean(**given)
        ordered = not isinstance(dimension, Choice) or (dimension.ordered and not isinstance(listed[0], str))
        return kinds.Choice(values=listed, ordered=ordered, **given)
    if isinstance(dimension, Int):
        sampling = "log" if dimension.log else "linear"
        return kinds.Int(min_value=dimension.low, max_value=dimension.high, sampling=sampling, **given)
    if isinstance(dimension, Float):
        sampling = "log" if dimension.log and dimension.step is None else "linear"
        return kinds.Float(min_value=dimension.low, max_value=dimension.high, sampling=sampling, **given)
    raise TypeError(f"no hyperparameter for a {type(dimension).__name__}")


def _listed(dimension: Dimension) -> list[Any]:
    """The values that KerasTuner gets as a choice, as it writes them; empty for a range."""
    if isinstance(dimension, Choice):
        return [written for _, written in _labels(dimension)]
    in_steps = isinstance(dimension, Float) or (isinstance(dimension, Int) and dimension.step != 1)
    return dimension.values() if in_steps and (dimension.count or LISTED + 1) <= LISTED else []


def _labels(choice: Choice) -> list[tuple[Any, Any]]:
    """Each label and how KerasTuner has it: as it is where all are of one type that it knows, otherwise as text."""
    types = {type(label) for label in choice.labels}
    if types in ({int}, {float}, {str}) or (types == {bool} and len(choice.labels) == 2):
        return [(label, label) for label in choice.labels]
    texts = [label if isinstance(label, str) else json.dumps(label) for label in choice.labels]
    if len(set(texts)) < len(texts):  # the number 1 beside the text "1"
        texts = [json.dumps(label) for label in choice.labels]
    return list(zip(choice.labels, texts, strict=True))


def _written(dimension: Dimension, value: Any) -> Any:
    if isinstance(dimension, Choice):
        return _labels(dimension)[dimension.index(value)][1]
    return value


def _read(dimension: Dimension, value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(dimension, Choice):
        for label, written in _labels(dimension):
            if type(written) is type(value) and written == value:
                return label
        raise ValueError(f"{value!r} is no value of {dimension.name}: {list(dimension.labels)}")
    if not isinstance(dimension, (Int, Float)):
        raise TypeError(f"no hyperparameter for a {type(dimension).__name__}")
    if not isinstance(value, (int, float)) or not dimension.low <= value <= dimension.high:
        raise ValueError(f"{value!r} is no value of {dimension.name}: {dimension.low} to {dimension.high}")
    if isinstance(dimension, Float) and dimension.step is None:
        return float(value)
    return dimension.at(dimension.place(value))


def _parents(space: Space, dimension: Dimension) -> list[Parent]:
    """The conditions that KerasTuner can say: that another parameter has one of so many values."""
    parents = []
    for condition in dimension.when:
        other = space.by_name[condition.name]
        if other.count is not None and other.count <= LISTED:
            allowed = [v for v in other.values() if TESTS[condition.test](v, condition.operand)]
            parents.append(_parent(_short(other.name), [_written(other, value) for value in allowed]))
    return parents


def _parent(name: str, values: list[Any]) -> Parent:
    """A condition of KerasTuner's, whose own constructor fails where no value is allowed."""
    parent = Parent(name, values or [0])
    parent.values = values
    return parent


def _dimension(parameter: kinds.HyperParameter, name: str, when: tuple[Condition, ...]) -> Dimension:
    if isinstance(parameter, kinds.Boolean):
        return Choice(name, (False, True), when=when)
    if isinstance(parameter, (kinds.Choice, kinds.Fixed)):
        return Choice(
            name, tuple(dict.fromkeys(parameter.values)), ordered=getattr(parameter, "ordered", False), when=when
        )
    if not isinstance(parameter, (kinds.Int, kinds.Float)):
        raise TypeError(f"hyperparameter {name}: no dimension for a {type(parameter).__name__}")
    log = parameter.sampling == "log"
    if parameter.step is not None and parameter.sampling != "linear":
        whole = int if isinstance(parameter, kinds.Int) else float
        return Choice(name, tuple(whole(value) for value in parameter.values), ordered=True, when=when)
    if isinstance(parameter, kinds.Int):
        return Int(name, parameter.min_value, parameter.max_value, parameter.step or 1, log, when)
    step = None if parameter.step is None else float(parameter.step)
    return Float(name, parameter.min_value, parameter.max_value, step, log, when)


def _named(name: str, declared: list[tuple[str, str, list[Parent]]], inside: list[Parent]) -> str:
    """The dimension that a condition means: the declaration of the name in the scopes around the one that asks."""
    found = [unique for short, unique, scopes in declared if short == name and all(s in inside for s in scopes)]
    return found[-1] if found else name


def _short(name: str) -> str:
    return re.sub(r" #\d+$", "", name)
