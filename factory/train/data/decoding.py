"""Encoded images: what their headers say, and their pixels, by TensorFlow's decoder where it agrees with Pillow's."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO

import numpy as np
import tensorflow as tf
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from factory.train.data.headers import END_OF_JPEG, Header, Kind, jpeg_header, png_header

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's modes by number of channels."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_CHANNELS = {
    **dict.fromkeys(("1", "L", "La", "LA", "I;16", "I;16L", "I;16B", "I;16N"), 1),
    **dict.fromkeys(("P", "RGB", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"), 3),
    **dict.fromkeys(("RGBA", "RGBa", "PA"), 4),
}
_HEAD = 1 << 16  # bytes in which the header of a JPEG is looked for
_TAIL = 64  # bytes in which its end is looked for: cameras write padding behind it


class Unreadable(Exception):
    """An image that cannot be read; its text is the reason."""


BY_TENSORFLOW = {
    1: (Kind.JPEG, Kind.GRAY_PNG),  # a PNG's colours it weighs otherwise than Pillow does
    3: (Kind.JPEG, Kind.GRAY_PNG, Kind.COLOUR_PNG),
    4: (Kind.GRAY_PNG, Kind.COLOUR_PNG),
}
"""What TensorFlow decodes to so many channels as Pillow does, but for the rounding of a JPEG."""


def inspect(source: str | bytes) -> Header:
    """Looks at an image, a file or its bytes, as cheaply as it can be told from a broken one. Raises Unreadable.

    Of a JPEG the header is read and the end is looked for, of a PNG every checksum is compared; all else is decoded.
    """
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
            return _quick(file) or _by_pillow(file)
    except Exception as error:
        raise Unreadable(reason(error)) from None


def _quick(file: IO[bytes]) -> Header | None:
    head = file.read(_HEAD)
    if head.startswith(b"\x89PNG"):
        return png_header(head + file.read())
    tail = head
    if len(head) == _HEAD:
        file.seek(max(0, file.seek(0, io.SEEK_END) - _TAIL))
        tail = file.read()
    return jpeg_header(head, tail[-_TAIL:])


def _by_pillow(file: IO[bytes]) -> Header:
    """Decodes the image, but for a JPEG with an end: photographs with EXIF data would take long."""
    with Image.open(file, formats=_FORMATS) as image:
        channels = _CHANNELS.get(image.mode)
        if channels is None:
            raise Unreadable(f"pixels of mode {image.mode} are not supported")
        if image.mode == "P" and "transparency" in image.info:
            channels = 4
        ended = image.format == "JPEG" and _ends(file)
        if not ended:
            image.load()
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        width, height = image.size
        kind = Kind.JPEG if ended and image.mode in ("L", "RGB") and orientation == 1 else Kind.OTHER
    if 5 <= orientation <= 8:  # a quarter turn
        height, width = width, height
    return Header(height, width, channels, kind)


def _ends(file: IO[bytes]) -> bool:
    """Whether a JPEG has its end, without which TensorFlow refuses it."""
    file.seek(max(0, file.seek(0, io.SEEK_END) - _TAIL))
    return END_OF_JPEG in file.read()


def reason(error: Exception) -> str:
    """Why an image cannot be read. What Pillow raises for damaged files has no common class but Exception."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return "in no known image format"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def decode_by_pillow(contents: bytes, channels: int) -> np.ndarray:
    """The upright pixels of an encoded image, (height, width, channels) uint8. Raises Unreadable."""
    try:
        with Image.open(io.BytesIO(contents), formats=_FORMATS) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I;16"):  # Pillow would cut off what is above 255
                upright = Image.fromarray((np.asarray(upright).astype("uint16") >> 8).astype("uint8"))
            pixels = np.asarray(upright.convert(MODES[channels]))
    except Exception as error:
        raise Unreadable(reason(error)) from None
    return pixels[..., None] if channels == 1 else pixels


def decode(
    contents: tf.Tensor,
    by_pillow: tf.Tensor | bool,
    channels: int,
    pillow: Callable[[bytes, int], np.ndarray] = decode_by_pillow,
) -> tf.Tensor:
    """In graph: the pixels of an encoded image, a scalar string, as (height, width, channels) uint8.

    `by_pillow` says who decodes, a bool where that is known for all images. Python's part of the work is not parallel.
    """

    def by_python() -> tf.Tensor:
        return tf.numpy_function(lambda data: pillow(bytes_of(data), channels), [contents], tf.uint8)

    def by_tensorflow() -> tf.Tensor:  # decodes PNG, too
        return tf.io.decode_jpeg(contents, channels=channels, dct_method="INTEGER_ACCURATE")

    if isinstance(by_pillow, bool):
        image = by_python() if by_pillow else by_tensorflow()
    else:
        image = tf.cond(by_pillow, by_python, by_tensorflow)
    return tf.ensure_shape(image, (None, None, channels))


def bytes_of(data: bytes | np.ndarray) -> bytes:
    """A string that TensorFlow hands to Python: bytes in graph, an array of an object outside."""
    return data if isinstance(data, bytes) else data.item()
