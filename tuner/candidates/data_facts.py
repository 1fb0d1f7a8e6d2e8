"""What can be known of data without opening them as training does, and without TensorFlow: classes, channels, size."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from factory.files import DAMAGED_NPZ

LOOKED_AT = 64
"""So many images of a folder, evenly chosen, stand for all of them."""
MAX_LABELS = 50_000_000
"""An array of more labels than this is not read."""

_TRAIN = "train"
_HIDDEN = (".", "__MACOSX")
_NOT_CLASSES = ("labels.csv", "images", "masks")
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_CHANNELS = {"1": 1, "L": 1, "LA": 1, "I": 1, "I;16": 1, "RGBA": 4}


@dataclass(frozen=True)
class DataFacts:
    """Data as networks see them.

    task: classes, labels, values or pixels, as in `factory.train.data.dataset`; size: (height, width) where all images
    have one; samples: those of the training part, from which a recipe may hold some out.
    """

    task: str
    classes: int
    channels: int
    size: tuple[int, int] | None
    samples: int


KNOWN = {
    "digits": DataFacts("classes", 10, 1, (8, 8), 1_438),
    "keras:mnist": DataFacts("classes", 10, 1, (28, 28), 60_000),
    "keras:fashion_mnist": DataFacts("classes", 10, 1, (28, 28), 60_000),
    "keras:cifar10": DataFacts("classes", 10, 3, (32, 32), 50_000),
    "keras:cifar100": DataFacts("classes", 100, 3, (32, 32), 50_000),
}


def facts_of(data: str) -> DataFacts | None:
    """The facts of data as `factory.fit` takes them; None where only opening them tells, and for damaged ones."""
    if data in KNOWN:
        return KNOWN[data]
    path = Path(data).expanduser()
    try:
        if path.is_dir():
            return _of_folder(path)
        if path.is_file() and path.suffix == ".npz":
            return _of_arrays(path)
    except DAMAGED_NPZ:
        return None  # training tells what is wrong, in full
    return None


# ---- a folder of class folders


def _of_folder(root: Path) -> DataFacts | None:
    train = root / _TRAIN if (root / _TRAIN).is_dir() and _folders(root / _TRAIN) else root
    names = {entry.name for entry in os.scandir(train)}
    if names & set(_NOT_CLASSES) or any(".tfrecord" in name for name in names):
        return None
    classes = _folders(train)
    images = [image for folder in classes for image in _images(folder)]
    if len(classes) < 2 or not images:
        return None
    looks = _look_at_some(images)
    sizes = {size for _, size in looks}
    counts = Counter(channels for channels, _ in (looks if train == root else _look_at_some(_images(root))))
    channels = max(counts, key=lambda one: (counts[one], one))
    return DataFacts("classes", len(classes), channels, sizes.pop() if len(sizes) == 1 else None, len(images))


def _folders(folder: Path) -> list[Path]:
    entries = (entry for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith(_HIDDEN))
    return [folder / name for name in sorted(entry.name for entry in entries)]


def _images(folder: Path) -> list[str]:
    found = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        images = (name for name in names if name.lower().endswith(_SUFFIXES) and not name.startswith(_HIDDEN))
        found += [os.path.join(place, name) for name in images]
    return sorted(found)


def _look_at_some(paths: list[str]) -> list[tuple[int, tuple[int, int]]]:
    chosen = np.linspace(0, len(paths) - 1, min(LOOKED_AT, len(paths)), dtype=int)
    return [_look_at(paths[index]) for index in chosen]


def _look_at(path: str) -> tuple[int, tuple[int, int]]:
    """(channels, (height, width)) of an image, upright."""
    with Image.open(path) as image:
        alpha = image.mode == "P" and "transparency" in image.info
        turned = 5 <= image.getexif().get(ExifTags.Base.Orientation, 1) <= 8
        size = (image.width, image.height) if turned else (image.height, image.width)
        return 4 if alpha else _CHANNELS.get(image.mode, 3), size


# ---- arrays in a .npz file


def _of_arrays(path: Path) -> DataFacts | None:
    with zipfile.ZipFile(path) as archive:
        shapes = {name.removesuffix(".npy"): _header(archive, name) for name in archive.namelist()}
    images, labels = ("x_train", "y_train") if "x_train" in shapes else ("images", "labels")
    if images not in shapes or labels not in shapes:
        return None
    shape = shapes[images]
    if len(shape) not in (3, 4) or int(np.prod(shapes[labels])) > MAX_LABELS:
        return None
    with np.load(path, allow_pickle=False) as arrays:
        parts = [arrays[name] for name in (labels, "y_val", "y_test") if name in arrays.files]
        named = len(arrays["classes"]) if "classes" in arrays.files else 0
    found = _targets(parts, named)
    if found is None:
        return None
    return DataFacts(*found, shape[3] if len(shape) == 4 else 1, (shape[1], shape[2]), shape[0])


def _header(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    """The shape of an array, of which nothing else is read."""
    with archive.open(name) as file:
        read: Any = np.lib.format.read_array_header_1_0
        if np.lib.format.read_magic(file) != (1, 0):
            read = np.lib.format.read_array_header_2_0
        return read(file)[0]


def _targets(parts: list[np.ndarray], named: int) -> tuple[str, int] | None:
    """Task and number of classes of labels, as `factory.train.data.targets.targets_of` takes them."""
    train = parts[0]
    if train.ndim > 2:
        return "pixels", named or 1 + int(train.max(initial=0, where=train != 255))
    if train.ndim == 2 and train.shape[1] == 1:
        parts = [part[:, 0] for part in parts]
    whole = np.concatenate(parts)
    if whole.dtype.kind in "US":
        return "classes", named or len(set(parts[0]))
    if whole.ndim == 2 and np.isin(whole, (0, 1)).all():
        return "classes" if (whole.sum(axis=1) == 1).all() else "labels", whole.shape[1]
    if whole.dtype.kind in "iu" and whole.ndim == 1:
        return "classes", named or 1 + int(whole.max())
    if whole.dtype.kind == "f":
        return "values", 1 if whole.ndim == 1 else whole.shape[1]
    return None
