"""Keras' built-in sets of images: keras:mnist, fashion_mnist, cifar10, cifar100."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from factory.errors import FactoryError, did_you_mean, first_line
from factory.train.data.arrays import open_arrays
from factory.train.data.dataset import Parts

_CLOTHES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
_CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
_CIFAR100 = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
    elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster
    man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck
    pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
    skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
    tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
CLASSES: dict[str, Sequence[str]] = {
    "mnist": list(map(str, range(10))),
    "fashion_mnist": _CLOTHES,
    "cifar10": _CIFAR10,
    "cifar100": _CIFAR100.split(),
}
"""The names of the classes of every set."""


def open_keras(name: str, *, channels: int | None = None) -> Parts:
    """The training and the test part of one of Keras' sets, which Keras fetches once into ~/.keras/datasets.

    Raises FactoryError for an unknown name, and where the set cannot be fetched.
    """
    if name not in CLASSES:
        raise FactoryError(f"keras:{name}: Keras has no such set of images; {did_you_mean(name, CLASSES)}")
    try:
        train, test = getattr(keras.datasets, name).load_data()
    except Exception as error:  # urllib's, ssl's, zipfile's and plain Exception, as Keras raises
        raise FactoryError(
            f"keras:{name}: cannot be fetched or read: {first_line(error)}; Keras looks for it in ~/.keras/datasets"
        ) from None
    return open_arrays(f"keras:{name}", {"train": train, "test": test}, classes=CLASSES[name], channels=channels)
