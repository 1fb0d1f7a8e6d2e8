"""Headers of images: sizes, channels and damage, compared with what Pillow says of the same bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from data_files import picture, pixels
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from factory.train.data.decoding import Unreadable, decode, inspect
from factory.train.data.headers import Header, Kind, jpeg_header, png_header


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]), st.booleans(), st.integers(5, 95))
def test_a_jpeg_header_has_the_size_and_channels_of_pillow(height, width, channels, progressive, quality):
    contents = encoded(picture(1, height, width, channels), "JPEG", progressive=progressive, quality=quality)
    with Image.open(io.BytesIO(contents)) as image:
        expected = Header(image.height, image.width, len(image.getbands()), Kind.JPEG)
    assert jpeg_header(contents, contents[-64:]) == inspect(contents) == expected


@pytest.mark.parametrize(
    ("mode", "channels", "kind"),
    [
        ("1", 1, Kind.OTHER),
        ("L", 1, Kind.GRAY_PNG),
        ("LA", 1, Kind.GRAY_PNG),
        ("P", 3, Kind.COLOUR_PNG),
        ("RGB", 3, Kind.COLOUR_PNG),
        ("RGBA", 4, Kind.COLOUR_PNG),
    ],
)
def test_a_png_header_has_the_size_of_pillow_and_the_channels_of_its_mode(mode, channels, kind):
    contents = encoded(picture(2, 7, 3).convert(mode), "PNG")
    assert png_header(contents) == inspect(contents) == Header(7, 3, channels, kind)


def test_a_palette_with_a_transparent_colour_has_four_channels():
    contents = encoded(picture(2).convert("P"), "PNG", transparency=0)
    assert inspect(contents).channels == 4


def test_a_png_of_16_bits_has_one_channel():
    contents = encoded(Image.fromarray(np.full((4, 5), 40_000, "uint16")), "PNG")
    assert inspect(contents) == Header(4, 5, 1, Kind.OTHER)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_upright_image(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    contents = encoded(picture(3, 9, 4), kind, exif=exif)
    with Image.open(io.BytesIO(contents)) as image:
        upright = ImageOps.exif_transpose(image)
    header = inspect(contents)
    assert (header.height, header.width) == (upright.height, upright.width)
    if orientation > 1:
        assert header.kind == Kind.OTHER


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "TIFF"])
def test_other_formats_are_left_to_pillow(kind):
    assert inspect(encoded(picture(4), kind)) == Header(6, 5, 3, Kind.OTHER)


def test_cmyk_is_left_to_pillow():
    assert inspect(encoded(picture(4).convert("CMYK"), "JPEG")) == Header(6, 5, 3, Kind.OTHER)


def test_padding_behind_a_jpeg_does_no_harm_but_a_long_tail_is_left_to_pillow():
    contents = encoded(picture(4), "JPEG")
    assert inspect(contents + bytes(30)).kind == Kind.JPEG
    assert inspect(contents + bytes(300)).kind == Kind.OTHER


def test_a_header_behind_long_metadata_is_found_by_pillow():
    contents = encoded(picture(4), "JPEG", icc_profile=bytes(200_000))
    assert jpeg_header(contents[:65_536], contents[-64:]) is None
    assert inspect(contents) == Header(6, 5, 3, Kind.JPEG)


def check_unreadable_or_whole(contents: bytes) -> bool:
    """Whether the image of `picture(5)` is found to be damaged; else all its pixels must be there."""
    try:
        header = inspect(contents)
    except Unreadable:
        return True
    read = decode(tf.constant(contents), header.kind == Kind.OTHER, 3).numpy()
    np.testing.assert_array_equal(read, pixels(5))
    return False


def test_a_png_cut_anywhere_is_unreadable_or_has_all_its_pixels():
    contents = encoded(picture(5), "PNG")
    found = [check_unreadable_or_whole(contents[:length]) for length in range(len(contents))]
    assert all(found[: len(contents) - 20])  # behind the pixels come two checksums and the end


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_an_image_cut_in_half_is_unreadable(kind):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    contents = encoded(Image.fromarray(noise), kind)
    with pytest.raises(Unreadable, match=r"."):
        inspect(contents[: len(contents) // 2])


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_png_with_any_byte_changed_is_unreadable_or_has_all_its_pixels(place, change):
    contents = bytearray(encoded(picture(5), "PNG"))
    contents[place % len(contents)] ^= change
    check_unreadable_or_whole(bytes(contents))


def test_reasons_are_in_words(tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(Unreadable, match="in no known image format"):
        inspect(str(tmp_path / "text.jpg"))
    with pytest.raises(Unreadable, match="No such file"):
        inspect(str(tmp_path / "none.jpg"))
    with pytest.raises(Unreadable, match="mode F"):
        inspect(encoded(Image.fromarray(np.zeros((3, 3), "float32")), "TIFF"))
