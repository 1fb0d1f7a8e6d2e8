"""The recipes that come with the package: complete, explained, and as the papers that they name."""

from __future__ import annotations

import numpy as np
import pytest

from factory import load
from factory.spec.zoo import zoo_directory, zoo_names
from factory.train.recipe.reading import load_recipe, recipe_names
from factory.train.recipe.sections import Recipe
from factory.train.schedules import rates

NAMES = recipe_names()


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_names_itself_what_it_is_for_and_the_command_that_runs_it(name):
    recipe = load_recipe(name)
    text = (zoo_directory() / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert recipe.recipe == name and recipe.note
    [command] = [line.split() for line in comment if line.startswith("#   factory train ")]
    options = dict(zip(command[4::2], command[5::2], strict=True))
    assert command[3] == "SPEC" or command[3] in zoo_names()
    assert options.get("--recipe", "base") == name and "--data" in options
    assert any("Hours" in line or "minutes" in line.lower() for line in comment)
    assert comment[0] == "# yaml-language-server: $schema=../../factory/train/recipe/schema.json"


def test_the_zoo_of_networks_does_not_list_recipes():
    assert not set(NAMES) & set(zoo_names())


def test_the_first_recipe_fits_every_kind_of_labels():
    recipe = load_recipe("base")
    assert recipe.loss == Recipe().loss and recipe.augment == () and recipe.start is None


def test_resnet50_learns_as_goyal_et_al_say():
    recipe = load_recipe("imagenet_resnet50")
    each = rates(recipe.schedule, epochs=90, steps_per_epoch=1)
    assert np.allclose(each, [0.1] * 30 + [0.01] * 30 + [0.001] * 20 + [0.0001] * 10)
    assert 2 * recipe.regularize.l2 == 1e-4  # the gradient of l2 * w^2 is that of their weight decay
    assert (recipe.batch_size, recipe.optimizer.momentum, recipe.optimizer.nesterov) == (256, 0.9, True)
    size = load("resnet50_v1_5").input.resolution
    assert round(recipe.evaluation.scale * size) == 256


def test_efficientnet_learns_as_tan_and_le_say():
    recipe = load_recipe("imagenet_efficientnet")
    steps = 5
    each = rates(recipe.schedule, epochs=350, steps_per_epoch=steps)
    epochs = np.arange(350 * steps) / steps
    theirs = 0.256 * 0.97 ** np.floor(np.round(epochs / 2.4, 9))
    after = epochs >= 5
    assert np.allclose(each[after], theirs[after] * 256 / 4096)
    assert each[0] == 0 and np.all(np.diff(each[epochs < 5]) > 0)
    assert (recipe.optimizer.rho, recipe.optimizer.momentum, recipe.optimizer.epsilon) == (0.9, 0.9, 1e-3)
    assert 2 * recipe.regularize.l2 == 1e-5
    assert (recipe.ema, recipe.loss.label_smoothing) == (0.9999, 0.1)


def test_fine_tuning_begins_with_the_head_alone():
    from fnmatch import fnmatchcase

    recipe = load_recipe("finetune")
    first, second = recipe.phases
    for network in zoo_names():
        stages = load(network).document["stages"]
        left = [stage for stage in stages if not any(fnmatchcase(stage, pattern) for pattern in first.freeze)]
        assert left == ["head"], network
    assert second.freeze == () and recipe.phase_epochs() == [3, 12]
