"""Masks as PNG files: the number of every pixel's class, shown in colours that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from factory.errors import FactoryError
from factory.files import write_whole
from factory.models.images import UNSEEN, Found


def palette() -> list[int]:
    """Red, green and blue of the 256 classes, one after the other: the colours of PASCAL VOC's masks.

    The bits of the class number, three at a time, become the bits of red, green and blue from the highest down, so that
    neighbouring numbers differ most.
    """
    return [
        sum((number >> (3 * bit + colour) & 1) << (7 - bit) for bit in range(8))
        for number in range(256)
        for colour in range(3)
    ]


class MaskFolder:
    """Where the masks of these images go: a PNG of the same name, in the folder where the image was found.

    Raises FactoryError where two images would have one mask, or a mask would take the place of an image.
    """

    def __init__(self, folder: Path, images: Sequence[Found]):
        self.folder = folder
        names = Counter(self._path(image) for image in images)
        if twice := [path for path, count in names.items() if count > 1]:
            same = [str(image.path) for image in images if self._path(image) == twice[0]]
            raise FactoryError(f"{' and '.join(same[:2])} would have the same mask, {twice[0]}")
        for image in images:
            if self._path(image).resolve() in {other.path.resolve() for other in images}:
                raise FactoryError(f"{self._path(image)}: the mask would replace an image: choose another folder")

    def _path(self, image: Found) -> Path:
        return self.folder / image.inside.with_suffix(".png")

    def write(self, image: Found, classes: np.ndarray) -> Path:
        """Writes class numbers, (h, w) of 0 to 254 or UNSEEN, and returns the path. Raises FactoryError."""
        path, mask = self._path(image), Image.fromarray(classes.astype("uint8"), "P")
        mask.putpalette(palette())
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda file: mask.save(file, "PNG"))
        except OSError as error:
            raise FactoryError(f"{path}: cannot write the mask: {error.strerror or error}") from None
        return path


def shares(classes: np.ndarray, count: int) -> np.ndarray:
    """The share that each of `count` classes has of the pixels that the network has seen, (count,)."""
    pixels = np.bincount(classes.ravel(), minlength=UNSEEN + 1)[:count]
    return pixels / max(1, pixels.sum())
