"""Where recipes come from: names, paths, mappings, Recipes; what they extend; learning_rate."""

from __future__ import annotations

import pytest
from recipe_texts import problems_of, recipe_of, write

from factory import FactoryError, SpecError
from factory.spec.zoo import zoo_directory, zoo_names
from factory.train.recipe.augmentation_kinds import Flip, Mixup
from factory.train.recipe.reading import find_recipe, load_recipe, recipe_names
from factory.train.recipe.sections import Bootstrap, Optimizer, Recipe, Schedule


def failure(*arguments, **overrides) -> str:
    with pytest.raises(FactoryError) as raised:
        load_recipe(*arguments, **overrides)
    return str(raised.value)


def test_a_recipe_is_found_by_name_and_by_path(tmp_path, monkeypatch):
    write(tmp_path, mine="epochs: 7", digits="epochs: 8")
    assert load_recipe("digits") == load_recipe(zoo_directory() / "recipes" / "digits.yaml")
    assert load_recipe(str(tmp_path / "mine.yaml")).epochs == 7
    monkeypatch.chdir(tmp_path)
    assert load_recipe("mine.yaml").epochs == 7
    assert load_recipe("digits").epochs != 8  # a name is not a file of this folder


def test_names_are_those_of_the_folder_of_recipes_and_no_names_of_networks():
    names = recipe_names()
    assert {"base", "digits", "cifar10", "imagenet_resnet50", "finetune", "segmentation"} <= set(names)
    assert names == sorted(path.stem for path in (zoo_directory() / "recipes").iterdir())
    assert not set(names) & set(zoo_names())


def test_a_name_that_does_not_exist_is_told_with_the_nearest():
    assert failure("digit") == "'digit' is neither a file nor a recipe of the zoo; did you mean 'digits'?"
    assert failure("x") == "'x' is neither a file nor a recipe of the zoo; see: factory recipe list"
    assert failure("x.yaml") == "x.yaml: no such file"


def test_a_recipe_is_called_as_it_says_or_as_its_file(tmp_path):
    write(tmp_path, mine="epochs: 3", other="recipe: called\nextends: mine", child="extends: other")
    assert [load_recipe(tmp_path / f"{name}.yaml").recipe for name in ("mine", "other", "child")] == [
        "mine", "called", "child",
    ]  # fmt: skip
    assert load_recipe({}).recipe == "recipe"


def test_a_mapping_is_a_recipe():
    recipe = load_recipe({"epochs": 3, "augment": ["flip", {"mixup": 0.3}], "optimizer": {"name": "adam"}})
    assert (recipe.epochs, recipe.optimizer.name) == (3, "adam")
    assert recipe.augment == (Flip(), Mixup(alpha=0.3))
    assert load_recipe({"extends": "digits", "epochs": 3}).augment == load_recipe("digits").augment


def test_a_recipe_made_in_python_is_taken_as_it_is_and_checked():
    recipe = Recipe(epochs=5, optimizer=Optimizer(name="adam"))
    assert load_recipe(recipe) is recipe
    changed = load_recipe(recipe, **{"optimizer.beta_1": 0.8})
    assert changed == Recipe(epochs=5, optimizer=Optimizer(name="adam", beta_1=0.8))
    wrong = Recipe(epochs=5, schedule=Schedule(name="cosine", factor=0.5, warmup_epochs=9))
    assert failure(wrong) == (
        "<recipe>: schedule.factor: unknown parameter of schedule 'cosine'\n    step has it\n"
        "<recipe>: schedule.warmup_epochs: a warm-up of 9 epochs is longer than the 5 epochs of training"
    )


def test_a_recipe_stands_over_its_parents_which_may_be_names_or_paths_beside_it(tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path, top="extends: base\nepochs: 20\nema: 0.5\nnote: of top")
    write(tmp_path / "sub", middle="extends: ../top.yaml\nema: 0.6\nseed: 4", last="extends: middle\nseed: 5")
    last = load_recipe(tmp_path / "sub" / "last.yaml")
    assert (last.epochs, last.ema, last.seed, last.note) == (20, 0.6, 5, None)
    assert last.optimizer == load_recipe("base").optimizer


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "extends: b", "b": "extends: a"}, "recipes extend each other in a circle: a -> b -> a"),
        ({"a": "extends: a"}, "recipes extend each other in a circle: a -> a"),
        ({"a": "extends: digit"}, "a.yaml:1:10: extends: 'digit' is neither a file nor a recipe of the zoo"),
        ({"a": "extends: b.yaml"}, "b.yaml: no such file"),
        ({"a": "extends: [base]"}, "a.yaml:1:10: extends: expected a name or a path, received ['base']"),
        ({"a": "extends: resnet50"}, "extends: 'resnet50' is neither a file nor a recipe"),
    ],
)
def test_what_is_wrong_with_a_parent_is_told(texts, message, tmp_path):
    assert message in failure(write(tmp_path, **texts) / "a.yaml")


