"""Image files to predict: which ones are meant, and their pixels in the size that a network expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from factory.errors import FactoryError

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's modes by number of channels."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
"""Files of these names in a folder are images."""
UNSEEN = 255
"""The class number of pixels that a network was not shown."""

Resize = Literal["stretch", "crop", "pad"]
Size = tuple[int, int]
"""(height, width) in pixels."""


@dataclass(frozen=True)
class Found:
    """An image file, and its path from the folder in which it was found; one that was named has its name only."""

    path: Path
    inside: Path


def find_images(places: Sequence[str | Path]) -> list[Found]:
    """The files among these places, and the images in the folders among them and in folders within.

    Raises FactoryError for a file that is missing or no image at all, as a slip of the pen makes it, and for a folder
    without images. Hidden files and folders are passed over.
    """
    found = []
    for place in map(Path, places):
        if not place.is_dir():
            with _reading(place), Image.open(place):
                found.append(Found(place, Path(place.name)))
            continue
        inside = [path.relative_to(place) for path in sorted(place.rglob("*")) if path.is_file()]
        images = [path for path in inside if path.suffix.lower() in SUFFIXES and not _hidden(path)]
        if not images:
            raise FactoryError(f"{place}: there are no images in this folder; expected files *{', *'.join(SUFFIXES)}")
        found += [Found(place / path, path) for path in images]
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read_image(
    path: str | Path, shape: tuple[int | None, ...], resize: Resize = "stretch", scale: float = 1.0
) -> np.ndarray:
    """An image file as pixels 0 to 255, (height, width, channels), float32, in the size that a model expects.

    It is turned as its EXIF data say, and sized as `pixels_of` says. Raises FactoryError where it cannot be read.
    """
    return pixels_of(open_upright(path, mode_of(shape)), shape, resize, scale)


def pixels_of(
    image: Image.Image, shape: tuple[int | None, ...], resize: Resize = "stretch", scale: float = 1.0
) -> np.ndarray:
    """Pixels 0 to 255, (height, width, channels), float32: the middle of the image at `scale` times the model's size.

    How it comes to that size `fit` says; where the model's size is free, the image keeps its own.
    """
    height, width, _ = shape
    if height is None or width is None:
        return fit(image, (height or image.height, width or image.width), resize)
    larger = round(scale * height), round(scale * width)
    top, left = (larger[0] - height) // 2, (larger[1] - width) // 2
    return fit(image, larger, resize)[top : top + height, left : left + width]


def mode_of(shape: tuple[int | None, ...]) -> str:
    """Pillow's mode of the images that a model expects. Raises FactoryError where no image file has such channels."""
    channels = shape[-1]
    if channels not in MODES:
        raise FactoryError(f"image files have 1, 3 or 4 channels, this model expects {channels}")
    return MODES[channels]


def open_upright(path: str | Path, mode: str) -> Image.Image:
    """An image in a mode of Pillow's, turned as its EXIF data say. Raises FactoryError where it cannot be read."""
    with _reading(path), Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert(mode)


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    try:
        yield
    except UnidentifiedImageError:
        raise FactoryError(f"{path}: cannot be read as an image: it is in no known image format") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FactoryError(f"{path}: cannot be read as an image: {reason}") from None


def fit(image: Image.Image, size: Size, resize: Resize) -> np.ndarray:
    """The pixels of an image in this size, (height, width, channels) float32, shrunk with antialiasing.

    stretch: the aspect ratio changes. crop: the short side fits and the middle is cut out. pad: the long side fits and
    black comes in evenly around it.
    """
    (inner, top, left), mode = _inner((image.height, image.width), size, resize), image.mode
    if inner != (image.height, image.width):
        image = image.resize(inner[::-1], Image.Resampling.BILINEAR)
    if inner != size:
        canvas = Image.new(mode, size[::-1])
        canvas.paste(image, (left, top))
        image = canvas
    pixels = np.asarray(image, "float32")
    return pixels[..., None] if mode == "L" else pixels


def unfit(classes: np.ndarray, size: Size, resize: Resize) -> np.ndarray:
    """What `fit` did to an image of `size`, undone for the classes of its pixels, uint8: (h, w) -> size.

    Pixels that `crop` cut off, the network has not seen: they are UNSEEN.
    """
    inner, top, left = _inner(size, classes.shape, resize)  # type: ignore[arg-type]
    canvas = Image.new("L", inner[::-1], UNSEEN)
    canvas.paste(Image.fromarray(classes.astype("uint8")), (-left, -top))
    return np.asarray(canvas.resize(size[::-1], Image.Resampling.NEAREST))


def _inner(given: Size, size: Size, resize: Resize) -> tuple[Size, int, int]:
    """The size to which an image is brought, and where it then lies in the wanted size: (size, top, left)."""
    if resize == "stretch":
        return size, 0, 0
    ratios = [new / old for new, old in zip(size, given, strict=True)]
    ratio = max(ratios) if resize == "crop" else min(ratios)
    height, width = (max(1, round(old * ratio)) for old in given)
    return (height, width), _before(height, size[0]), _before(width, size[1])


def _before(inner: int, size: int) -> int:
    """Pixels before an image in a larger size, or, below 0, those cut off it; an odd one is behind."""
    return (size - inner) // 2 if inner <= size else -((inner - size) // 2)
