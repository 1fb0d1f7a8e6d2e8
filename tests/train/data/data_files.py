"""Small files of data for tests: images that differ from each other, in folders of a given layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image


def pixels(number: int, height: int = 6, width: int = 5, channels: int = 3) -> np.ndarray:
    """Smooth pixels, so that JPEG changes them little; (height, width, channels) uint8, another image a number."""
    rows, columns = np.mgrid[:height, :width]
    planes = [40 + 7 * number % 80 + 9 * rows + 6 * columns + 20 * plane for plane in range(channels)]
    return np.stack(planes, axis=-1).clip(0, 255).astype("uint8")


def picture(number: int, height: int = 6, width: int = 5, channels: int = 3) -> Image.Image:
    image = pixels(number, height, width, channels)
    return Image.fromarray(image[..., 0] if channels == 1 else image)


def write(path: Path, number: int = 0, *, channels: int = 3, size: tuple[int, int] = (6, 5), **options: Any) -> Path:
    """An image file of the format that its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(number, *size, channels).save(path, **options)
    return path


def write_classes(root: Path, counts: Mapping[str, int], suffix: str = ".png") -> Path:
    """Class folders with so many images each."""
    number = 0
    for name, count in counts.items():
        for _ in range(count):
            write(root / name / f"{number:03}{suffix}", number)
            number += 1
    return root


def write_mask(path: Path, numbers: Any, mode: str = "L") -> Path:
    """A mask of class numbers (height, width); mode P has colours that say nothing of the numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(numbers, "uint8"))
    if mode == "P":
        image = Image.fromarray(np.asarray(numbers, "uint8"), "L").copy()
        image.putpalette([(37 * value + 11) % 256 for value in range(768)])
    image.save(path)
    return path


def example(**features: Any) -> tf.train.Example:
    """An example; bytes, texts, whole and floating-point numbers, or lists of them, by name; __ stands for /."""
    built = {}
    for name, value in features.items():
        values = value if isinstance(value, list) else [value]
        values = [item.encode() if isinstance(item, str) else item for item in values]
        if isinstance(values[0], bytes):
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif isinstance(values[0], float):
            feature = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            feature = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
        built[name.replace("__", "/")] = feature
    return tf.train.Example(features=tf.train.Features(feature=built))


def write_records(path: Path, examples: list[Any]) -> Path:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for item in examples:
            writer.write(item if isinstance(item, bytes) else item.SerializeToString())
    return path
