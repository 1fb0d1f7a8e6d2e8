"""Batches hold each sample once an epoch, are the same however they are read, and have what their settings say."""

from __future__ import annotations

import gc
import shutil
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from data_files import write, write_mask
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.train.augment.moves import flip
from factory.train.augment.resized_crop import random_window
from factory.train.data.arrays import array_dataset
from factory.train.data.dataset import Dataset
from factory.train.data.draws import UNIFORM, batch_choices, sample_draws, sample_order
from factory.train.data.pipeline import TrainingFeed, evaluation_batches, steps_per_epoch, training_batches
from factory.train.data.sources import open_data
from factory.train.recipe.augmentations import parse_augmentations
from factory.train.recipe.sections import Evaluation

RNG = np.random.default_rng(0)
ALL = parse_augmentations(
    ["flip", "translate", "crop", "scale_jitter", "rotate", "brightness", "contrast", "saturation", "hue", "lighting",
     "grayscale", "noise", "randaugment", {"mixup": {"probability": 0.5}}, {"cutmix": {"probability": 0.5}}, "erase"]
)  # fmt: skip
WINDOW = parse_augmentations(["random_resized_crop"])
PLAIN = Evaluation()


def numbered(size: int, pixels: int = 4, channels: int = 3, classes: int = 3) -> Dataset:
    """Images in memory that are of one tone, the number of the sample."""
    numbers = np.arange(max(size, classes))
    images = np.broadcast_to(numbers.astype("uint8")[:, None, None, None], (len(numbers), pixels, pixels, channels))
    names = [f"c{number}" for number in range(classes)]
    return array_dataset(images, numbers % classes, classes=names).subset(np.arange(size))


def noisy(size: int, pixels: int = 8) -> Dataset:
    return array_dataset(RNG.integers(0, 256, (size, pixels, pixels, 3)).astype("uint8"), np.arange(size) % 3)


def in_files(root: Path, size: int, pixels: tuple[int, int]) -> Dataset:
    """Images in files of three classes."""
    for number in range(size):
        write(root / "abc"[number % 3] / f"{number:02}.png", number, size=pixels)
    return open_data(root).train


@pytest.fixture
def files(tmp_path: Path) -> Dataset:
    """11 images of 12x10 pixels in files of three classes."""
    return in_files(tmp_path / "data", 11, (12, 10))


def rows(batches: Any) -> list[tuple[np.ndarray, ...]]:
    return [tuple(np.asarray(part) for part in batch) for batch in batches]


def assert_same(ours: Any, theirs: Any) -> None:
    ours, theirs = rows(ours), rows(theirs)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        for part, same in zip(mine, other, strict=True):
            np.testing.assert_array_equal(part, same)


def train(dataset: Dataset, **changes: Any) -> tf.data.Dataset:
    options = {"batch_size": 4, "resolution": (8, 8), "seed": 0, "epoch": 0}
    return training_batches(dataset, **{**options, **changes})


# ---- what an epoch holds


@pytest.mark.parametrize(("size", "batch", "steps"), [(10, 3, 3), (9, 3, 3), (2, 3, 1), (3, 3, 1), (1, 64, 1)])
def test_an_epoch_is_as_many_whole_batches_as_there_are_at_least_one(size, batch, steps):
    assert steps_per_epoch(size, batch) == steps
    batches = rows(train(numbered(size), batch_size=batch, resolution=(4, 4)))
    assert len(batches) == steps
    assert {len(images) for images, _, _ in batches} == {min(size, batch)}


@settings(max_examples=15)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5), st.integers(0, 3))
def test_samples_come_in_the_order_of_the_epoch_with_their_own_targets(size, batch, seed, epoch):
    batches = rows(train(numbered(size), batch_size=batch, resolution=(4, 4), seed=seed, epoch=epoch))
    seen = np.concatenate([images[:, 0, 0, 0] for images, _, _ in batches]).astype(int)
    np.testing.assert_array_equal(seen, sample_order(size, seed, epoch)[: len(seen)])
    np.testing.assert_array_equal(np.concatenate([targets for _, targets, _ in batches]), seen % 3)


def test_batches_have_their_static_shapes_and_types():
    one_hot = parse_augmentations(["mixup"])
    specs = train(numbered(10), resolution=(6, 5)).element_spec
    assert specs[0] == tf.TensorSpec((4, 6, 5, 3), tf.float32)
    assert specs[1] == tf.TensorSpec((4,), tf.int32)
    assert specs[2] == tf.TensorSpec((4,), tf.float32)
    assert train(numbered(10), augment=one_hot).element_spec[1] == tf.TensorSpec((4, 3), tf.float32)
    labels = array_dataset(np.zeros((10, 4, 4, 1), "uint8"), RNG.integers(0, 2, (10, 5)))
    assert train(labels).element_spec[1] == tf.TensorSpec((4, 5), tf.float32)
    values = array_dataset(np.zeros((10, 4, 4, 1), "uint8"), RNG.normal(size=10))
    assert train(values, augment=one_hot).element_spec[1] == tf.TensorSpec((4, 1), tf.float32)


