"""Pixels out of encoded images: TensorFlow's and Pillow's ways agree, and with what Pillow itself says."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from data_files import picture
from PIL import Image, ImageOps

from factory.train.data.decoding import BY_TENSORFLOW, MODES, Unreadable, decode, decode_by_pillow, inspect


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def by_hand(contents: bytes, channels: int) -> np.ndarray:
    with Image.open(io.BytesIO(contents)) as image:
        array = np.asarray(ImageOps.exif_transpose(image).convert(MODES[channels]))
    return array.reshape(*array.shape[:2], channels)


def read(contents: bytes, channels: int) -> np.ndarray:
    """As data do: by whom the header says."""
    by_pillow = inspect(contents).kind not in BY_TENSORFLOW[channels]
    return decode(tf.constant(contents), by_pillow, channels).numpy()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_any_mode_equals_pillow(mode, channels):
    contents = encoded(picture(1, 9, 7).convert(mode), "PNG")
    np.testing.assert_array_equal(read(contents, channels), by_hand(contents, channels))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_equals_pillow_but_for_rounding(mode, channels):
    contents = encoded(picture(1, 21, 18).convert(mode), "JPEG")
    difference = read(contents, channels).astype(int) - by_hand(contents, channels)
    assert np.abs(difference).max() <= 2


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "TIFF"])
def test_other_formats_equal_pillow(kind, channels):
    contents = encoded(picture(2), kind)
    np.testing.assert_array_equal(read(contents, channels), by_hand(contents, channels))


def test_a_lossless_webp_keeps_every_pixel_and_its_alpha():
    pixels = np.random.default_rng(0).integers(1, 256, (5, 4, 4), "uint8")
    contents = encoded(Image.fromarray(pixels), "WEBP", lossless=True, exact=True)
    np.testing.assert_array_equal(read(contents, 4), pixels)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_an_image_is_turned_as_its_exif_data_say(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    contents = encoded(picture(3, 9, 4), "PNG", exif=exif)
    np.testing.assert_array_equal(read(contents, 3), by_hand(contents, 3))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_keep_their_upper_8(kind):
    values = np.array([[0, 255, 256], [25_700, 40_000, 65_535]], "uint16")
    contents = encoded(Image.fromarray(values), kind)
    np.testing.assert_array_equal(read(contents, 1)[..., 0], values // 256)


def test_who_decodes_may_be_told_in_graph():
    images = [encoded(picture(4), kind) for kind in ("PNG", "WEBP")]

    @tf.function
    def both(contents, by_pillow):
        return decode(contents, by_pillow, 3)

    for contents, by_pillow in zip(images, (False, True), strict=True):
        image = both(tf.constant(contents), tf.constant(by_pillow)).numpy()
        np.testing.assert_array_equal(image, by_hand(contents, 3))


def test_damaged_bytes_are_unreadable():
    with pytest.raises(Unreadable, match="in no known image format"):
        decode_by_pillow(b"no image", 3)
