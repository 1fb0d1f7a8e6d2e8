"""TFRecord files of images with labels."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.models.labels import read_label_file
from factory.train.data.dataset import Parts, fingerprint
from factory.train.data.decoding import Unreadable
from factory.train.data.files import PART_NAMES
from factory.train.data.headers import Header
from factory.train.data.opening import Found, assemble, in_parallel, look_at, stamp
from factory.train.data.records import Records, places, record_files, record_name, scan
from factory.train.data.targets import targets_of

CLASSES = "classes.txt"
_INCEPTION = "image/class/label"


@dataclass(frozen=True)
class Keys:
    """The features of an example that hold the image, its label, and perhaps the name of its class."""

    image: str
    label: str
    text: str | None = None


KEYS = (
    Keys("image/encoded", _INCEPTION, "image/class/text"),
    Keys("image/encoded", "image/label"),
    Keys("image/encoded", "label", "text"),
    Keys("image", "label", "text"),
)
"""The names in use; the first that an example has are read."""


@dataclass
class _Scanned:
    """What the records of one file hold."""

    spans: list[tuple[int, int]]
    headers: list[Header | Unreadable]
    labels: list[Any]
    texts: dict[int, str]


def find_records(what: str) -> dict[str, list[Path]]:
    """The files that a name, a pattern or a folder means, by part, which the names tell: train-00000-of-00004.tfrecord.

    Without train among them all files are to learn from. Raises FactoryError where there are none.
    """
    path = Path(what)
    files = record_files(path) if path.is_dir() else [path] if path.exists() else sorted(map(Path, glob.glob(what)))
    if not files:
        raise FactoryError(f"{what}: no such TFRecord files")
    parts: dict[str, list[Path]] = {}
    for file in files:
        words = re.split(r"[^a-z]+", file.name.lower())
        parts.setdefault(next((PART_NAMES[word] for word in words if word in PART_NAMES), "train"), []).append(file)
    return parts if "train" in parts else {"train": files}


def open_records(
    name: str,
    files: Mapping[str, Sequence[Path]],
    *,
    corrupt: float,
    channels: int | None,
    classes: Sequence[str] = (),
    keys: Keys | None = None,
) -> Parts:
    """Images and labels in files of tf.train.Example. All are read once, to note where each record lies.

    Images are encoded: JPEG, PNG, WebP, ... Labels are what `targets_of` takes: a whole number or a name, several 0 or
    1, or floating-point numbers. Names of classes are `classes`, else the lines of classes.txt beside the files, else
    the texts in the examples. Raises FactoryError for damaged files, and for examples without image or label.
    """
    first = next(iter(files["train"]))
    if not classes and (first.parent / CLASSES).is_file():
        classes = read_label_file(first.parent / CLASSES)
    keys = keys or _keys_of(first)
    scanned = {part: in_parallel(lambda path: _scan(path, keys), paths) for part, paths in files.items()}
    labels = {part: _array(part, name, [label for scan in scanned[part] for label in scan.labels]) for part in scanned}
    texts = {number: text for scans in scanned.values() for scan in scans for number, text in scan.texts.items()}
    notes = []
    if keys.label == _INCEPTION and _begins_at_one(labels, len(classes)):
        notes.append(f"{name}: class numbers begin at 1: 1 is taken as class 0, and so on")
        labels = {part: array - 1 for part, array in labels.items()}
        texts = {number - 1: text for number, text in texts.items()}
    if not classes and texts and sorted(texts) == list(range(len(texts))):
        classes = [texts[number] for number in range(len(texts))]
    targets = targets_of(name, labels, classes)
    found = {}
    for part, scans in scanned.items():
        paths = list(map(str, files[part]))
        found[part] = Found(
            contents=Records(tuple(paths), keys.image, places([scan.spans for scan in scans])),
            headers=[header for scan in scans for header in scan.headers],
            targets=targets.arrays[part],
            stamp=fingerprint(stamp(first.parent, paths), targets.arrays[part]),
        )
    notes += targets.notes
    return assemble(name, targets.task, targets.classes, found, corrupt=corrupt, channels=channels, notes=notes)


def _begins_at_one(labels: Mapping[str, np.ndarray], classes: int) -> bool:
    """Whether class numbers leave out 0, the background of ImageNet's files, and no name of a class is left for it."""
    if any(array.dtype.kind != "i" or array.ndim != 1 for array in labels.values()):
        return False
    highest = max(int(array.max()) for array in labels.values())
    return min(int(array.min()) for array in labels.values()) == 1 and classes <= highest


def _keys_of(path: Path) -> Keys:
    """The features to read, as the first example has them."""
    for _, _, example in scan(path):
        names = example.features.feature
        for keys in KEYS:
            if keys.image in names and keys.label in names:
                return keys
        expected = "; ".join(f"'{keys.image}' with '{keys.label}'" for keys in KEYS)
        raise FactoryError(f"{path}: expected features {expected}; received {', '.join(sorted(names)) or 'none'}")
    raise FactoryError(f"{path}: holds no records")


def _scan(path: Path, keys: Keys) -> _Scanned:
    scanned = _Scanned([], [], [], {})
    for number, (offset, length, example) in enumerate(scan(path)):
        features = example.features.feature
        image = features[keys.image].bytes_list.value
        label = _label(features[keys.label], f"{record_name(path, number)}: {keys.label}")
        scanned.spans.append((offset, length))
        scanned.headers.append(look_at(image[0]) if len(image) == 1 else Unreadable(f"no image in '{keys.image}'"))
        scanned.labels.append(label)
        if isinstance(label, int) and keys.text and len(text := features[keys.text].bytes_list.value) == 1:
            scanned.texts[label] = text[0].decode("utf-8", "replace")
    return scanned


def _label(feature: tf.train.Feature, name: str) -> Any:
    """A number, a text, or a list of numbers."""
    kind = feature.WhichOneof("kind")
    values = list(getattr(feature, kind).value) if kind else []
    if not values or (kind == "bytes_list" and len(values) > 1):
        raise FactoryError(f"{name}: {len(values)} values; expected a number, a name, or several numbers")
    if kind == "bytes_list":
        return values[0].decode("utf-8", "replace")
    return values if len(values) > 1 else values[0]


def _array(part: str, name: str, labels: Sequence[Any]) -> np.ndarray:
    kinds = {(type(label), len(label) if isinstance(label, list) else 1) for label in labels}
    if len(kinds) > 1:
        found = ", ".join(sorted(f"{length} x {kind.__name__}" for kind, length in kinds))
        raise FactoryError(f"{name}: the labels of the {part} part are of several kinds: {found}")
    return np.array(labels)