def test_masks_are_resized_and_moved_with_their_images():
    masks = RNG.integers(0, 5, (6, 4, 4))
    images = np.repeat(masks[..., None] * 40, 3, axis=-1).astype("uint8")
    dataset = array_dataset(images, masks)
    for batch in (3, 5):
        for found, targets, _ in rows(train(dataset, batch_size=batch, resolution=(4, 4), augment=ALL[:3])):
            known = targets != 255
            assert targets.dtype == np.int32
            assert not known.all()
            np.testing.assert_array_equal(found[..., 0][known], targets[known] * 40)
    _, targets, _ = rows(train(dataset, resolution=(8, 8)))[0]
    np.testing.assert_array_equal(targets, np.repeat(np.repeat(masks, 2, axis=1), 2, axis=2)[sample_order(6, 0, 0)[:4]])


# ---- the same however it is read


def test_files_from_the_middle_of_an_epoch_in_other_threads_give_the_same_bits_with_all_augmentations(files):
    settings = {"batch_size": 2, "augment": WINDOW + ALL, "epoch": 2, "seed": 5}
    whole = rows(train(files, **settings, threads=1))
    assert_same(whole[3:], train(files, **settings, threads=4, start_step=3))


def test_arrays_from_the_middle_of_an_epoch_in_other_threads_give_the_same_bits_with_all_augmentations():
    dataset = noisy(14)
    settings = {"augment": ALL, "epoch": 1, "multi_scale": (6, 8)}
    whole = rows(train(dataset, **settings, threads=1))
    assert_same(whole[1:], train(dataset, **settings, threads=3, start_step=1))


def test_seeds_and_epochs_change_order_and_augmentation():
    dataset = noisy(8)
    first = rows(train(dataset, batch_size=8, augment=ALL[:1]))[0]
    for change in ({"seed": 1}, {"epoch": 1}):
        other = rows(train(dataset, batch_size=8, augment=ALL[:1], **change))[0]
        assert not np.array_equal(first[1], other[1])
        assert not np.array_equal(np.sort(first[0], axis=0), np.sort(other[0], axis=0))


def test_augmentation_of_a_sample_does_not_depend_on_its_batch():
    dataset = noisy(12)
    alone = [augmentation for augmentation in ALL if not augmentation.mixes]
    images = [
        np.concatenate([images for images, _, _ in rows(train(dataset, batch_size=size, augment=alone))])
        for size in (2, 6)
    ]
    np.testing.assert_allclose(*images, atol=1e-3)


def test_random_numbers_belong_to_samples():
    dataset = noisy(6)
    images, _, _ = rows(train(dataset, batch_size=6, augment=ALL[:1]))[0]
    order = sample_order(6, 0, 0)
    draws = sample_draws([[UNIFORM, UNIFORM]], 6, 0, 0)
    pixels = dataset.arrays[0].astype("float32")
    expected, _ = flip(tf.constant(pixels), tf.zeros(6, tf.int32), tf.constant(draws), axis="horizontal")
    np.testing.assert_array_equal(images, expected.numpy()[order])


# ---- epoch after epoch


def feed(dataset: Dataset, **changes: Any) -> TrainingFeed:
    return TrainingFeed(dataset, **{"batch_size": 4, "resolution": (8, 8), "seed": 0, "augment": ALL[:2], **changes})


def test_epochs_of_a_feed_are_those_that_are_asked_for(files):
    for dataset in (noisy(11), files):
        running = feed(dataset)
        for epoch, start in ((0, 0), (1, 0), (7, 1), (8, 0), (8, 0)):
            assert_same(running.epoch(epoch, start), train(dataset, augment=ALL[:2], epoch=epoch, start_step=start))


def test_a_feed_goes_on_after_an_epoch_that_was_broken_off(files):
    for dataset in (noisy(11), files):
        running = feed(dataset, batch_size=2)
        begun = running.epoch(4)
        for _ in range(2):
            next(begun)
        assert_same(running.epoch(4, 2), train(dataset, batch_size=2, augment=ALL[:2], epoch=4, start_step=2))
        assert_same(running.epoch(5), train(dataset, batch_size=2, augment=ALL[:2], epoch=5))


def test_nothing_holds_a_feed_and_its_images_when_it_has_done_its_work(files):
    for dataset in (noisy(11), files):
        running = feed(dataset)
        for epoch in range(2):  # the second one of files comes from memory
            assert len(list(running.epoch(epoch))) == running.steps
        gone = weakref.ref(running), *([weakref.ref(running.kept)] if running.kept else [])
        del running
        gc.collect()
        assert [one() for one in gone] == [None] * len(gone)


