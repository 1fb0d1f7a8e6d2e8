"""Keras' built-in sets, without fetching them: Keras' loaders are replaced."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from factory.errors import FactoryError
from factory.train.data.keras_sets import CLASSES
from factory.train.data.sources import open_data


@pytest.mark.parametrize(
    ("name", "shape", "count"),
    [
        ("mnist", (28, 28), 10),
        ("fashion_mnist", (28, 28), 10),
        ("cifar10", (32, 32, 3), 10),
        ("cifar100", (32, 32, 3), 100),
    ],
)
def test_sets_have_their_classes(monkeypatch, name, shape, count):
    def load_data():
        labels = np.arange(2 * count) % count
        labels = labels[:, None] if len(shape) == 3 else labels  # as Keras gives them
        return (np.full((2 * count, *shape), 7, "uint8"), labels), (np.zeros((count, *shape), "uint8"), labels[:count])

    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", load_data)
    parts = open_data(f"keras:{name}")
    assert (parts.train.size, parts.test.size, parts.train.shape) == (2 * count, count, shape[:2])
    assert parts.train.name == f"keras:{name}" and len(set(parts.train.classes)) == count
    assert parts.train.arrays[0].max() == 7 and parts.test.targets.tolist() == list(range(count))


def test_names_are_in_the_order_of_the_class_numbers():
    assert CLASSES["cifar10"][3] == "cat" and CLASSES["fashion_mnist"][9] == "Ankle boot"
    assert list(CLASSES["cifar100"]) == sorted(CLASSES["cifar100"])  # the numbers of CIFAR go by the alphabet
    assert list(CLASSES["cifar10"]) == sorted(CLASSES["cifar10"])


def test_unknown_sets_are_told():
    with pytest.raises(FactoryError, match="keras:cifar: Keras has no such set of images; did you mean 'cifar1"):
        open_data("keras:cifar")


def test_a_set_that_cannot_be_fetched_is_told(monkeypatch):
    def load_data():
        raise Exception("URL fetch failure on https://host/cifar10: None -- no route\nsecond line")

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", load_data)
    with pytest.raises(FactoryError, match=r"keras:cifar10: cannot be fetched or read: URL .* in ~/.keras/datasets$"):
        open_data("keras:cifar10")
