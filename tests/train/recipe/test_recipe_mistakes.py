"""Mistakes in recipes: each ends in one message with file, line, column, path, and how to mend it; all in one run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_recipes import recipes
from recipe_texts import problems_of, recipe_of

from factory import FactoryError
from factory.train.recipe.reading import load_recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "r.yaml:1:1: epoch: unknown key\n    epoch: 3\n    ^^^^^ did you mean 'epochs'?"),
        (
            "optimizer: {name: sgd, momentun: 0.9}",
            "r.yaml:1:24: optimizer.momentun: unknown key\n    optimizer: {name: sgd, momentun: 0.9}\n"
            "                           ^^^^^^^^ did you mean 'momentum'?",
        ),
        (
            "optimizer: {name: adamm}",
            "r.yaml:1:19: optimizer.name: unknown optimizer 'adamm'\n    optimizer: {name: adamm}\n"
            "                      ^^^^^ did you mean 'adam'?",
        ),
        ("optimizer: {name: sgd, beta_1: 0.9}", "r.yaml:1:32: optimizer.beta_1: sgd has no 'beta_1'"),
        ("optimizer: sgd", "r.yaml:1:12: optimizer: expected a mapping, received 'sgd'"),
        ("epochs: 0", "r.yaml:1:9: epochs: expected greater than or equal to 1, received 0"),
        ("epochs: many", "r.yaml:1:9: epochs: expected a valid integer, received 'many'"),
        ("epochs: 3.5", "r.yaml:1:9: epochs: expected a valid integer, received 3.5"),
        (
            "epochs: $(3 * 4)",
            "r.yaml:1:9: epochs: expected a valid integer, received '$(3 * 4)'\n    epochs: $(3 * 4)\n"
            "            ^^^^^^^^ recipes have no expressions: write the value",
        ),
        ("ema: 1", "r.yaml:1:6: ema: expected less than 1, received 1"),
        ("seed: null", "r.yaml:1:7: seed: expected a value, received nothing"),
        ("deterministic: yes", "r.yaml:1:16: deterministic: expected a valid boolean, received 'yes'"),
        (
            "precision: float16",
            "r.yaml:1:12: precision: expected 'float32', 'mixed_float16' or 'mixed_bfloat16', received 'float16'\n"
            "    precision: float16\n               ^^^^^^^ did you mean 'float32'?",
        ),
        ("schedule: {name: cosin}", "r.yaml:1:18: schedule.name: expected 'constant', 'step'"),
        (
            "schedule: {name: cosine, factor: 0.1}",
            "r.yaml:1:26: schedule.factor: unknown parameter of schedule 'cosine'\n"
            "    schedule: {name: cosine, factor: 0.1}\n                             ^^^^^^ step has it",
        ),
        (
            "schedule: {gamma: 0.1}",
            "r.yaml:1:12: schedule.gamma: unknown parameter of schedule 'cosine'",
        ),
        ("schedule: {name: step}", "r.yaml:1:11: schedule: schedule 'step' needs 'at'"),
        ("schedule: {name: step, at: [3, 3]}", "r.yaml:1:28: schedule.at: expected epochs that grow"),
        ("schedule: {name: step, at: [3, 10]}", "r.yaml:1:32: schedule.at.1: epoch 10 is beyond the 10 epochs of"),
        ("epochs: 1\nschedule: {name: step, at: [1.5]}", "r.yaml:2:29: schedule.at.0: epoch 1.5 is beyond the 1 epoch"),
        ("schedule: {end: 0.2}", "r.yaml:1:17: schedule.end: expected at most the peak, 0.1, received 0.2"),
        (
            "schedule: {name: triangular, base: 0.2}",
            "r.yaml:1:36: schedule.base: expected at most the peak, 0.1, received 0.2",
        ),
        (
            "schedule: {warmup_start: 0.2, warmup_epochs: 1}",
            "r.yaml:1:26: schedule.warmup_start: expected at most the peak, 0.1, received 0.2",
        ),
        (
            "schedule: {warmup_epochs: 10.5}",
            "r.yaml:1:27: schedule.warmup_epochs: a warm-up of 10.5 epochs is longer than the 10 epochs of training",
        ),
        (
            "loss: {name: huber, bootstrap: {kind: hard}}",
            "r.yaml:1:21: loss.bootstrap: unknown parameter of loss 'huber'\n"
            "    loss: {name: huber, bootstrap: {kind: hard}}\n"
            "                        ^^^^^^^^^ auto, cross_entropy have it",
        ),
        ("loss: {bootstrap: {kind: sof}}", "r.yaml:1:26: loss.bootstrap.kind: expected 'soft' or 'hard'"),
        (
            "data: {split: kfold, fold: 5}",
            "r.yaml:1:28: data.fold: of 5 folds the last is 4, received 5\n    data: {split: kfold, fold: 5}\n"
            "                               ^ counted from 0",
        ),
        ("data: {fold: 1}", "r.yaml:1:8: data.fold: unknown parameter of split 'holdout'"),
        ("data: {split: bootstrap, validation: 0.2}", "data.validation: unknown parameter of split 'bootstrap'"),
        (
            "data: {class_weights: balancd}",
            "r.yaml:1:23: data.class_weights: expected 'none' or 'balanced' or a mapping, received 'balancd'\n"
            "    data: {class_weights: balancd}\n                          ^^^^^^^ did you mean 'balanced'?",
        ),
        ("data: {class_weights: {cat: -1}}", "r.yaml:1:29: data.class_weights.cat: expected greater than or"),
        ("pretrain: {steps: 2, method: autoencoder}", "pretrain.steps: unknown parameter of method 'autoencoder'"),
        ("evaluation: {crops: 3}", "r.yaml:1:21: evaluation.crops: expected 1, 5 or 10, received 3"),
        (
            "evaluation: {crops: 5}",
            "r.yaml:1:21: evaluation.crops: at scale 1 all 5 crops are the whole image",
        ),
        ("evaluation: {crops: 5, scale: 2, dense: true}", "r.yaml:1:21: evaluation.crops: dense evaluation takes the"),
        ("evaluation: {crops: 10, scale: 2, flip: true}", "r.yaml:1:41: evaluation.flip: 5 of the 10 crops are"),
        ("augment: flip", "r.yaml:1:10: augment: expected a list of augmentations, received 'flip'"),
        ("augment: [{flip: sideways}]", "r.yaml:1:18: augment.0.flip: expected 'horizontal', 'vertical' or 'both'"),
        (
            "augment: [randaugment: {layer: 2}]",
            "r.yaml:1:25: augment.0.randaugment.layer: unknown key\n    augment: [randaugment: {layer: 2}]\n"
            "                            ^^^^^ did you mean 'layers'?",
        ),
        ("phases: [{epoch: 3}]", "r.yaml:1:11: phases.0.epoch: unknown key\n"),
        ("phases: [3]", "r.yaml:1:10: phases.0: expected a mapping, received 3"),
        ("phases: [{augment: [{mixup: 0}]}]", "r.yaml:1:29: phases.0.augment.0.mixup: expected greater than 0"),
        ("phases: [{resolution: 8}, {epochs: 3}]", "r.yaml:1:9: phases: only the last phase may leave 'epochs' out"),
        ("phases: [{epochs: 3}, {epochs: 4}]", "r.yaml:1:9: phases: the phases have 7 epochs, the recipe 10"),
        ("phases: [{epochs: 10}, {resolution: 8}]", "r.yaml:1:9: phases: the phases have 10 epochs, the recipe 10"),
        (
            "multi_scale: [8, 16]\nphases: [{resolution: 8}]",
            "r.yaml:1:14: multi_scale: multi_scale and the resolution of phases both set the input's size",
        ),
        ("freeze_path: {epochs: 11}", "r.yaml:1:23: freeze_path.epochs: 11 epochs for each column are more than"),
        (
            "freeze_path: {epochs: 2}\nphases: [{freeze: []}]",
            "r.yaml:1:14: freeze_path: freeze_path makes phases of its own",
        ),
        ("distill: {weight: 0.3}", "r.yaml:1:10: distill: 'teacher' is missing"),
        ("freeze: [s1, 3]", "r.yaml:1:14: freeze.1: expected a valid string, received 3"),
        ("spec: [1]", "r.yaml:1:7: spec: expected a mapping, received [1]"),
    ],
)  # fmt: skip
def test_message(text, message):
    problems = problems_of(text)
    assert len(problems) == 1, "\n".join(map(str, problems))
    assert message in str(problems[0])
    assert str(problems[0]).startswith("r.yaml:1:") or "\n" in text


def test_all_mistakes_of_a_file_are_told_in_one_run_in_its_order():
    text = """
