"""docs/recipes.md: tables are current, examples are read and show every field, mistakes are the real ones."""

from __future__ import annotations

import re

import pytest
from recipe_tables import PAGE, page

from examples import Example, examples
from factory import SpecError
from factory.blocks.values import field_section
from factory.spec.reading import read_text
from factory.train.recipe.augmentation_kinds import KINDS
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Data, Optimizer, Phase, Recipe, Regularize, Schedule

EXAMPLES = examples("recipes.md")
RECIPES = [example for example in EXAMPLES if example.kind == "yaml"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with all files that the page writes."""
    for example in RECIPES:
        if example.what == "file":
            (tmp_path / example.argument).write_text(example.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(example: Example) -> Recipe:
    return load_recipe(read_text(example.text, "example.yaml"))


def test_the_tables_are_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/docs/recipe_tables.py"


@pytest.mark.parametrize("example", RECIPES, ids=lambda example: example.id)
def test_an_example_is_a_recipe(example):
    assert loaded(example)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind == "python"], ids=lambda example: example.id)
def test_python_runs(example):
    exec(compile(example.text, "recipes.md", "exec"), {})


def test_the_child_keeps_what_the_page_says_it_keeps():
    [child] = [example for example in RECIPES if example.what == "merged"]
    recipe = loaded(child)
    assert recipe.optimizer == Optimizer(
        name="sgd", momentum=0.95, weight_decay=0.05, exclude=("norm", "bias"), clip_norm=1
    )
    assert recipe.schedule == Schedule(name="cosine", peak=1e-3)
    assert recipe.early_stopping is None and len(recipe.augment) == 1
    assert recipe.spec == {"stochastic_depth.rate": 0.1, "head.dropout": 0.3}


def test_the_mistakes_shown_are_the_real_ones(folder):
    [shown] = [example.text for example in EXAMPLES if example.kind == "text"]
    lines = [line.removeprefix("    ") for line in shown.splitlines()[1::3]]
    (folder / "mine.yaml").write_text("epochs: 3\n" + "\n".join(lines), encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        load_recipe("mine.yaml")
    assert f"{raised.value}\n" == shown


def test_every_field_and_every_augmentation_is_used_in_an_example():
    used: set[str] = set()
    for example in RECIPES:
        used |= paths_of(read_text(example.text, "example.yaml"), Recipe)
    assert {"extends", *all_paths(Recipe)} <= used


def paths_of(value, section, above="") -> set[str]:
    """The fields that a part of an example gives: `phases.epochs`, `augment.crop.padding`."""
    if isinstance(value, list) and above == "augment":
        items = [item if isinstance(item, dict) else {item: {}} for item in value]
        parsed = [
            (name, fields if isinstance(fields, dict) else {KINDS[name].short: 0})
            for one in items
            for name, fields in one.items()
        ]
        return {f"augment.{name}.{field}" for name, fields in parsed for field in fields}
    if isinstance(value, list):
        return set().union(*(paths_of(item, section, above) for item in value))
    found = set()
    for key, item in value.items() if isinstance(value, dict) else ():
        path = f"{above}.{key}" if above else key
        inner = field_section(section, key)
        found |= {path} | (paths_of(item, inner, path) if inner else set())
    return found


def all_paths(section, above="") -> set[str]:
    if section is Recipe:
        every = {f"augment.{name}.{field}" for name, kind in KINDS.items() for field in kind.model_fields}
    else:
        every = set()
    for name in section.model_fields:
        path = f"{above}.{name}" if above else name
        inner = field_section(section, name)
        every |= {path} | (all_paths(inner, path) if inner and name != "augment" else set())
    return every


def test_the_check_above_sees_every_kind_of_field():
    every = all_paths(Recipe)
    assert {f"phases.{name}" for name in Phase.model_fields} <= every
    assert {f"data.{name}" for name in Data.model_fields} <= every
    assert {f"regularize.{name}" for name in Regularize.model_fields} <= every
    assert {"loss.bootstrap.beta", "augment.erase.fill", "optimizer.rho"} <= every


def test_every_link_inside_the_page_leads_somewhere():
    text = PAGE.read_text(encoding="utf-8")
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(.*?)\)", text)) <= titles