def test_parents_are_bounded(tmp_path):
    write(tmp_path, **{f"r{n}": f"extends: r{n + 1}" for n in range(33)}, r33="epochs: 3")
    assert "more than 32 parents" in failure(tmp_path / "r0.yaml")
    assert load_recipe(tmp_path / "r2.yaml").epochs == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- epochs: 3", "a recipe is a mapping\n    - epochs: 3\n    ^ it must begin with keys such as 'epochs:' and"),
        ("epochs: 3\n---\nseed: 1", "a recipe is one document: remove the ---"),
        ("epochs: !!int 3", "a recipe is plain data: remove the tag"),
        ("epochs: 3\nepochs: 4", "key 'epochs' is given twice"),
        ("ema: .inf", ".inf is not a finite number"),
    ],
)
def test_mistakes_of_the_text_speak_of_a_recipe(text, message, tmp_path):
    assert message in failure(write(tmp_path, r=text) / "r.yaml")


def test_a_value_from_python_that_is_no_plain_data_is_told():
    assert "a recipe holds plain data, received object" in failure({"start": {"weights": object()}})


def test_learning_rate_is_the_peak_of_the_schedule():
    assert recipe_of("learning_rate: 0.3").schedule == Schedule(peak=0.3)
    assert recipe_of("schedule: {name: linear}\nlearning_rate: 3").schedule == Schedule(name="linear", peak=3)
    assert load_recipe("base", learning_rate=0.3).schedule.peak == 0.3


def test_learning_rate_and_the_peak_of_a_parent_do_not_collide(tmp_path):
    write(
        tmp_path,
        a="schedule: {name: linear, peak: 0.2}",
        b="extends: a\nlearning_rate: 0.3",
        c="extends: b\nschedule: {peak: 1}",
    )
    assert load_recipe(tmp_path / "b.yaml").schedule == Schedule(name="linear", peak=0.3)
    assert load_recipe(tmp_path / "c.yaml").schedule.peak == 1


def test_learning_rate_and_peak_in_one_file_are_a_mistake():
    message = (
        "r.yaml:2:1: learning_rate: the learning rate is schedule.peak, and the schedule is given too\n"
        "    learning_rate: 0.3\n    ^^^^^^^^^^^^^ leave out one of the two"
    )
    for text in ("schedule: {peak: 0.2}\nlearning_rate: 0.3", "schedule: null\nlearning_rate: 0.3"):
        assert message in map(str, problems_of(text))


def test_a_wrong_learning_rate_is_told_where_it_stands():
    [problem] = problems_of("epochs: 3\nlearning_rate: fast")
    assert str(problem) == (
        "r.yaml:2:16: schedule.peak: expected a valid number, received 'fast'\n"
        "    learning_rate: fast\n                   ^^^^"
    )


def test_beta_of_a_bootstrapped_loss_is_the_papers_for_its_kind():
    assert recipe_of("loss: {bootstrap: {}}").loss.bootstrap == Bootstrap(kind="hard", beta=0.8)
    assert recipe_of("loss: {bootstrap: {kind: soft}}").loss.bootstrap == Bootstrap(kind="soft", beta=0.95)
    assert recipe_of("loss: {bootstrap: {kind: soft, beta: 0.5}}").loss.bootstrap.beta == 0.5


def test_a_parents_text_is_not_changed_by_its_children(tmp_path):
    write(tmp_path, a="augment: [flip]\nspec: {x: 1}", b="extends: a\nspec: {y: 2}\nlearning_rate: 1")
    before = load_recipe(tmp_path / "a.yaml")
    load_recipe(tmp_path / "b.yaml", **{"augment.mixup": 0.3, "spec.z": 3})
    assert load_recipe(tmp_path / "a.yaml") == before


def test_all_mistakes_of_parents_and_children_are_told_in_one_run(tmp_path):
    write(tmp_path, a="epochs: 0\nema: null", b="extends: a\nseed: -1\nfreeze: null")
    with pytest.raises(SpecError) as raised:
        load_recipe(tmp_path / "b.yaml")
    told = [str(problem).replace(f"{tmp_path}/", "").split(" ")[:2] for problem in raised.value.problems]
    assert told == [
        ["a.yaml:1:9:", "epochs:"], ["a.yaml:2:6:", "ema:"], ["b.yaml:2:7:", "seed:"], ["b.yaml:3:1:", "freeze:"],
    ]  # fmt: skip


def test_finding_gives_the_file(tmp_path):
    write(tmp_path, base="epochs: 1")
    assert find_recipe("base") == zoo_directory() / "recipes" / "base.yaml"
    assert find_recipe("base", tmp_path) == tmp_path / "base.yaml"
