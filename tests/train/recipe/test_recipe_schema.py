"""The JSON schema of recipes: it is current, takes every recipe that loads, and refuses what is broken."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import given, settings
from random_recipes import recipes
from recipe_texts import recipe_of

from factory import SpecError
from factory.spec.reading import read_file, read_text
from factory.spec.zoo import zoo_directory
from factory.train.recipe.plain import plain_recipe
from factory.train.recipe.reading import load_recipe, recipe_names
from factory.train.recipe.schema import FILE, schema, schema_text

VALIDATOR = jsonschema.Draft7Validator(schema())


def errors_of(document) -> list[str]:
    if isinstance(document, str):
        document = read_text(document, "r.yaml")
    return [error.message for error in VALIDATOR.iter_errors(document)]


def test_the_file_is_current():
    assert FILE.read_text(encoding="utf-8") == schema_text(), "run: python -m factory.train.recipe.schema"
    assert json.loads(schema_text()) == schema()


def test_it_is_a_json_schema_whose_references_lead_somewhere():
    jsonschema.Draft7Validator.check_schema(schema())
    text = schema_text()
    assert set(re.findall(r'"#/definitions/([^"]+)"', text)) == schema()["definitions"].keys()
    assert text.count('"$ref"') == text.count('"#/definitions/')


def test_every_field_is_described_and_every_section_closed():
    for section in [schema(), *schema()["definitions"].values()]:
        for name, field in section.get("properties", {}).items():
            assert field["description"], name
        assert section.get("additionalProperties") is False or "anyOf" in section


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_comes_along_is_valid_as_written_and_as_rendered(name):
    assert not errors_of(read_file(zoo_directory() / "recipes" / f"{name}.yaml"))
    assert not errors_of(plain_recipe(load_recipe(name)))


@settings(max_examples=50)
@given(recipes())
def test_every_recipe_that_loads_is_valid(document):
    assert load_recipe(document)
    assert not errors_of(document)


@pytest.mark.parametrize(
    "text",
    [
        "extends: base\nschedule: null\nloss: {bootstrap: null, name: null}\naugment: null\nspec: null\nepochs: null",
        "extends: base\ndistill: {weight: 0.5}\noptimizer: {momentum: 0.5}",
        "extends: base\nlearning_rate: null",
        "spec: {a: null, b: [null]}",
        "augment: [flip, {mixup: 0.2}, {randaugment: {layers: 1}}, crop: {padding: 2, fill: reflect}]",
        "data: {class_weights: {cat: 2, dog: 0.5}}",
        "learning_rate: 3",
    ],
)
def test_it_takes(text):
    assert not errors_of(text)


BROKEN = [
    "epoch: 3",
    "epochs: 0",
    "epochs: null",
    "epochs: $(3)",
    "optimizer: sgd",
    "optimizer: {name: sdg}",
    "optimizer: {momentun: 0.9}",
    "optimizer: {name: adam, rho: 0.9}",
    "schedule: {name: cosin}",
    "schedule: {name: cosine, factor: 0.3}",
    "schedule: {peak: 0}",
    "schedule: {peak: 0.2}\nlearning_rate: 0.3",
    "learning_rate: -1",
    "loss: {name: huber, bootstrap: {kind: soft}}",
    "loss: {bootstrap: {beta: 2}}",
    "augment: flip",
    "augment: [flipp]",
    "augment: [{flip: sideways}]",
    "augment: [{mixup: {alhpa: 1}}]",
    "augment: [null]",
    "augment: [{flip: both, mixup: 1}]",
    "multi_scale: [0]",
    "data: {split: bootstrap, folds: 3}",
    "data: {class_weights: balancd}",
    "phases: [{epoch: 3}]",
    "phases: [{epochs: null}]",
    "evaluation: {crops: 3}",
    "distill: {weight: 0.5}",
    "start: {}",
    "freeze_path: {}",
    "freeze: s1",
    "deterministic: yes",
    "extends: base\nephochs: 3",
    "extends: base\nnote: null",
    "extends: [base]",
    "spec: [1]",
]


@pytest.mark.parametrize("text", BROKEN)
def test_it_refuses_what_reading_refuses(text):
    assert errors_of(text)
    with pytest.raises(SpecError):
        recipe_of(text)


ONLY_READING = [
    ("extends: no_such_recipe", "neither a file nor a recipe"),
    ("extends: base\nema: null", "null removes nothing"),
    ("optimizer: {name: null}", "expected a value, received nothing"),
    ("schedule: {gamma: 0.9}", "unknown parameter of schedule 'cosine'"),
    ("schedule: {name: step}", "schedule 'step' needs 'at'"),
    ("schedule: {warmup_epochs: 20}", "is longer than the 10 epochs"),
    ("epochs: 3.0", "expected a valid integer"),
    ("data: {split: kfold, fold: 7}", "of 5 folds the last is 4"),
    ("phases: [{epochs: 30}]", "the phases have 30 epochs, the recipe 10"),
    ("freeze_path: {epochs: 1}\nphases: [{}]", "freeze_path makes phases of its own"),
    ("evaluation: {crops: 5}", "at scale 1 all 5 crops are the whole image"),
    ("augment: [flip, random_resized_crop]", "comes first"),
]


@pytest.mark.parametrize(("text", "message"), ONLY_READING)
def test_what_only_reading_finds(text, message):
    assert not errors_of(text)
    with pytest.raises(SpecError) as raised:
        recipe_of(text)
    assert message in str(raised.value)