def test_a_feed_gives_a_strategy_its_batches():
    dataset = noisy(9)
    running = feed(dataset, strategy=tf.distribute.OneDeviceStrategy("CPU:0"))
    for epoch in range(2):
        assert_same(running.epoch(epoch), train(dataset, augment=ALL[:2], epoch=epoch))


# ---- images kept in memory


@pytest.mark.parametrize("cache", ["auto", "memory"])
def test_files_are_read_once_and_their_images_are_the_same_from_memory(files, tmp_path, cache):
    expected = [rows(train(files, epoch=epoch, cache="none")) for epoch in range(3)]
    running = feed(files, augment=(), cache=cache)
    assert_same(running.epoch(0), expected[0])
    second = running.epoch(1)
    first_batch = next(second)  # by now what the first epoch left out has been read
    shutil.rmtree(tmp_path / "data")
    assert_same([first_batch, *second], expected[1])
    assert_same(running.epoch(2), expected[2])


def test_nothing_is_kept_without_a_cache_nor_beyond_its_limit(files, tmp_path, monkeypatch):
    running = feed(files, cache="none")
    monkeypatch.setattr("factory.train.data.keeping.LIMIT", 11 * 8 * 8 * 3 - 1)
    beyond = feed(files, cache="auto")
    for each in (running, beyond):
        assert len(list(each.epoch(0))) == 2
    shutil.rmtree(tmp_path / "data")
    for each in (running, beyond):
        with pytest.raises(tf.errors.NotFoundError):
            list(each.epoch(3))


def test_masks_are_kept_with_their_images(tmp_path):
    for number in range(5):
        write(tmp_path / "data" / "images" / f"{number:03}.png", number, size=(6, 6))
        write_mask(tmp_path / "data" / "masks" / f"{number:03}.png", RNG.integers(0, 3, (6, 6)))
    dataset = open_data(tmp_path / "data").train
    expected = [rows(train(dataset, batch_size=2, epoch=epoch, cache="none")) for epoch in range(2)]
    running = feed(dataset, batch_size=2, augment=())
    for epoch in range(2):
        assert_same(running.epoch(epoch), expected[epoch])
    assert running.kept.present.all()


def test_a_run_that_goes_on_in_the_middle_of_an_epoch_fills_its_memory_later(files):
    running = feed(files, batch_size=2)
    assert_same(running.epoch(0, 3), train(files, batch_size=2, augment=ALL[:2], start_step=3))
    assert_same(running.epoch(1), train(files, batch_size=2, augment=ALL[:2], epoch=1))
    assert running.kept.present.all()


# ---- settings


def test_random_resized_crop_cuts_from_the_original_image(tmp_path):
    dataset = in_files(tmp_path / "data", 4, (40, 60))
    images, _, _ = rows(train(dataset, resolution=(8, 8), augment=WINDOW))[0]
    order, draws = sample_order(4, 0, 0), sample_draws([[UNIFORM] * 4], 4, 0, 0)
    for place, index in enumerate(order):
        original = tf.cast(dataset.read(tf.constant(index))[0], tf.float32)[None]
        window, _ = random_window(
            original, tf.zeros(1, tf.int32), tf.constant(draws[index : index + 1]), (0.08, 1.0), (3 / 4, 4 / 3)
        )
        expected = tf.image.resize(window, (8, 8), antialias=True)[0]
        np.testing.assert_allclose(images[place], expected, atol=0.51)  # whole pixels


def test_random_resized_crop_of_arrays_and_masks():
    masks = RNG.integers(0, 5, (4, 20, 30))
    dataset = array_dataset(np.repeat(masks[..., None] * 40, 3, axis=-1).astype("uint8"), masks)
    images, targets, _ = rows(train(dataset, resolution=(20, 30), augment=WINDOW))[0]
    assert images.shape == (4, 20, 30, 3)
    assert targets.shape == (4, 20, 30)
    assert all(
        np.corrcoef(image[..., 0].ravel(), mask.ravel())[0, 1] > 0.7
        for image, mask in zip(images, targets, strict=True)
    )


def test_random_resized_crop_and_images_kept_at_one_size_exclude_each_other(files):
    with pytest.raises(FactoryError, match=r"data\.cache: memory .*random_resized_crop"):
        train(files, augment=WINDOW, cache="memory")


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_masks_cannot_be_mixed(kind):
    dataset = array_dataset(np.zeros((4, 4, 4, 3), "uint8"), np.zeros((4, 4, 4), int) + np.eye(4, dtype=int))
    with pytest.raises(FactoryError, match=f"{kind} mixes the labels of two images"):
        train(dataset, augment=parse_augmentations([kind]))


