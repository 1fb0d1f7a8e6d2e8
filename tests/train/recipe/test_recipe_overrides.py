"""Overrides: values at paths, from the command line and from Python."""

from __future__ import annotations

import numpy as np
import pytest
from recipe_texts import problems_of, recipe_of

from factory import SpecError
from factory.train.recipe.augmentation_kinds import Flip, Mixup, RandAugment
from factory.train.recipe.overrides import recipe_settings, split_settings
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import EarlyStopping, Optimizer, Phase, Schedule

TEXT = """
epochs: 30
optimizer: {name: adamw, weight_decay: 0.1, beta_1: 0.8}
schedule: {name: step, at: [10, 20]}
augment: [flip: horizontal, mixup: 0.3, randaugment]
phases: [{epochs: 10, freeze: [s1]}, {resolution: 32}]
spec: {stochastic_depth.rate: 0.2}
"""


def changed(**overrides):
    return recipe_of(TEXT, **overrides)


def test_values_at_paths_change():
    recipe = changed(seed=3, **{"optimizer.weight_decay": 0.2, "early_stopping.patience": 4, "phases.0.epochs": 9})
    assert (recipe.seed, recipe.optimizer.weight_decay, recipe.optimizer.beta_1) == (3, 0.2, 0.8)
    assert recipe.early_stopping == EarlyStopping(patience=4)
    assert recipe.phases == (Phase(epochs=9, freeze=("s1",)), Phase(resolution=32))


def test_mappings_merge_and_none_removes():
    recipe = changed(optimizer={"beta_2": 0.9}, **{"optimizer.beta_1": None, "phases.1": None, "phases.0.epochs": 30})
    assert recipe.optimizer == Optimizer(name="adamw", weight_decay=0.1, beta_2=0.9)
    assert recipe.phases == (Phase(epochs=30, freeze=("s1",)),)


def test_another_choice_drops_what_it_has_no_use_for():
    recipe = changed(**{"schedule.name": "cosine", "optimizer.name": "sgd"})
    assert recipe.schedule == Schedule(name="cosine")
    assert recipe.optimizer == Optimizer(name="sgd", weight_decay=0.1)


def test_augmentations_are_changed_added_and_removed_by_name_or_number():
    flip, strong = Flip(axis="horizontal"), RandAugment(magnitude=5)
    assert changed(**{"augment.mixup": 0.5}).augment == (flip, Mixup(alpha=0.5), RandAugment())
    assert changed(**{"augment.mixup.probability": 0.5}).augment[1] == Mixup(alpha=0.3, probability=0.5)
    assert changed(**{"augment.1.mixup": 0.5}).augment[1] == Mixup(alpha=0.5)
    assert changed(**{"augment.1": {"mixup": 0.6}}).augment[1] == Mixup(alpha=0.6)
    assert changed(**{"augment.randaugment": {"magnitude": 5}}).augment[2] == strong
    assert changed(**{"augment.randaugment.magnitude": 5}).augment[2] == strong
    assert changed(**{"augment.mixup": None}).augment == (flip, RandAugment())
    assert changed(**{"augment.0": None}).augment == (Mixup(alpha=0.3), RandAugment())
    assert [one.kind for one in changed(**{"augment.cutmix": 0.7}).augment] == [
        "flip",
        "mixup",
        "randaugment",
        "cutmix",
    ]
    assert recipe_of("epochs: 3", **{"augment.mixup": 0.4}).augment == (Mixup(alpha=0.4),)
    assert changed(augment=["flip"]).augment == (Flip(),)
    assert changed(**{"phases.0.augment.mixup": 0.4}).phases[0].augment == (Mixup(alpha=0.4),)


def test_what_follows_spec_is_a_path_of_the_network():
    rate = {"stochastic_depth.rate": 0.2}
    assert changed(**{"spec.stages.s1.kernel": 3}).spec == {**rate, "stages.s1.kernel": 3}
    assert changed(**{"spec.stochastic_depth.rate": 0.3}).spec == {"stochastic_depth.rate": 0.3}
    assert changed(**{"spec.stages.s1.se": None}).spec == {**rate, "stages.s1.se": None}
    assert changed(**{"phases.0.spec.scale.depth": 0.5}).phases[0].spec == {"scale.depth": 0.5}
    assert changed(spec={"a": 1}).spec == {**rate, "a": 1}


