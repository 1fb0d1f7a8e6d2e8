"""`open_data`: whatever a user names as data, as parts to learn from, to validate and to test on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, did_you_mean
from factory.train.data.arrays import open_arrays, open_npz
from factory.train.data.dataset import Dataset, Parts
from factory.train.data.digits import open_digits
from factory.train.data.folders import open_folder
from factory.train.data.keras_sets import CLASSES, open_keras
from factory.train.data.tfds import open_tfds
from factory.train.data.tfrecord import find_records, open_records

KINDS = "digits, keras:NAME, tfds:NAME, a folder, a .npz file, .tfrecord files"


def open_data(what: Any, *, corrupt: float = 0.01, channels: int | None = None) -> Parts:
    """The parts of data.

    `what`: "digits"; "keras:cifar10"; "tfds:NAME"; a path to a folder (see `open_folder`), an .npz file (`open_npz`) or
    TFRecord files (`open_records`; * and ? stand for parts of names); a pair (images, labels) of arrays
    (`open_arrays`); a Dataset or Parts.
    `corrupt`: the share of image files that may be unreadable; they are left out, and `Parts.notes` names them.
    `channels`: 1, 3 or 4; None: as most images have.

    Pixels are 0 to 255. Raises FactoryError for data that do not exist or cannot be learnt from.
    """
    if isinstance(what, Dataset):
        what = Parts(what)
    if isinstance(what, Parts):
        return what if channels is None else what.with_channels(channels)
    if isinstance(what, (tuple, list)) and len(what) == 2 and not isinstance(what[0], (str, os.PathLike)):
        return open_arrays("arrays", {"train": (what[0], what[1])}, channels=channels)
    if not isinstance(what, (str, os.PathLike)):
        raise FactoryError(
            f"data: expected {KINDS}, a pair (images, labels) or a Dataset; received {type(what).__name__}"
        )
    name = os.fspath(what)
    if name == "digits":
        return open_digits(channels=channels)
    source, colon, rest = name.partition(":")
    if colon and source == "keras":
        return open_keras(rest, channels=channels)
    if colon and source == "tfds":
        return open_tfds(rest, corrupt=corrupt, channels=channels)
    return _open_path(Path(name).expanduser(), corrupt, channels)


def _open_path(path: Path, corrupt: float, channels: int | None) -> Parts:
    name = str(path)
    if path.is_dir():
        return open_folder(path, corrupt=corrupt, channels=channels)
    if ".tfrecord" in path.name or (not path.exists() and any(sign in name for sign in "*?[")):
        return open_records(name, find_records(name), corrupt=corrupt, channels=channels)
    if not path.exists():
        known = ["digits", *(f"keras:{name}" for name in CLASSES)]
        raise FactoryError(f"{name}: no such data; {did_you_mean(name, known)}; expected {KINDS}")
    if path.suffix == ".npz":
        return open_npz(path, channels=channels)
    raise FactoryError(f"{name}: no data to learn from; expected {KINDS}")