epoch: 3
batch_size: 0
optimizer: {name: sgd, beta_1: 0.5, rho: 0.5, clip: 2}
schedule: {name: linear, power: 2, warmup_epochs: -1}
loss: {nam: huber, bootstrap: {kind: x, beta: 2}}
augment: [flp, {mixup: -1}, {crop: {padding: 0, fil: 3}}]
phases: [{epochs: 0, freez: []}, {augment: [{cutmix: x}]}]
data: {split: kfold, folds: 1, resize: cro}
"""
    assert [problem.path for problem in problems_of(text)] == [
        "epoch", "batch_size", "optimizer.clip", "schedule.warmup_epochs", "loss.nam", "loss.bootstrap.kind",
        "loss.bootstrap.beta", "augment.0", "augment.1.mixup", "augment.2.crop.padding", "augment.2.crop.fil",
        "phases.0.epochs", "phases.0.freez", "phases.1.augment.0.cutmix", "data.folds", "data.resize",
    ]  # fmt: skip


def test_what_does_not_fit_is_told_of_all_sections_whose_values_are_right():
    text = """
optimizer: {name: sgd, beta_1: 0.5, rho: 0.5}
schedule: {name: linear, power: 2, at: [3]}
data: {split: kfold, fold: 7}
"""
    assert [problem.path for problem in problems_of(text)] == [
        "optimizer.beta_1", "optimizer.rho", "schedule.power", "schedule.at", "data.fold",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "schedule: {warmup_epochs: 10}",
        "schedule: {name: step, at: [9.99]}",
        "schedule: {end: 0.1}",
        "phases: [{epochs: 3}, {epochs: 7}]",
        "phases: [{epochs: 9}, {}]",
        "phases: [{}]",
        "freeze_path: {epochs: 10}",
        "data: {split: kfold, fold: 4}",
        "data: {split: bootstrap, fold: 9}",
        "evaluation: {crops: 10, scale: 1.1}",
        "evaluation: {dense: true}",
        "note: $5 an hour",
    ],
)
def test_what_just_fits_is_right(text):
    assert recipe_of(text)


@settings(max_examples=100)
@given(st.data(), recipes())
def test_whatever_is_changed_the_outcome_is_a_recipe_or_a_mistake_in_words(data, document):
    """One value anywhere in a recipe becomes an odd one."""
    places = list(places_in(document))
    container, key = data.draw(st.sampled_from(places))
    container[key] = data.draw(st.sampled_from([None, -1, 0, 1e9, True, "x", "$x", [], {}, [[]], {"a": None}, {1: 2}]))
    try:
        load_recipe(document)
    except FactoryError as error:
        assert str(error)


def places_in(value):
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places_in(value[key])
