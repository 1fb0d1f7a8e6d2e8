"""Weights of keras.applications in our models: files that it saved, and those that it downloads."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import factory
from factory.errors import FactoryError
from factory.models.compare import compare_outputs, logits, perturb, random_images
from factory.models.official import is_official
from factory.models.weights import load_weights

applications = keras.applications
TINY = {"weights": None, "input_shape": (64, 64, 3), "classes": 7}


def small(name: str, **changes: object) -> keras.Model:
    return factory.build(factory.load(name, classes=7, **{"input.resolution": 64}, **changes))


@pytest.mark.parametrize("file", ["any.weights.h5", "any.h5"])
def test_a_file_that_keras_applications_saved_is_loaded(tmp_path: Path, file: str):
    theirs, ours = applications.MobileNet(alpha=0.25, **TINY), small("mobilenet_v1_025")
    perturb(theirs, images=np.random.default_rng(0).uniform(-1, 1, (4, 64, 64, 3)).astype("float32"))
    if file.endswith(".weights.h5"):
        theirs.save_weights(tmp_path / file)
    else:
        theirs.save(tmp_path / file)  # the format of the published files
    load_weights(ours, tmp_path / file)
    images = random_images(ours)
    prepared = applications.mobilenet.preprocess_input(images.copy())
    found = compare_outputs(logits(ours, images), logits(theirs, prepared), images)
    assert found.ok, found


def test_a_backbone_takes_a_file_without_the_top(tmp_path: Path):
    theirs = applications.MobileNet(alpha=0.25, include_top=False, weights=None, input_shape=(64, 64, 3))
    theirs.save_weights(tmp_path / "backbone.weights.h5")
    ours = factory.build(factory.load("mobilenet_v1_025", **{"input.resolution": 64}), top=False)
    load_weights(ours, tmp_path / "backbone.weights.h5", top=False)
    assert np.array_equal(ours.get_layer("stem").get_weights()[0], theirs.get_layer("conv1").get_weights()[0])


def test_a_file_of_another_network_is_refused(tmp_path: Path):
    applications.MobileNet(alpha=0.5, **TINY).save_weights(tmp_path / "half.weights.h5")
    ours = small("mobilenet_v1_025")
    before = ours.get_weights()
    with pytest.raises(
        FactoryError, match=r"half\.weights\.h5: these weights do not fit keras\.applications' mobilenet_v1"
    ):
        load_weights(ours, tmp_path / "half.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, ours.get_weights(), strict=True))


def downloaded(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Has Keras find this file where it would download one."""
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *arguments, **options: str(path))


def test_imagenet_is_what_keras_applications_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With EfficientNet, whose published weights come with one more rescaling of the input."""
    downloaded(monkeypatch, tmp_path / "published.h5")
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "load_weights", lambda *arguments, **options: None)  # there is no file yet
        theirs, ours = applications.EfficientNetB0(weights="imagenet"), factory.build("efficientnet_b0")
    perturb(theirs)
    theirs.save(tmp_path / "published.h5")
    load_weights(ours, "imagenet")
    images = random_images(ours, count=2)
    found = compare_outputs(ours, theirs, images)
    assert found.ok, found
    factory.copy_weights(theirs, ours)  # does not see the rescaling
    assert not compare_outputs(ours, theirs, images).ok


def test_a_file_of_our_own_is_not_taken_for_one_of_keras_applications(tmp_path: Path):
    source, target = small("resnet50"), small("resnet50")
    source.save_weights(tmp_path / "own.weights.h5")
    load_weights(target, tmp_path / "own.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(source.get_weights(), target.get_weights(), strict=True))


def test_without_a_network_there_is_one_line(monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: object, **options: object) -> None:
        raise Exception("URL fetch failure on https://storage: None -- no route\nand more")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    with pytest.raises(FactoryError) as raised:
        load_weights(factory.build("mobilenet_v1_025"), "imagenet")
    assert str(raised.value) == (
        "keras.applications has no weights for mobilenet_v1_025 to give: "
        "URL fetch failure on https://storage: None -- no route"
    )


def test_other_networks_have_none():
    with pytest.raises(FactoryError, match=r"keras\.applications has no network 'squeezenet1_1'"):
        load_weights(small("squeezenet1_1"), "imagenet")


def test_every_shipped_twin_of_keras_applications_is_known():
    names = ("resnet50_v2", "nasnet_large", "efficientnet_v2_b0", "convnext_xlarge", "mobilenet_v2_140", "vgg16")
    assert all(is_official(name) for name in names)
    assert not is_official("resnet18")
