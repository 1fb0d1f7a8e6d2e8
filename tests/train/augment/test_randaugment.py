"""RandAugment's operations are Pillow's, each as strong as the magnitude says, chosen alike often."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from pictures import NO_TARGETS, changed, columns, masks, pictures
from PIL import Image, ImageEnhance, ImageOps

from factory.train.augment.randaugment import OPERATIONS, operate, randaugment
from factory.train.augment.tones import autocontrast, equalize, posterize, solarize
from factory.train.data.dataset import IGNORED

LAYERS = {"layers": 1, "magnitude": 9.0}


def smooth(count: int = 1, size: int = 32) -> np.ndarray:
    coarse = tf.image.resize(pictures(count, 5, 5), (size, size), method="bicubic")
    return np.round(np.clip(coarse, 0, 255)).astype("float32")


def picture_of(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image.astype("uint8"))


def draw_of(name: str) -> float:
    """A draw that chooses the operation."""
    return (OPERATIONS.index(name) + 0.5) / len(OPERATIONS)


def done(
    name: str, images: np.ndarray, amount: float, targets: np.ndarray = NO_TARGETS
) -> tuple[np.ndarray, np.ndarray]:
    which = np.full(len(images), OPERATIONS.index(name), "int32")
    targets = targets if len(targets) else np.zeros(len(images), "int32")
    return changed(operate, images, targets, which, np.full(len(images), amount, "float32"))


def moved(image: Image.Image, *affine: float) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR, fillcolor=(128,) * 3)


PILLOW: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "identity": lambda image, amount: image,
    "autocontrast": lambda image, amount: ImageOps.autocontrast(image),
    "equalize": lambda image, amount: ImageOps.equalize(image),
    "solarize": lambda image, amount: ImageOps.solarize(image, int(np.ceil(256 * (1 - abs(amount))))),
    "posterize": lambda image, amount: ImageOps.posterize(image, 8 - round(4 * abs(amount))),
    "color": lambda image, amount: ImageEnhance.Color(image).enhance(1 + 0.9 * amount),
    "contrast": lambda image, amount: ImageEnhance.Contrast(image).enhance(1 + 0.9 * amount),
    "brightness": lambda image, amount: ImageEnhance.Brightness(image).enhance(1 + 0.9 * amount),
    "sharpness": lambda image, amount: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * amount),
    "rotate": lambda image, amount: image.rotate(30 * amount, Image.Resampling.BILINEAR, fillcolor=(128,) * 3),
    # Pillow's maps take pixels' corners: a shear that leaves the centre alone has half of it as its offset
    "shear_x": lambda image, amount: moved(image, 1, 0.3 * amount, -0.15 * amount * image.height, 0, 1, 0),
    "shear_y": lambda image, amount: moved(image, 1, 0, 0, 0.3 * amount, 1, -0.15 * amount * image.width),
    "translate_x": lambda image, amount: moved(image, 1, 0, -round(amount * 150 / 331 * image.width), 0, 1, 0),
    "translate_y": lambda image, amount: moved(image, 1, 0, 0, 0, 1, -round(amount * 150 / 331 * image.height)),
}


def inside(operation: Callable[[Image.Image, float], Image.Image], amount: float, margin: int = 1) -> np.ndarray:
    """Which pixels show the image, and not what comes in, without (or with) so many around the border between them."""
    shown = np.asarray(operation(Image.new("RGB", (32, 32), (255, 0, 0)), amount))[..., 0] == 255
    field = np.pad(shown if margin > 0 else ~shown, 1)
    kept = np.all([np.roll(field, move, (0, 1)) for move in np.ndindex(3, 3)], axis=0)[2:, 2:]
    return kept if margin > 0 else ~kept


def test_there_are_the_fourteen_operations_of_the_paper():
    assert set(OPERATIONS) == set(PILLOW)
    assert len(OPERATIONS) == 14


@pytest.mark.parametrize("amount", [-0.9, -0.3, 0.3, 1.0])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_pillows(name, amount):
    image = smooth()
    result = done(name, image, amount)[0][0]
    expected = np.asarray(PILLOW[name](picture_of(image[0]), amount), "float32")
    seen = np.ones((32, 32), bool)
    if name in ("rotate", "shear_x", "shear_y", "translate_x", "translate_y"):
        # at the border Pillow does not blend the image with what comes in
        seen = inside(PILLOW[name], amount)
        assert seen.mean() > 0.2
        assert (result[~inside(PILLOW[name], amount, margin=-1)] == 128).all()
    np.testing.assert_allclose(result[seen], expected[seen], atol=2)  # Pillow rounds down, twice


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_magnitude_only_the_two_operations_without_strength_do_anything(name):
    image = smooth()
    result = done(name, image, 0.0)[0]
    if name in ("autocontrast", "equalize"):
        assert np.abs(result - image).max() > 2
    else:
        np.testing.assert_allclose(result, image, atol=1e-3)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in ("identity", "autocontrast", "equalize")])
def test_a_higher_magnitude_changes_an_image_more(name):
    image = np.broadcast_to(np.linspace(20, 235, 32, dtype="float32")[:, None, None], (32, 32, 3)).copy()
    image = (image + image.transpose(1, 0, 2))[None] / 2 + pictures(1, 32, 32) / 12
    changes = [np.abs(done(name, image, amount)[0] - image).mean() for amount in (0.25, 0.5, 1.0)]
    assert changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize("name", ["rotate", "shear_x", "shear_y", "translate_x", "translate_y"])
def test_masks_move_with_their_images(name):
    mask = masks(1, 32, 32)
    image = np.repeat(mask[..., None], 3, axis=-1).astype("float32")
    moved_image, moved_mask = done(name, image, 0.5, mask)
    inside = moved_mask != IGNORED
    assert 0.4 < inside.mean() < 1
    if name.startswith("translate"):
        np.testing.assert_array_equal(moved_image[..., 0][inside], moved_mask[inside])
    else:
        expected = Image.fromarray(mask[0].astype("uint8"))
        turned = PILLOW[name](Image.merge("RGB", [expected] * 3), 0.5)
        assert np.corrcoef(np.asarray(turned)[..., 0][inside[0]], moved_mask[inside])[0, 1] > 0.5
    assert moved_mask.dtype == np.int32


@pytest.mark.parametrize("name", [name for name in OPERATIONS if PILLOW[name] and "_" not in name and name != "rotate"])
def test_masks_do_not_change_with_colours(name):
    mask = masks(2, 16, 16)
    np.testing.assert_array_equal(done(name, pictures(2, 16, 16), 0.9, mask)[1], mask)


def test_each_image_of_a_batch_has_its_own_operation_and_sign():
    images = smooth(14)
    which = np.arange(14, dtype="int32")[::-1].copy()
    amounts = np.where(np.arange(14) % 2, 0.6, -0.6).astype("float32")
    together, _ = changed(operate, images, np.zeros(14, "int32"), which, amounts)
    for place, (operation, amount) in enumerate(zip(which, amounts, strict=True)):
        alone = done(OPERATIONS[operation], images[place : place + 1], amount)[0]
        np.testing.assert_allclose(together[place], alone[0], atol=1e-3)


def test_draws_choose_the_operation_its_sign_and_the_layers_follow_each_other():
    images = smooth(1)
    draws = columns(draw_of("rotate"), 0.3, draw_of("brightness"), 0.7)
    twice, _ = changed(randaugment, images, np.zeros(1, "int32"), draws, layers=2, magnitude=4.0)
    expected = done("brightness", done("rotate", images, -0.4)[0], 0.4)[0]
    np.testing.assert_allclose(twice, expected, atol=1e-3)


def test_every_operation_is_chosen_alike_often():
    draws = columns((np.arange(1400) + 0.5) / 1400, 0.0, rows=1400)
    chosen = np.floor(draws[:, 0] * len(OPERATIONS)).astype(int)
    assert np.bincount(chosen).tolist() == [100] * 14
    images = np.full((1400, 1, 1, 1), 100, "float32")
    result, _ = changed(randaugment, images, np.zeros(1400, "int32"), draws, layers=1, magnitude=10.0)
    darker = np.isclose(result[:, 0, 0, 0], 10)  # brightness alone gives 1 - 0.9 of it
    assert np.flatnonzero(darker).tolist() == np.flatnonzero(chosen == OPERATIONS.index("brightness")).tolist()


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_images_and_alpha_are_allowed(channels):
    images = pictures(28, 8, 8, channels)
    draws = columns((np.arange(28) % 14 + 0.5) / 14, np.arange(28) >= 14, rows=28)
    result, _ = changed(randaugment, images, np.zeros(28, "int32"), draws, **LAYERS)
    assert result.shape == images.shape
    assert result.min() >= 0
    assert result.max() <= 255


images_of_tones = st.integers(0, 10_000).map(lambda seed: tones(seed))


def tones(seed: int) -> np.ndarray:
    """Images with few or many tones, in narrow or wide ranges."""
    rng = np.random.default_rng(seed)
    low, high = sorted(rng.integers(0, 256, 2))
    size = rng.integers(1, 40)
    return rng.integers(low, high + 1, (1, size, rng.integers(1, 40), 3)).astype("float32")


@given(images_of_tones)
def test_tones_are_spread_as_in_pillow(image):
    picture = picture_of(image[0])
    np.testing.assert_array_equal(equalize(tf.constant(image))[0], np.asarray(ImageOps.equalize(picture)))
    np.testing.assert_allclose(autocontrast(tf.constant(image))[0], np.asarray(ImageOps.autocontrast(picture)), atol=1)


@given(images_of_tones, st.integers(0, 256), st.integers(1, 8))
def test_tones_are_inverted_and_cut_as_in_pillow(image, threshold, bits):
    picture, pixels = picture_of(image[0]), tf.constant(image)
    inverted = solarize(pixels, tf.constant([float(threshold)]))
    np.testing.assert_array_equal(inverted[0], np.asarray(ImageOps.solarize(picture, threshold)))
    cut = posterize(pixels, tf.constant([float(bits)]))
    np.testing.assert_array_equal(cut[0], np.asarray(ImageOps.posterize(picture, bits)))
