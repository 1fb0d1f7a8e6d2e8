"""From the augmentations of a recipe to functions on batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from factory.train.augment.change import Change, Changed
from factory.train.augment.colours import brightness, contrast, grayscale, hue, lighting, saturation
from factory.train.augment.mixup import mixup
from factory.train.augment.moves import crop, flip, translate
from factory.train.augment.noise import noise
from factory.train.augment.randaugment import randaugment
from factory.train.augment.resized_crop import random_window
from factory.train.augment.warps import rotate, scale_jitter
from factory.train.augment.windows import cutmix, erase
from factory.train.data.draws import NORMAL, UNIFORM, Law, beta
from factory.train.recipe.augmentations import Augmentation

_Laws = tuple[Law, ...] | Callable[[Any], tuple[Law, ...]]

_TABLE: dict[str, tuple[Callable[..., Changed], _Laws]] = {
    "flip": (flip, 2 * (UNIFORM,)),
    "translate": (translate, 2 * (UNIFORM,)),
    "crop": (crop, 2 * (UNIFORM,)),
    "random_resized_crop": (random_window, 4 * (UNIFORM,)),
    "scale_jitter": (scale_jitter, 3 * (UNIFORM,)),
    "rotate": (rotate, (UNIFORM,)),
    "brightness": (brightness, (UNIFORM,)),
    "contrast": (contrast, (UNIFORM,)),
    "saturation": (saturation, (UNIFORM,)),
    "hue": (hue, (UNIFORM,)),
    "lighting": (lighting, 3 * (NORMAL,)),
    "grayscale": (grayscale, (UNIFORM,)),
    "noise": (noise, 2 * (UNIFORM,)),
    "randaugment": (randaugment, lambda section: 2 * section.layers * (UNIFORM,)),
    "mixup": (mixup, lambda section: (beta(section.alpha), UNIFORM)),
    "cutmix": (cutmix, lambda section: (beta(section.alpha), UNIFORM, UNIFORM, UNIFORM)),
    "erase": (erase, 7 * (UNIFORM,)),
}


def make_change(augmentation: Augmentation) -> Change:
    """The function of an augmentation, with its fields, and the laws of its numbers."""
    function, laws = _TABLE[augmentation.kind]
    fields = {name: getattr(augmentation, name) for name in type(augmentation).model_fields}
    if not isinstance(laws, tuple):
        laws = laws(augmentation)
        fields.pop("alpha", None)  # a law's
    return Change(laws, partial(function, **fields))


def apply_all(changes: Sequence[Change], images: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor) -> Changed:
    """All changes one after the other; `draws` has the columns of each in this order."""
    column = 0
    for change in changes:
        own = draws[:, column : column + len(change.laws)]
        images, targets = change.apply(images, targets, own)
        column += len(change.laws)
    return images, targets