def test_values_may_be_of_numpy_and_tuples():
    recipe = changed(
        learning_rate=np.float64(0.5), multi_scale=(16, 24), **{"phases.1": {"freeze": []}, "phases.1.resolution": None}
    )
    assert (recipe.schedule.peak, recipe.multi_scale) == (0.5, (16, 24))


@pytest.mark.parametrize(
    ("path", "value", "message", "hint"),
    [
        ("optimizer.wieght_decay", 1, "unknown key", "did you mean 'weight_decay'?"),
        ("optimiser.name", "sgd", "unknown key", "did you mean 'optimizer'?"),
        ("epochs.x", 3, "epochs is a value, it has no 'x'", ""),
        ("optimizer.name.x", 3, "optimizer.name is a value, it has no 'x'", ""),
        ("phases.2.epochs", 3, "'2' is no item of the list phases", "there are 2 items, counted from 0"),
        ("phases.first.epochs", 3, "'first' is no item of the list phases", "there are 2 items, counted from 0"),
        ("schedule.at.0.x", 3, "schedule.at.0 is a value, it has no 'x'", ""),
        ("augment.mixup.alhpa", 3, "unknown key", "did you mean 'alpha'?"),
        ("augment.mxiup", 3, "unknown augmentation 'mxiup'", "did you mean 'mixup'?"),
        ("augment.mxiup", None, "null removes nothing: there is no 'mxiup'", "did you mean 'mixup'?"),
        ("ema", None, "null removes nothing: there is no such key", None),
        ("epochs", "x", "expected a valid integer, received 'x'", ""),
        ("epochs", 1.5, "expected a valid integer, received 1.5", ""),
        ("ema", float("nan"), "nan is not a finite number", ""),
        ("seed", object(), "a recipe holds plain data, received object", ""),
        ("", 3, "unknown key", None),
        ("extends", "base", "unknown key", None),
    ],
)
def test_mistakes_name_the_override(path, value, message, hint):
    problem = next(problem for problem in problems_of(TEXT, **{path: value}))
    assert problem.message == message
    assert str(problem.mark).startswith(f"override {path}=")
    if hint is not None:
        assert problem.hint == hint


def test_an_augmentation_that_stands_there_twice_has_no_name():
    [problem] = problems_of("augment: [flip, flip]", **{"augment.flip": "both"})
    assert (problem.message, problem.hint) == ("'flip' stands in the list augment 2 times", "augment.0 is the first")


def test_settings_of_the_command_line_are_parted():
    for_spec, for_recipe = split_settings(["classes=3", "recipe.epochs=5", "stages.a.kernel=[1, 3]", "recipe.ema=1e-1"])
    assert for_spec == ["classes=3", "stages.a.kernel=[1, 3]"]
    assert {path: setting.value for path, setting in for_recipe.items()} == {"epochs": 5, "ema": 0.1}
    assert load_recipe("base", **for_recipe) == load_recipe("base", epochs=5, ema=0.1)
    assert split_settings(None) == ([], {})


def test_mistakes_in_settings_name_the_option():
    with pytest.raises(SpecError, match=r"--set recipe\.epoch=5: epoch: unknown key"):
        load_recipe("base", **split_settings(["recipe.epoch=5"])[1])
    with pytest.raises(SpecError, match=r"--set recipe\.epochs: expected PATH=VALUE"):
        split_settings(["recipe.epochs"])


def test_a_command_for_recipes_takes_paths_with_and_without_the_prefix():
    assert recipe_settings(["epochs=3", "recipe.seed=4"]).keys() == {"epochs", "seed"}


def test_a_path_may_be_called_like_a_parameter_of_the_function():
    with pytest.raises(SpecError, match="source: unknown key"):
        load_recipe("base", source=3)
