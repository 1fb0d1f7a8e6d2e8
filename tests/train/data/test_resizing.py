"""Images and masks come to a size as Pillow brings them there."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from factory.train.data.dataset import IGNORED
from factory.train.data.resizing import resize_images, resize_masks, shrink

RNG = np.random.default_rng(0)
POLICIES = ("stretch", "crop", "pad")


def image(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3)).astype("uint8")


def by_pillow(pixels: np.ndarray, height: int, width: int, policy: str, how: Image.Resampling, fill: int) -> np.ndarray:
    """The image resized by Pillow, cut or padded by NumPy."""
    given_height, given_width = pixels.shape[:2]
    if policy == "stretch":
        return np.asarray(Image.fromarray(pixels).resize((width, height), how))
    choose = max if policy == "crop" else min
    factor = choose(height / given_height, width / given_width)
    inner = round(given_height * factor), round(given_width * factor)
    resized = np.asarray(Image.fromarray(pixels).resize(inner[::-1], how))
    if policy == "crop":
        top, left = (inner[0] - height) // 2, (inner[1] - width) // 2
        return resized[top : top + height, left : left + width]
    canvas = np.full((height, width, *pixels.shape[2:]), fill, pixels.dtype)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    canvas[top : top + inner[0], left : left + inner[1]] = resized
    return canvas


# none in which a pixel lies in the middle between two: either may be the nearest
SIZES = [((40, 60), (20, 20)), ((61, 41), (21, 30)), ((9, 7), (20, 30)), ((30, 10), (12, 12)), ((25, 50), (30, 30))]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("given_size", "size"), SIZES)
def test_images_are_resized_with_antialiasing_as_in_pillow(policy, given_size, size):
    pixels = image(*given_size)
    resized = resize_images(tf.constant(pixels[None]), size, policy)
    assert resized.dtype == tf.uint8
    expected = by_pillow(pixels, *size, policy, Image.Resampling.BILINEAR, 0)
    np.testing.assert_allclose(resized[0].numpy().astype(int), expected.astype(int), atol=1)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("given_size", "size"), SIZES)
def test_masks_take_the_nearest_pixel_and_are_ignored_in_the_padding(policy, given_size, size):
    mask = RNG.integers(0, 9, given_size).astype("uint8")
    resized = resize_masks(tf.constant(mask[None].astype("int32")), size, policy)
    assert resized.dtype == tf.int32
    np.testing.assert_array_equal(resized[0], by_pillow(mask, *size, policy, Image.Resampling.NEAREST, IGNORED))


@pytest.mark.parametrize("policy", POLICIES)
def test_images_that_have_the_size_stay_as_they_are(policy):
    pixels = tf.constant(image(11, 17)[None])
    assert resize_images(pixels, (11, 17), policy) is pixels


def test_floating_point_pixels_are_not_rounded():
    pixels = RNG.uniform(0, 255, (2, 8, 8, 1)).astype("float32")
    resized = resize_images(tf.constant(pixels), (16, 16), "stretch")
    np.testing.assert_allclose(resized, tf.image.resize(pixels, (16, 16)), rtol=1e-5)
    assert np.abs(resized - np.round(resized)).max() > 0.1


def size_of(least: int):
    return st.tuples(st.integers(least, 40), st.integers(least, 40))


@settings(max_examples=40)
@given(size_of(1), size_of(1), st.sampled_from(POLICIES), st.booleans())
def test_every_size_comes_to_every_size_known_beforehand_or_not(given_size, size, policy, known):
    pixels = np.full((1, *given_size, 1), 200, "uint8")
    shape = (1, *given_size, 1) if known else (None, None, None, 1)
    run = tf.function(lambda x: resize_images(x, size, policy), input_signature=[tf.TensorSpec(shape, tf.uint8)])
    assert run.get_concrete_function().output_shapes[1:3] == size
    resized = run(pixels).numpy()[0, ..., 0]
    assert resized.shape == size
    if policy == "pad":
        rows, cols = np.flatnonzero(resized.any(axis=1)), np.flatnonzero(resized.any(axis=0))
        assert len(rows) == size[0] or len(cols) == size[1]
        assert (resized[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1] == 200).all()
        assert abs((size[0] - 1 - rows[-1]) - rows[0]) <= 1
        assert abs((size[1] - 1 - cols[-1]) - cols[0]) <= 1
    else:
        assert (resized == 200).all()


def test_batches_shrink_with_their_masks_in_the_graph():
    pixels = RNG.uniform(0, 255, (2, 16, 16, 3)).astype("float32")
    masks = RNG.integers(0, 9, (2, 16, 16)).astype("int32")
    images, targets = shrink(tf.constant(pixels), tf.constant(masks), tf.constant([8, 4]))
    np.testing.assert_allclose(images, tf.image.resize(pixels, (8, 4), antialias=True), rtol=1e-5)
    np.testing.assert_array_equal(targets, masks[:, 1::2, 2::4])
    classes = tf.constant([1, 2])
    assert shrink(tf.constant(pixels), classes, tf.constant([8, 4]))[1] is classes
