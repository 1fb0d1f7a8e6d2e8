"""The JSON schema of sweep files is current, and takes and refuses what reading does."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from test_sweep_reading import ISSUE

import tuner
from tuner.sweep.reading import find_sweep, sweep_names
from tuner.sweep.schema import FILE, schema, schema_text


def errors_of(text: str) -> list[str]:
    validator = jsonschema.Draft7Validator(json.loads(FILE.read_text(encoding="utf-8")))
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


def test_the_file_is_current():
    assert FILE.read_text(encoding="utf-8") == schema_text(), "python -m tuner.sweep.schema"


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("name", sweep_names())
def test_sweeps_that_come_along_can_be_read(name):
    assert tuner.load(name).name == name
    assert not errors_of(find_sweep(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        ISSUE,
        "{spec: {name: x, stages: {}}, recipe: {epochs: 3}, space: {a.b: {choice: {x: {block: conv}, y: null}}}}",
        "{spec: x, space: {a: {each: [1, 2], items: [0]}, b: {edges: true}, c: {int: [1, 3], when: {a: {in: [1]}}}}}",
        "{spec: x, space: {a: {choice: [1]}}, objective: [{maximize: val_accuracy}, {minimize: macs, take: last}]}",
        "{spec: x, space: {a: {choice: [1]}}, algorithm: {name: tpe}, stop: {after: 3}, repeats: {folds: 3}, keep: 0}",
    ],
)
def test_it_takes(text):
    assert not errors_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "{space: {a: {choice: [1]}}}",
        "{spec: x}",
        "{spec: x, space: {}}",
        "{spec: x, space: {a: [1, 2]}}",
        "{spec: x, space: {a: {choice: []}}}",
        "{spec: x, space: {a: {choice: [1], int: [1, 2]}}}",
        "{spec: x, space: {a: {int: [1, 2, 3]}}}",
        "{spec: x, space: {a: {choice: [1], when: {b: {below: 3}}}}}",
        "{spec: x, space: {a: {edges: false}}}",
        "{spec: x, space: {a: {choice: [1]}}, algorithm: randm}",
        "{spec: x, space: {a: {choice: [1]}}, algorithm: {name: evolution, startup: 3}}",
        "{spec: x, space: {a: {choice: [1]}}, objective: {maximize: a, minimize: b}}",
        "{spec: x, space: {a: {choice: [1]}}, budget: {trials: 0}}",
        "{spec: x, space: {a: {choice: [1]}}, workers: 0}",
        "{spec: x, space: {a: {choice: [1]}}, sweeps: x}",
    ],
)
def test_it_refuses(text):
    assert errors_of(text)
