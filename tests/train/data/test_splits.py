"""Splits: disjoint, complete, stratified, the same for the same seed; compared with scikit-learn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.class_weight import compute_class_weight

from factory.errors import FactoryError
from factory.train.data.arrays import array_dataset
from factory.train.data.dataset import Dataset, Parts
from factory.train.data.splits import allot, bootstrap, cap, class_weights, holdout, kfold, split
from factory.train.recipe.sections import Data

LABELS = st.lists(st.integers(0, 5), min_size=2, max_size=80).map(np.array)
SEEDS = st.integers(0, 2**32)


def numbered(labels: np.ndarray | list, name: str = "arrays") -> Dataset:
    """Samples whose first pixel is their number."""
    labels = np.asarray(labels)
    images = np.zeros((len(labels), 1, 1), "uint8")
    images[:, 0, 0] = np.arange(len(labels))
    return array_dataset(images, labels, name=name)


def numbers(dataset: Dataset | None) -> list[int]:
    assert dataset is not None and dataset.arrays is not None
    return dataset.arrays[0].ravel().tolist()


@given(LABELS, st.floats(0.01, 0.99), SEEDS)
def test_holdout_is_disjoint_complete_and_in_order(labels, share, seed):
    train, held = holdout(labels, share, seed)
    assert sorted([*train, *held]) == list(range(len(labels)))
    assert (np.diff(train) > 0).all() and (np.diff(held) > 0).all()


@given(LABELS, st.floats(0.01, 0.99), SEEDS)
def test_holdout_takes_the_share_of_every_class_but_for_less_than_a_sample(labels, share, seed):
    _, held = holdout(labels, share, seed)
    total = max(1, round(share * len(labels)))
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        taken = (labels[held] == label).sum()
        assert taken <= count - 1
        assert abs(taken - count * total / len(labels)) < 1 or taken == count - 1


def test_holdout_of_large_classes_is_exact():
    labels = np.repeat([0, 1, 2], [100, 40, 60])
    _, held = holdout(labels, 0.1, 3)
    assert np.bincount(labels[held]).tolist() == [10, 4, 6]


@given(LABELS, st.integers(2, 7), SEEDS)
def test_folds_are_disjoint_and_complete(labels, folds, seed):
    parts = [kfold(labels, folds, fold, seed) for fold in range(folds)]
    assert sorted(np.concatenate([held for _, held in parts])) == list(range(len(labels)))
    for train, held in parts:
        assert sorted([*train, *held]) == list(range(len(labels)))


@pytest.mark.filterwarnings("ignore:The least populated class")
@given(st.lists(st.integers(0, 3), min_size=20, max_size=90).map(np.array), st.integers(2, 5), SEEDS)
def test_folds_hold_as_many_of_each_class_as_those_of_scikit_learn(labels, folds, seed):
    if np.bincount(labels).max() < folds:  # scikit-learn refuses these
        return
    theirs = [
        np.bincount(labels[held], minlength=4)
        for _, held in StratifiedKFold(folds).split(np.zeros(len(labels)), labels)
    ]
    ours = [np.bincount(labels[kfold(labels, folds, fold, seed)[1]], minlength=4) for fold in range(folds)]
    np.testing.assert_array_equal(np.sort(ours, axis=0), np.sort(theirs, axis=0))
    sizes = np.sum(ours, axis=1)
    assert sizes.max() - sizes.min() <= 1


@given(st.integers(2, 200), st.integers(0, 20), SEEDS)
def test_bootstrap_draws_with_replacement_and_validates_out_of_the_bag(size, number, seed):
    drawn, left = bootstrap(size, number, seed)
    assert len(drawn) == size
    assert set(drawn) | set(left) == set(range(size)) and not set(drawn) & set(left)
    assert len(left) > 0


def test_bootstrap_leaves_out_the_share_of_the_theory():
    shares = [len(bootstrap(2000, number, 0)[1]) / 2000 for number in range(20)]
    assert np.mean(shares) == pytest.approx(np.exp(-1), abs=0.01)
    assert len({tuple(bootstrap(50, number, 0)[0]) for number in range(5)}) == 5


@given(LABELS, st.integers(1, 79), SEEDS)
def test_a_cap_keeps_so_many_samples_the_classes_in_proportion(labels, samples, seed):
    samples = min(samples, len(labels))
    kept = cap(labels, samples, seed)
    assert len(kept) == samples and (np.diff(kept) > 0).all()
    counts, ours = np.bincount(labels, minlength=6), np.bincount(labels[kept], minlength=6)
    present = np.count_nonzero(counts)
    if samples >= present:
        assert (ours[counts > 0] >= 1).all()
    assert np.abs(ours - counts * samples / len(labels)).max() <= max(1, present)


def test_a_cap_of_large_classes_is_exact():
    labels = np.repeat([0, 1, 2], [500, 300, 200])
    assert np.bincount(labels[cap(labels, 100, 0)]).tolist() == [50, 30, 20]
    rare = np.repeat([0, 1], [998, 2])
    assert np.bincount(rare[cap(rare, 100, 0)]).tolist() == [99, 1]


def test_remainders_are_allotted_by_hand():
    quotas = np.array([1.5, 2.3, 0.2])
    assert allot(quotas, np.zeros(3, int), np.array([9, 9, 9])).tolist() == [2, 2, 0]
    assert allot(quotas, np.array([0, 0, 1]), np.array([9, 9, 9])).tolist() == [1, 2, 1]
    assert allot(quotas, np.zeros(3, int), np.array([1, 2, 0])).tolist() == [1, 2, 0]
    assert allot(quotas, np.array([2, 3, 1]), np.array([9, 9, 9])).tolist() == [2, 3, 1]


@given(LABELS, SEEDS)
def test_the_same_seed_gives_the_same_split_and_another_another(labels, seed):
    for function in (lambda s: holdout(labels, 0.3, s), lambda s: kfold(labels, 2, 0, s), lambda s: bootstrap(9, 0, s)):
        np.testing.assert_array_equal(function(seed)[0], function(seed)[0])
    many = np.arange(200) % 3
    assert list(holdout(many, 0.3, seed)[1]) != list(holdout(many, 0.3, seed + 1)[1])
    assert list(kfold(many, 3, 0, seed)[1]) != list(kfold(many, 3, 0, seed + 1)[1])
    assert list(bootstrap(200, 0, seed)[0]) != list(bootstrap(200, 0, seed + 1)[0])
    assert list(cap(many, 90, seed)) != list(cap(many, 90, seed + 1))


# ---- as a recipe says


def test_holdout_is_a_share_of_the_training_part():
    train, validation = split(Parts(numbered([0, 1] * 20)), Data(validation=0.25), 0)
    assert train.size == 30 and validation.size == 10
    assert sorted(numbers(train) + numbers(validation)) == list(range(40))
    assert np.bincount(validation.targets).tolist() == [5, 5]


def test_the_datas_own_validation_part_is_taken_whole():
    parts = Parts(numbered([0, 1] * 20), validation=numbered([0, 1] * 3, "own"))
    train, validation = split(parts, Data(validation=0.25), 0)
    assert train is parts.train and validation is parts.validation


def test_without_a_share_nothing_is_held_out():
    parts = Parts(numbered([0, 1] * 5))
    assert split(parts, Data(validation=0.0), 0) == (parts.train, None)


def test_every_fold_validates_once_even_beside_a_validation_part():
    parts = Parts(numbered([0, 1] * 20), validation=numbered([0, 1], "own"))
    held = [split(parts, Data(split="kfold", folds=4, fold=fold), 7)[1] for fold in range(4)]
    assert sorted(number for part in held for number in numbers(part)) == list(range(40))


def test_a_bootstrap_learns_from_as_many_and_validates_on_the_rest():
    parts = Parts(numbered([0, 1] * 20))
    train, validation = split(parts, Data(split="bootstrap", fold=3), 7)
    assert train.size == 40 and not set(numbers(train)) & set(numbers(validation))
    assert numbers(train) != numbers(split(parts, Data(split="bootstrap", fold=4), 7)[0])


@pytest.mark.parametrize("kind", ["holdout", "kfold", "bootstrap"])
def test_samples_caps_what_is_learnt_from_only(kind):
    parts = Parts(numbered(np.repeat([0, 1], [40, 20])))
    capped, validation = split(parts, Data(split=kind, samples=12), 1)
    whole, same = split(parts, Data(split=kind), 1)
    assert capped.size == 12 and numbers(validation) == numbers(same)
    assert set(numbers(capped)) <= set(numbers(whole))
    if kind != "bootstrap":
        assert np.bincount(capped.targets).tolist() == [8, 4]
    assert split(parts, Data(split=kind, samples=1000), 1)[0].size == whole.size


@pytest.mark.parametrize("labels", [np.linspace(0, 1, 20), np.random.default_rng(0).integers(0, 2, (20, 3))])
def test_values_and_labels_are_split_at_random(labels):
    train, validation = split(Parts(numbered(labels)), Data(validation=0.25), 0)
    assert (train.size, validation.size) == (15, 5)
    np.testing.assert_allclose(train.targets, np.asarray(labels, "float32").reshape(20, -1)[numbers(train)])


@pytest.mark.parametrize(
    ("labels", "data", "message"),
    [
        ([0, 1, 0], Data(split="kfold", folds=5), "3 samples are too few for 5 folds; expected 5 or more"),
        ([0, 1] * 5, Data(split="kfold", folds=3, fold=3), "data.fold: 3; expected 0 to 2, as there are 3 folds"),
        ([0, 1], Data(validation=0.5), "too few samples to hold some out; set data.validation to 0"),
    ],
)
def test_too_few_samples_are_told(labels, data, message):
    with pytest.raises(FactoryError, match=message.replace("(", r"\(")):
        split(Parts(numbered(labels)), data, 0)


# ---- class weights


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60).filter(lambda labels: len(set(labels)) > 1))
def test_balanced_weights_are_those_of_scikit_learn(labels):
    weights = class_weights(numbered(labels), "balanced")
    present = np.unique(labels)
    expected = compute_class_weight("balanced", classes=present, y=np.array(labels))
    np.testing.assert_allclose(weights[present], expected, rtol=1e-6)
    assert (np.delete(weights, present) == 0).all()
    assert weights[labels].mean() == pytest.approx(1, rel=1e-5)


def test_weights_by_name_leave_the_others_at_one():
    dataset = array_dataset(np.zeros((3, 2, 2)), np.array(["cat", "dog", "emu"]))
    np.testing.assert_array_equal(class_weights(dataset, {"dog": 2.5}), np.array([1, 2.5, 1], "float32"))
    assert class_weights(dataset, "none") is None and class_weights(dataset, {}) is None
    with pytest.raises(FactoryError, match="'dgo' is no class of arrays; did you mean 'dog'"):
        class_weights(dataset, {"dgo": 2.0})


def test_weights_of_data_without_single_classes_are_refused():
    with pytest.raises(FactoryError, match="have no single class"):
        class_weights(numbered([0.5, 1.5]), "balanced")


def test_splits_import_no_tensorflow():
    code = "import sys, factory.train.data.splits; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
