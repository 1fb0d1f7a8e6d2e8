"""Images with masks: the class of every pixel, as the gray value or palette index in a file beside the image."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from factory.errors import FactoryError
from factory.models.labels import read_label_file
from factory.train.data.dataset import IGNORED, Parts, fingerprint
from factory.train.data.decoding import Unreadable, reason
from factory.train.data.files import Files, images_below
from factory.train.data.headers import Header, Kind
from factory.train.data.images import EncodedImages
from factory.train.data.opening import Found, assemble, in_parallel, look_at, stamp

IMAGES, MASKS, CLASSES = "images", "masks", "classes.txt"
MASK_SUFFIXES = (".png", ".bmp", ".gif", ".tif", ".tiff")  # JPEG would change the numbers

_FORMATS = ("PNG", "BMP", "GIF", "TIFF")
_STEPS = {"L;2": 85, "L;4": 17}  # Pillow spreads the gray values of 2 and 4 bits over 0 to 255
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Mask:
    """What is known of a mask: its size, the class numbers in it, in order, who decodes it."""

    height: int
    width: int
    numbers: np.ndarray
    kind: Kind


def open_masks(root: Path, folders: Mapping[str, Path], *, corrupt: float, channels: int | None) -> Parts:
    """Images in images/ with masks of the same names, but for the suffix, in masks/; 255 marks pixels to ignore.

    The names of the classes stand in classes.txt, else they are the numbers up to the largest of the train part. Raises
    FactoryError for images and masks without partner, other sizes of the two, numbers that are no classes.
    """
    pairs = {part: _pairs(folder) for part, folder in folders.items()}
    looks = {part: in_parallel(lambda pair: (look_at(pair[0]), look_at_mask(pair[1])), pairs[part]) for part in pairs}
    given = [folder / CLASSES for folder in (root, folders["train"]) if (folder / CLASSES).is_file()]
    masks = {part: [mask for _, mask in looks[part]] for part in looks}
    classes = read_label_file(given[0]) if given else _numbered(folders["train"], masks["train"])
    if not 2 <= len(classes) <= IGNORED:
        raise FactoryError(f"{given[0] if given else root}: {len(classes)} classes; expected 2 to {IGNORED}")
    found = {}
    for part, files in pairs.items():
        _check_numbers([path for _, path in files], masks[part], len(classes))
        headers = [_both(files[index], *look) for index, look in enumerate(looks[part])]
        found[part] = Found(
            contents=Files.of([image for image, _ in files]),
            headers=headers,
            targets=None,
            stamp=fingerprint(stamp(root, [path for pair in files for path in pair]), *classes),
            masks=_encoded(Files.of([path for _, path in files]), masks[part]),
        )
    return assemble(str(root), "pixels", classes, found, corrupt=corrupt, channels=channels)


def _encoded(contents: Files, masks: Sequence[Mask | Unreadable]) -> EncodedImages:
    kinds = [mask.kind if isinstance(mask, Mask) else Kind.OTHER for mask in masks]
    sizes = {(mask.height, mask.width) for mask in masks if isinstance(mask, Mask)}
    shape = sizes.pop() if len(sizes) == 1 else None
    return EncodedImages(contents, np.array(kinds, "uint8"), channels=1, shape=shape, pillow=decode_mask)


def _pairs(folder: Path) -> list[tuple[str, str]]:
    """Every image with its mask."""
    images = _by_stem(folder / IMAGES, images_below(folder / IMAGES))
    masks = _by_stem(folder / MASKS, images_below(folder / MASKS, MASK_SUFFIXES))
    for those, others, missing in ((images, masks, "mask"), (masks, images, "image")):
        alone = sorted(those.keys() - others.keys())
        if alone:
            more = f" and {len(alone) - _SHOWN:,} more" if len(alone) > _SHOWN else ""
            names = ", ".join(those[stem] for stem in alone[:_SHOWN])
            where = f"{MASKS}/NAME.png" if missing == "mask" else f"{IMAGES}/NAME.jpg"
            raise FactoryError(f"{folder}: no {missing} of {names}{more}; expected {where} for every one")
    if not images:
        raise FactoryError(f"{folder}: no images in {IMAGES}/")
    return [(images[stem], masks[stem]) for stem in images]


def _by_stem(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        stem = os.path.splitext(os.path.relpath(path, folder))[0]
        if stem in found:
            other = os.path.basename(found[stem])
            raise FactoryError(f"{path}: {other} has the same name but for the suffix; one of them must go")
        found[stem] = path
    return found


def look_at_mask(path: str) -> Mask | Unreadable:
    """What a mask holds, or why it cannot be read. Raises FactoryError where it is no image of numbers."""
    try:
        contents = Path(path).read_bytes()
        pixels = decode_mask(contents)[..., 0]
    except OSError as error:
        return Unreadable(reason(error))
    except Unreadable as error:
        return error
    except FactoryError as error:
        raise FactoryError(f"{path}: {error}") from None
    plain = contents[24:26] == b"\x08\x00"  # a PNG of 8 bits gray: TensorFlow reads the same numbers
    kind = Kind.GRAY_PNG if plain and contents[:4] == b"\x89PNG" else Kind.OTHER
    height, width = pixels.shape
    return Mask(height, width, np.flatnonzero(np.bincount(pixels.ravel())).astype("uint8"), kind)


def decode_mask(contents: bytes, channels: int = 1) -> np.ndarray:
    """The class numbers in an encoded mask, (height, width, 1) uint8. Raises Unreadable, FactoryError for colours."""
    try:
        with Image.open(io.BytesIO(contents), formats=_FORMATS) as image:
            step = _STEPS.get(str(image.tile[0].args), 1) if image.format == "PNG" else 1
            mode, pixels = image.mode, np.asarray(image)
    except Exception as error:
        raise Unreadable(reason(error)) from None
    if mode not in ("1", "L", "P") and not mode.startswith("I"):
        raise FactoryError(f"a mask in {mode} pixels; expected a gray or palette image of class numbers")
    if pixels.max(initial=0) > IGNORED or pixels.min(initial=0) < 0:
        raise FactoryError(f"class number {pixels.max()}; expected 0 to {IGNORED - 1}, or {IGNORED} to ignore a pixel")
    return (pixels.astype("uint8") // step)[..., None]


def _both(paths: tuple[str, str], image: Header | Unreadable, mask: Mask | Unreadable) -> Header | Unreadable:
    """The header of an image whose mask fits it."""
    if isinstance(image, Unreadable):
        return image
    if isinstance(mask, Unreadable):
        return Unreadable(f"its mask {paths[1]}: {mask}")
    if (image.height, image.width) != (mask.height, mask.width):
        raise FactoryError(
            f"{paths[1]}: the mask is {mask.height}x{mask.width} pixels (height x width), "
            f"its image {paths[0]} {image.height}x{image.width}"
        )
    return image


def _numbered(folder: Path, masks: Sequence[Mask | Unreadable]) -> list[str]:
    """Classes by number, as many as the masks have."""
    numbers = sorted({int(number) for mask in masks if isinstance(mask, Mask) for number in mask.numbers})
    classes = [number for number in numbers if number != IGNORED]
    if len(classes) < 2:
        raise FactoryError(
            f"{folder / MASKS}: only the numbers {', '.join(map(str, numbers))} in all masks; expected several "
            f"classes, from 0 on; {IGNORED} marks pixels to ignore"
        )
    return [str(number) for number in range(classes[-1] + 1)]


def _check_numbers(paths: Sequence[str], masks: Sequence[Mask | Unreadable], classes: int) -> None:
    for path, mask in zip(paths, masks, strict=True):
        if isinstance(mask, Mask) and len(wrong := mask.numbers[(mask.numbers >= classes) & (mask.numbers != IGNORED)]):
            raise FactoryError(f"{path}: class number {wrong[-1]}, but there are {classes} classes: 0 to {classes - 1}")
