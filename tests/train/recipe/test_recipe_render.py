"""Rendering: a text that stands by itself, gives an equal recipe, and is the same when rendered again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from random_recipes import recipes
from recipe_texts import recipe_of

from factory.spec.reading import read_text
from factory.train.recipe.plain import plain_recipe
from factory.train.recipe.reading import load_recipe, recipe_names
from factory.train.recipe.render import render_recipe
from factory.train.recipe.sections import Recipe
from factory.train.recipe.variants import VARIANTS


@settings(max_examples=60)
@given(recipes())
def test_reading_what_was_rendered_gives_an_equal_recipe_and_the_same_text(document):
    recipe = load_recipe(document)
    text = render_recipe(recipe)
    again = recipe_of(text)
    assert again == recipe
    assert render_recipe(again) == text


@settings(max_examples=30)
@given(recipes())
def test_every_field_that_has_a_value_and_a_use_is_written(document):
    recipe = load_recipe(document)
    written = read_text(render_recipe(recipe), "r.yaml")
    assert set(written) == {name for name in Recipe.model_fields if getattr(recipe, name) is not None}
    for key, variants in VARIANTS.items():
        section = getattr(recipe, key)
        if section is not None:
            given = {name for name in type(section).model_fields if getattr(section, name) is not None}
            assert set(written[key]) == given - variants.unused(getattr(section, variants.key))


@given(st.sampled_from(recipe_names()))
def test_a_recipe_that_comes_along_needs_no_parent_when_rendered(name):
    recipe = load_recipe(name)
    assert "extends" not in plain_recipe(recipe)
    assert recipe_of(render_recipe(recipe)) == recipe


def test_defaults_are_filled_in():
    text = render_recipe(recipe_of("recipe: small\nschedule: {name: linear}\naugment: [mixup: 0.3, randaugment]"))
    lines = text.splitlines()
    assert lines[:3] == ["recipe: small", "epochs: 10", "batch_size: 32"]
    assert "schedule: {name: linear, peak: 0.1, end: 0.0, warmup_epochs: 0.0, warmup_start: 0.0}" in lines
    assert "augment: [{mixup: {alpha: 0.3, probability: 1.0}}, {randaugment: {layers: 2, magnitude: 9.0}}]" in lines


def test_what_is_too_long_for_a_line_has_a_line_for_each_item():
    text = render_recipe(
        recipe_of(f"schedule: {{name: step, at: {list(range(1, 10))}}}\nphases: [{{freeze: [{'a' * 100}]}}]")
    )
    assert "  at: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]" in text.splitlines()
    assert f"  - {{freeze: [{'a' * 100}], spec: {{}}}}" in text.splitlines()
