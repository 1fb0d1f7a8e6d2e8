"""NumPy arrays as data: from Python, and in .npz files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from factory.errors import FactoryError, did_you_mean, first_line
from factory.files import DAMAGED_NPZ
from factory.train.data.dataset import IGNORED, Dataset, Parts, check_channels, fingerprint
from factory.train.data.images import ArrayImages
from factory.train.data.targets import Targets, targets_of

_NAMES = {
    "train": (("images", "labels"), ("x_train", "y_train")),
    "validation": (("x_val", "y_val"),),
    "test": (("x_test", "y_test"),),
}
"""The arrays of images and of labels in an .npz file, by part."""
_CLASSES = "classes"

Pair = tuple[Any, Any]


def array_dataset(images: Any, labels: Any, *, classes: Sequence[str] = (), name: str = "arrays") -> Dataset:
    """A dataset of arrays; see `open_arrays` for what they may be."""
    return open_arrays(name, {"train": (images, labels)}, classes=classes).train


def open_arrays(
    name: str, pairs: Mapping[str, Pair], *, classes: Sequence[str] = (), channels: int | None = None
) -> Parts:
    """Parts of (images, labels), by `train`, `validation`, `test`.

    Images are (n, height, width) or (n, height, width, channels), 0 to 255; floating-point numbers that are within 0 to
    1 in all parts are multiplied by 255. Labels are those of `targets_of`, or whole numbers (n, height, width) for the
    class of every pixel, 255 where it does not count. Raises FactoryError for arrays of other shapes and values.
    """
    pixels = {part: _pixels(name, part, np.asarray(images)) for part, (images, _) in pairs.items()}
    notes = []
    if all(array.dtype.kind in "bf" and array.max() <= 1 for array in pixels.values()):
        pixels = {part: array * np.float32(255) for part, array in pixels.items()}
        notes.append(f"{name}: images are within 0 to 1: multiplied by 255")
    labels = {part: np.asarray(labels) for part, (_, labels) in pairs.items()}
    for part, array in labels.items():
        if array.ndim == 0 or len(array) != len(pixels[part]):
            raise FactoryError(
                f"{name}: {len(pixels[part]):,} images of the {part} part, but labels of shape {array.shape}"
            )
    masks = {}
    if labels["train"].ndim > 2:
        masks = {part: _mask(name, part, array, pixels[part].shape) for part, array in labels.items()}
        targets = Targets("pixels", _mask_classes(name, masks, classes), {})
    else:
        targets = targets_of(name, labels, classes)
    channels = channels or pixels["train"].shape[3]
    check_channels(channels)
    datasets = {
        part: Dataset(
            name=name,
            task=targets.task,
            classes=targets.classes,
            images=ArrayImages(array).with_channels(channels),
            targets=targets.arrays.get(part),
            fingerprint=fingerprint(array, targets.arrays[part] if targets.arrays else masks[part], *targets.classes),
            masks=ArrayImages(masks[part]) if masks else None,
        )
        for part, array in ((part, _typed(array)) for part, array in pixels.items())
    }
    return Parts(datasets["train"], datasets.get("validation"), datasets.get("test"), notes + targets.notes)


def _pixels(name: str, part: str, array: np.ndarray) -> np.ndarray:
    """Images with a dimension for channels, of numbers from 0 to 255."""
    if array.dtype.kind not in "biuf":
        raise FactoryError(f"{name}: the images of the {part} part are {array.dtype}; expected numbers from 0 to 255")
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[3] not in (1, 3, 4) or not array.size:
        hint = ""
        if array.ndim == 4 and array.shape[1] in (1, 3, 4):
            hint = "; channels come last: np.moveaxis(images, 1, -1)"
        raise FactoryError(
            f"{name}: the images of the {part} part have shape {array.shape}; expected (n, height, width) or "
            f"(n, height, width, channels) with 1, 3 or 4 channels{hint}"
        )
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 255):  # NaN is neither
        raise FactoryError(f"{name}: pixels of the {part} part are {low} to {high}; expected 0 to 255, or 0 to 1")
    return array


def _typed(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, "float32" if array.dtype.kind == "f" else "uint8")


def _mask(name: str, part: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Masks as images of one channel, (n, height, width, 1) uint8."""
    if array.shape not in (shape[:3], (*shape[:3], 1)) or array.dtype.kind not in "biu":
        raise FactoryError(
            f"{name}: the labels of the {part} part are {array.dtype} {array.shape}; expected a class number (n,), "
            f"numbers (n, k), or whole numbers {shape[:3]} for the class of every pixel"
        )
    return array.reshape(*shape[:3], 1)


def _mask_classes(name: str, masks: dict[str, np.ndarray], classes: Sequence[str]) -> tuple[str, ...]:
    """The names of the classes of pixels; makes the masks uint8."""
    for part, array in masks.items():
        counted = array[array != IGNORED]
        limit = len(classes) or IGNORED
        if counted.size and not (counted.min() >= 0 and counted.max() < limit):
            raise FactoryError(
                f"{name}: class numbers of pixels of the {part} part are {counted.min()} to {counted.max()}; "
                f"expected 0 to {limit - 1}, or {IGNORED} to ignore a pixel"
            )
        masks[part] = array.astype("uint8")
    train = masks["train"]
    highest = int(train.max(initial=0, where=train != IGNORED))
    if not classes and highest < 1:
        raise FactoryError(f"{name}: only one class of pixels, 0; expected several")
    return tuple(classes) or tuple(str(number) for number in range(highest + 1))


def open_npz(path: Path, *, channels: int | None = None) -> Parts:
    """Parts in an .npz file: `images` and `labels`, or `x_train`, `y_train`, `x_val`, `y_val`, `x_test`, `y_test`.

    An array `classes` of texts holds the names of the classes. Raises FactoryError for files without these arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise FactoryError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (*DAMAGED_NPZ, TypeError) as error:
        raise FactoryError(f"{path}: no .npz file of numbers, or damaged: {first_line(error)}") from None
    pairs: dict[str, Pair] = {}
    for part, choices in _NAMES.items():
        for images, labels in choices:
            if (images in arrays) != (labels in arrays):
                there, missing = (images, labels) if images in arrays else (labels, images)
                hint = did_you_mean(missing, arrays)
                raise FactoryError(f"{path}: has an array '{there}', but no '{missing}' with it; {hint}")
            if images in arrays:
                pairs[part] = arrays[images], arrays[labels]
    if "train" not in pairs:
        received = ", ".join(arrays) or "nothing"
        raise FactoryError(f"{path}: expected arrays x_train and y_train, or images and labels; received {received}")
    classes = [str(label) for label in arrays.get(_CLASSES, [])]
    return open_arrays(str(path), pairs, classes=classes, channels=channels)
