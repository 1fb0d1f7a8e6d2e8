"""Image files to predict: which ones, in which size, and the way back for masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from factory.errors import FactoryError
from factory.models.images import UNSEEN, Resize, find_images, fit, pixels_of, read_image, unfit

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


def picture(height: int, width: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture(4, 5).convert("RGB").save(folder / name)


def test_folders_are_searched_in_order_and_hidden_files_passed_over(tmp_path: Path):
    touch(tmp_path, "b/2.PNG", "b/10.jpg", "a/x.webp", "c.bmp", ".hidden/1.png", "a/.2.png", "a/deep/er/y.tif")
    (tmp_path / "a/notes.txt").write_text("no image")
    found = find_images([tmp_path, tmp_path / "b/2.PNG"])
    inside = ["a/deep/er/y.tif", "a/x.webp", "b/10.jpg", "b/2.PNG", "c.bmp"]
    assert [str(image.inside) for image in found] == [*inside, "2.PNG"]
    assert [image.path for image in found[:-1]] == [tmp_path / name for name in inside]


def test_an_image_may_have_any_name_where_it_is_named(tmp_path: Path):
    touch(tmp_path, "x.png")
    (tmp_path / "x.png").rename(tmp_path / "picture")
    [found] = find_images([tmp_path / "picture"])
    assert found.path == tmp_path / "picture"


def test_what_cannot_be_an_image_is_told_before_anything_else(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FactoryError, match=r"notes.txt: cannot be read as an image: it is in no known image format"):
        find_images([tmp_path / "notes.txt"])
    with pytest.raises(FactoryError, match=r"none.png: cannot be read as an image: No such file or directory"):
        find_images([tmp_path / "none.png"])
    with pytest.raises(FactoryError, match=r"empty: there are no images in this folder; expected files \*.jpg, "):
        find_images([tmp_path / "empty"])


def test_an_image_is_stretched_as_pillow_does(tmp_path: Path):
    image = picture(20, 30)
    image.save(tmp_path / "x.png")
    expected = np.asarray(image.resize((12, 10), Image.Resampling.BILINEAR), "float32")
    np.testing.assert_array_equal(read_image(tmp_path / "x.png", (10, 12, 3)), expected)
    np.testing.assert_array_equal(read_image(tmp_path / "x.png", (None, None, 3)), np.asarray(image))


def test_crop_takes_the_middle_and_pad_puts_black_around():
    image = picture(10, 30)
    pixels = np.asarray(image, "float32")
    np.testing.assert_array_equal(fit(image, (10, 11), "crop"), pixels[:, 9:20])
    padded = fit(image, (33, 30), "pad")
    np.testing.assert_array_equal(padded[11:21], pixels)
    assert not padded[:11].any() and not padded[21:].any()


@given(sizes, sizes, st.sampled_from(["crop", "pad"]))
def test_crop_and_pad_keep_the_aspect_ratio(given_size: tuple[int, int], size: tuple[int, int], resize: Resize):
    white = Image.new("L", given_size[::-1], 255)
    pixels = fit(white, size, resize)[..., 0]
    assert pixels.shape == size
    ratios = np.divide(size, given_size)
    if resize == "crop":
        assert pixels.min() == 255
        return
    inner = [len(np.flatnonzero(pixels.any(axis=axis))) for axis in (1, 0)]
    assert np.abs(np.array(inner) - np.maximum(min(ratios) * np.array(given_size), 1)).max() <= 0.5
    assert max(np.divide(inner, size)) == 1


def test_a_scale_takes_the_middle_of_a_larger_image():
    image = picture(30, 30)
    larger = np.asarray(image.resize((12, 12), Image.Resampling.BILINEAR), "float32")
    np.testing.assert_array_equal(pixels_of(image, (8, 8, 3), "stretch", 1.5), larger[2:10, 2:10])


def test_images_are_turned_as_their_exif_data_say(tmp_path: Path):
    image = picture(6, 9)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise brings it upright
    image.save(tmp_path / "x.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "x.png", (None, None, 3)), np.rot90(np.asarray(image), -1))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_images_have_the_channels_that_the_model_expects(channels: int, mode: str, tmp_path: Path):
    image = picture(5, 6)
    image.save(tmp_path / "x.png")
    expected = np.asarray(image.convert(mode)).reshape(5, 6, channels)
    np.testing.assert_array_equal(read_image(tmp_path / "x.png", (5, 6, channels)), expected)
    with pytest.raises(FactoryError, match="image files have 1, 3 or 4 channels, this model expects 2"):
        read_image(tmp_path / "x.png", (5, 6, 2))


@given(sizes, sizes, st.sampled_from(["stretch", "crop", "pad"]))
def test_the_way_back_has_the_images_size_and_unseen_pixels_only_where_they_were_cut_off(
    given_size: tuple[int, int], size: tuple[int, int], resize: Resize
):
    back = unfit(np.ones(size, "uint8"), given_size, resize)
    assert back.shape == given_size
    assert set(np.unique(back)) <= ({1, UNSEEN} if resize == "crop" else {1})


def test_the_way_back_puts_every_class_where_it_was_seen():
    left = np.zeros((8, 12), "uint8")
    left[:, :6] = 1
    assert unfit(left, (16, 24), "stretch").tolist() == left.repeat(2, axis=0).repeat(2, axis=1).tolist()
    cut = unfit(np.array([[1, 2], [3, 4]], "uint8"), (2, 6), "crop")
    assert cut.tolist() == [[UNSEEN, UNSEEN, 1, 2, UNSEEN, UNSEEN], [UNSEEN, UNSEEN, 3, 4, UNSEEN, UNSEEN]]
    padded = np.array([[9, 9, 9, 9], [1, 2, 3, 4], [5, 6, 7, 8], [9, 9, 9, 9]], "uint8")
    assert unfit(padded, (2, 4), "pad").tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