def test_each_batch_takes_one_of_the_sizes_and_augments_at_that_size():
    dataset = noisy(40, pixels=16)
    settings = {"batch_size": 2, "resolution": (12, 18), "multi_scale": (8, 12, 16), "epoch": 3}
    batches = rows(train(dataset, **settings))
    heights = np.array([8, 12, 16])[batch_choices(3, 20, seed=0, epoch=3)]
    assert [images.shape[1:3] for images, _, _ in batches] == [(height, height * 3 // 2) for height in heights]
    assert set(heights) == {8, 12, 16}
    largest = rows(train(dataset, batch_size=2, resolution=(16, 24), epoch=3))
    for (images, _, _), (large, _, _) in zip(batches, largest, strict=True):
        np.testing.assert_allclose(images, tf.image.resize(large, images.shape[1:3], antialias=True), atol=1e-3)


def test_class_weights_weigh_samples_by_their_class_their_labels_or_their_mixed_target():
    weights = np.array([1.0, 2.0, 5.0])
    for _, targets, found in rows(train(numbered(9), class_weights=weights)):
        np.testing.assert_array_equal(found, weights[targets])
    for _, targets, found in rows(train(numbered(9), class_weights=weights, augment=parse_augmentations(["mixup"]))):
        np.testing.assert_allclose(found, targets @ weights, rtol=1e-5)
    labels = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 1]])
    dataset = array_dataset(np.zeros((4, 4, 4, 1), "uint8"), labels)
    _, targets, found = rows(train(dataset, class_weights=weights))[0]
    expected = {(1, 0, 1): 3.0, (0, 1, 0): 2.0, (0, 0, 0): 1.0, (1, 1, 1): 8 / 3}
    np.testing.assert_allclose(found, [expected[tuple(row)] for row in targets.astype(int)], rtol=1e-6)
    assert all((found == 1).all() for _, _, found in rows(train(numbered(9))))


def test_class_weights_need_classes():
    values = array_dataset(np.zeros((4, 4, 4, 1), "uint8"), RNG.normal(size=4))
    with pytest.raises(FactoryError, match="class_weights: arrays has no classes of images"):
        train(values, class_weights=np.ones(1))


# ---- evaluation


def evaluate(dataset: Dataset, **changes: Any) -> tf.data.Dataset:
    options = {"batch_size": 4, "resolution": (4, 4), "resize": "stretch", "evaluation": PLAIN}
    return evaluation_batches(dataset, **{**options, **changes})


@pytest.mark.parametrize(("size", "batch", "steps"), [(10, 4, 3), (8, 4, 2), (3, 4, 1)])
def test_evaluation_goes_through_all_samples_in_order_and_fills_up_with_weight_zero(size, batch, steps):
    batches = evaluate(numbered(size), batch_size=batch)
    assert batches.element_spec[0].shape == (min(size, batch), 4, 4, 3)
    found = rows(batches)
    assert len(found) == steps
    images, targets, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    counted = weights == 1
    np.testing.assert_array_equal(images[counted, 0, 0, 0], np.arange(size))
    np.testing.assert_array_equal(targets[counted], np.arange(size) % 3)
    np.testing.assert_array_equal(counted, np.arange(len(weights)) < size)
    assert (weights[~counted] == 0).all()


def test_evaluation_of_files_is_that_of_the_same_images_in_memory(files):
    images = np.stack([files.read(tf.constant(index))[0] for index in range(files.size)])
    memory = array_dataset(images, files.targets)
    for policy in ("stretch", "crop", "pad"):
        ours = rows(evaluate(files, resolution=(8, 6), resize=policy))
        theirs = rows(evaluate(memory, resolution=(8, 6), resize=policy))
        for (images_of_files, *_, weights), (images_of_arrays, *_) in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(images_of_files[weights == 1], images_of_arrays[weights == 1])


def test_evaluation_reads_files_once_unless_told_otherwise(files, tmp_path):
    kept, unkept = evaluate(files), evaluate(files, cache="none")
    first = rows(kept)
    assert_same(unkept, first)
    shutil.rmtree(tmp_path / "data")
    assert_same(kept, first)
    with pytest.raises(tf.errors.NotFoundError):
        list(unkept)


def test_evaluation_is_at_the_scale_that_it_says():
    spec = evaluate(noisy(3, 20), resolution=(14, 7), evaluation=Evaluation(scale=256 / 224)).element_spec
    assert spec[0].shape == (3, 16, 8, 3)


def test_masks_are_evaluated_at_the_same_size_as_their_images():
    masks = RNG.integers(0, 5, (3, 4, 4))
    dataset = array_dataset(np.zeros((3, 4, 4, 1), "uint8"), masks)
    _, targets, _ = rows(evaluate(dataset, resolution=(8, 8), batch_size=2))[0]
    np.testing.assert_array_equal(targets, np.repeat(np.repeat(masks[:2], 2, axis=1), 2, axis=2))
