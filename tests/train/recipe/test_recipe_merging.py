"""What a recipe keeps, changes and removes of its parent."""

from __future__ import annotations

import pytest
from recipe_texts import write

from factory import SpecError
from factory.train.recipe.augmentation_kinds import Flip
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Data, Loss, Optimizer, Pretrain, Recipe, Schedule

PARENT = """
epochs: 40
optimizer: {name: adamw, weight_decay: 0.1, exclude: [norm], beta_1: 0.8, beta_2: 0.9, amsgrad: true, clip_norm: 2}
schedule: {name: step, peak: 0.2, at: [10, 20], factor: 0.3, warmup_epochs: 2}
loss: {name: cross_entropy, label_smoothing: 0.1, bootstrap: {kind: hard}, auxiliary: 0.4}
augment: [flip, mixup: 0.3]
early_stopping: {monitor: val_accuracy, patience: 3}
data: {split: kfold, folds: 4, fold: 2, samples: 50}
pretrain: {method: rbm, steps: 3, epochs: 2}
spec: {a.b: 1, c: 2}
"""


def child(folder, text: str) -> Recipe:
    return load_recipe(write(folder, parent=PARENT, child=f"extends: parent\n{text}") / "child.yaml")


def test_sections_merge_key_by_key_and_lists_replace(tmp_path):
    recipe = child(tmp_path, "optimizer: {weight_decay: 0.2}\naugment: [flip]\nearly_stopping: {patience: 9}")
    assert (recipe.optimizer.weight_decay, recipe.optimizer.beta_1, recipe.epochs) == (0.2, 0.8, 40)
    assert recipe.augment == (Flip(),)
    assert (recipe.early_stopping.monitor, recipe.early_stopping.patience) == ("val_accuracy", 9)


def test_null_removes(tmp_path):
    recipe = child(tmp_path, "early_stopping: null\noptimizer: {amsgrad: null}\nepochs: null\nschedule: null")
    assert recipe.early_stopping is None and recipe.optimizer.amsgrad is None
    assert (recipe.epochs, recipe.schedule) == (Recipe().epochs, Schedule())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ema: null", "child.yaml:2:1: ema: null removes nothing: there is no such key"),
        (
            "optimizer: {beta1: null}",
            "child.yaml:2:13: optimizer.beta1: null removes nothing: there is no such key\n"
            "    optimizer: {beta1: null}\n                ^^^^^ did you mean 'beta_1'?",
        ),
        ("augment: [null]", "child.yaml:2:11: augment.0: expected an augmentation's name"),
        ("phases: [{freeze: null}]", "child.yaml:2:19: phases.0.freeze: expected a value, received nothing"),
        ("distill: {teacher: null}", "child.yaml:2:20: distill.teacher: expected a value, received nothing"),
        ("distill: {weight: 0.5}", "child.yaml:2:10: distill: 'teacher' is missing"),
    ],
)
def test_null_that_removes_nothing_and_what_is_missing_is_told(text, message, tmp_path):
    with pytest.raises(SpecError) as raised:
        child(tmp_path, text)
    assert message in str(raised.value).replace(f"{tmp_path}/", "")


def test_another_optimizer_keeps_what_it_has_too(tmp_path):
    kept = {"weight_decay": 0.1, "exclude": ("norm",), "clip_norm": 2.0}
    assert child(tmp_path, "optimizer: {name: sgd}").optimizer == Optimizer(name="sgd", **kept)
    assert child(tmp_path, "optimizer: {name: lion}").optimizer == Optimizer(
        name="lion", beta_1=0.8, beta_2=0.9, **kept
    )
    same = child(tmp_path, "optimizer: {name: adamw}").optimizer
    assert (same.amsgrad, same.beta_1) == (True, 0.8)


def test_another_schedule_keeps_peak_and_warm_up(tmp_path):
    assert child(tmp_path, "schedule: {name: cosine}").schedule == Schedule(name="cosine", peak=0.2, warmup_epochs=2)
    assert child(tmp_path, "schedule: {name: null}").schedule == Schedule(name="cosine", peak=0.2, warmup_epochs=2)


def test_another_loss_split_and_method_keep_what_they_use(tmp_path):
    text = "loss: {name: huber}\ndata: {split: bootstrap}\npretrain: {method: autoencoder}"
    recipe = child(tmp_path, text)
    assert recipe.loss == Loss(name="huber", auxiliary=0.4)
    assert recipe.data == Data(split="bootstrap", fold=2, samples=50)
    assert recipe.pretrain == Pretrain(method="autoencoder", epochs=2)


def test_overrides_of_the_network_are_replaced_path_by_path_and_come_last(tmp_path):
    recipe = child(tmp_path, "spec: {a: {b: 5}, c: {d: 1}, e: null}")
    assert list(recipe.spec.items()) == [("a.b", 1), ("a", {"b": 5}), ("c", {"d": 1}), ("e", None)]
    assert list(child(tmp_path, "spec: {a.b: 5}").spec.items()) == [("c", 2), ("a.b", 5)]
    assert child(tmp_path, "spec: null").spec == {}
