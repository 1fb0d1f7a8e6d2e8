"""Images in memory and in files: read in any order, with other channels, and found out where they break."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from data_files import pixels, write
from PIL import Image

from factory.train.data.decoding import MODES, inspect
from factory.train.data.files import Files
from factory.train.data.images import ArrayImages, EncodedImages, convert_channels


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("own", [1, 3, 4])
def test_channels_are_converted_as_pillow_does(own, channels):
    image = np.random.default_rng(0).integers(0, 256, (8, 9, own), "uint8")
    expected = np.asarray(Image.fromarray(image.squeeze(-1) if own == 1 else image).convert(MODES[channels]))
    converted = convert_channels(image[None], channels)[0]
    assert converted.dtype == np.uint8
    assert np.abs(converted.astype(int) - expected.reshape(8, 9, channels)).max() <= (1 if own > channels == 1 else 0)


def test_floating_point_channels_are_not_rounded():
    gray = convert_channels(np.array([[[[0.5, 100.25, 7.0]]]], "float32"), 1)
    np.testing.assert_allclose(gray.ravel(), 0.299 * 0.5 + 0.587 * 100.25 + 0.114 * 7)
    assert convert_channels(gray, 4)[..., 3].item() == 255


def test_arrays_are_read_by_index_in_graph():
    array = np.arange(4 * 2 * 3, dtype="float32").reshape(4, 2, 3, 1)
    images = ArrayImages(array)
    found = list(tf.data.Dataset.from_tensor_slices(tf.constant([2, 0, 2], tf.int64)).map(images.read))
    np.testing.assert_array_equal(np.stack(found), array[[2, 0, 2]])
    np.testing.assert_array_equal(images.subset(np.array([3, 3])).pixels, array[[3, 3]])


def opened(paths: list) -> EncodedImages:
    headers = [inspect(str(path)) for path in paths]
    return EncodedImages(Files.of(list(map(str, paths))), np.array([header.kind for header in headers]), 3, (6, 5))


def test_files_are_read_by_index_whoever_decodes_them(tmp_path):
    suffixes = [".png", ".tif", ".bmp", ".png"]
    paths = [write(tmp_path / f"{number}{suffix}", number) for number, suffix in enumerate(suffixes)]
    images = opened(paths)
    assert images.by_pillow.tolist() == [False, True, True, False]
    for part, numbers in ((images, range(4)), (images.subset(np.array([3, 1])), [3, 1])):
        read = list(tf.data.Dataset.range(len(part)).map(part.read, num_parallel_calls=2))
        np.testing.assert_array_equal(np.stack(read), [pixels(number) for number in numbers])


def test_files_give_any_number_of_channels(tmp_path):
    images = opened([write(tmp_path / "a.png", 1)])
    read = [images.with_channels(channels).read(tf.constant(0, tf.int64)).numpy() for channels in (1, 4)]
    assert [image.shape for image in read] == [(6, 5, 1), (6, 5, 4)]
    assert (read[1][..., 3] == 255).all()


def test_files_that_broke_later_are_found_out(tmp_path):
    paths = [write(tmp_path / f"{number}.png", number) for number in range(3)]
    paths.append(write(tmp_path / "3.webp"))
    images = opened(paths)
    assert images.broken() == []
    paths[0].write_bytes(paths[0].read_bytes()[:50])
    paths[1].unlink()
    paths[3].write_bytes(b"RIFF")
    first, second, third = images.broken()
    assert first.startswith(f"{paths[0]}: ")
    assert second == f"{paths[1]}: No such file or directory"
    assert third == f"{paths[3]}: in no known image format"
