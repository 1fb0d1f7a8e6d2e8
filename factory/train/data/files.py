"""Image files: finding them in folders, and their bytes as contents of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.data.decoding import IMAGE_SUFFIXES

PART_NAMES = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}
"""The parts of data by the names of folders and files."""


@dataclass(frozen=True, eq=False)
class Files:
    """One encoded image a file: `paths` (n,) of str."""

    paths: np.ndarray

    @classmethod
    def of(cls, paths: Sequence[str]) -> Files:
        return cls(np.array(paths, object))

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def _tensor(self) -> tf.Tensor:
        with tf.init_scope(), tf.device("CPU:0"):
            return tf.constant(self.paths, tf.string)

    def read(self, index: tf.Tensor) -> tf.Tensor:
        return tf.io.read_file(tf.gather(self._tensor, index))

    def fetch(self, index: int) -> bytes:
        return Path(self.paths[index]).read_bytes()

    def name(self, index: int) -> str:
        return self.paths[index]

    def subset(self, indices: np.ndarray) -> Files:
        return Files(self.paths[indices])


def is_hidden(name: str) -> bool:
    """Whether a file or folder is the system's, not the user's: .DS_Store, ._photo.jpg, __MACOSX."""
    return name.startswith((".", "__MACOSX"))


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, by name; hidden ones are none. Raises FactoryError where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path.name))
    except OSError as error:
        raise FactoryError(f"{folder}: cannot be read: {error.strerror or error}") from None


def images_below(folder: Path, suffixes: tuple[str, ...] = IMAGE_SUFFIXES) -> list[str]:
    """All image files in a folder and the folders in it, by name; hidden ones are none. Raises FactoryError."""

    def refuse(error: OSError) -> None:
        raise FactoryError(f"{error.filename}: cannot be read: {error.strerror or error}")

    found = []
    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = [name for name in folders if not is_hidden(name)]
        found += [
            os.path.join(place, name) for name in names if name.lower().endswith(suffixes) and not is_hidden(name)
        ]
    return sorted(found)
