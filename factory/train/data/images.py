"""Images that can be read in any order: in memory, or encoded in files."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError, first_line
from factory.train.data.decoding import BY_TENSORFLOW, Unreadable, decode, decode_by_pillow

Size = tuple[int, int]


class Images(Protocol):
    """Images, or masks. `shape` is (height, width) where all have one size, else None."""

    @property
    def channels(self) -> int: ...

    @property
    def shape(self) -> Size | None: ...

    def __len__(self) -> int: ...

    def read(self, index: tf.Tensor) -> tf.Tensor:
        """In graph: one image, (height, width, channels) uint8 or float32, of a scalar int64."""

    def subset(self, indices: np.ndarray) -> Images:
        """Some of them, in this order; an index may come more than once."""

    def with_channels(self, channels: int) -> Images:
        """The same images with 1, 3 or 4 channels."""

    def broken(self) -> list[str]:
        """Those that cannot be read, each as `name: reason`: for the message after reading failed."""


class Contents(Protocol):
    """Encoded images, where they lie."""

    def __len__(self) -> int: ...

    def read(self, index: tf.Tensor) -> tf.Tensor:
        """In graph: the bytes of one image, a scalar string."""

    def fetch(self, index: int) -> bytes:
        """The bytes of one image. Raises OSError and Unreadable."""

    def name(self, index: int) -> str:
        """What to call it in messages."""

    def subset(self, indices: np.ndarray) -> Contents: ...


@dataclass(frozen=True, eq=False)
class ArrayImages:
    """Images in memory: `pixels` (n, height, width, channels), uint8 or float32, 0 to 255."""

    pixels: np.ndarray

    @property
    def channels(self) -> int:
        return self.pixels.shape[3]

    @property
    def shape(self) -> Size:
        return self.pixels.shape[1], self.pixels.shape[2]

    def __len__(self) -> int:
        return len(self.pixels)

    @cached_property
    def tensor(self) -> tf.Tensor:
        """The pixels for TensorFlow, in the memory of the processor."""
        with tf.init_scope(), tf.device("CPU:0"):
            return tf.convert_to_tensor(self.pixels)

    def read(self, index: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.tensor, index)

    def subset(self, indices: np.ndarray) -> ArrayImages:
        return ArrayImages(self.pixels[indices])

    def with_channels(self, channels: int) -> ArrayImages:
        return self if channels == self.channels else ArrayImages(convert_channels(self.pixels, channels))

    def broken(self) -> list[str]:
        return []


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """Images in files, decoded when they are read. `kinds` (n,) say who decodes each; see Kind."""

    contents: Contents
    kinds: np.ndarray
    channels: int
    shape: Size | None
    pillow: Callable[[bytes, int], np.ndarray] = decode_by_pillow

    def __len__(self) -> int:
        return len(self.kinds)

    @cached_property
    def by_pillow(self) -> np.ndarray:
        """Which images Pillow decodes, (n,) bool."""
        return ~np.isin(self.kinds, BY_TENSORFLOW[self.channels])

    def read(self, index: tf.Tensor) -> tf.Tensor:
        contents = self.contents.read(index)
        if self.by_pillow.all() or not self.by_pillow.any():
            image = decode(contents, bool(self.by_pillow.all()), self.channels, self.pillow)
        else:
            image = decode(contents, tf.gather(self._flags, index), self.channels, self.pillow)
        return image if self.shape is None else tf.ensure_shape(image, (*self.shape, self.channels))

    @cached_property
    def _flags(self) -> tf.Tensor:
        with tf.init_scope(), tf.device("CPU:0"):
            return tf.constant(self.by_pillow)

    def subset(self, indices: np.ndarray) -> EncodedImages:
        return replace(self, contents=self.contents.subset(indices), kinds=self.kinds[indices])

    def with_channels(self, channels: int) -> EncodedImages:
        return replace(self, channels=channels)

    def broken(self) -> list[str]:
        with ThreadPoolExecutor() as pool:
            return [line for line in pool.map(self._trouble, range(len(self))) if line]

    def _trouble(self, index: int) -> str:
        """Why an image cannot be decoded the way it is read, empty where it can."""
        try:
            contents = self.contents.fetch(index)
            if self.by_pillow[index]:
                self.pillow(contents, self.channels)
            else:
                decode(tf.constant(contents), False, self.channels)
        except (Unreadable, FactoryError, OSError, tf.errors.OpError) as error:
            return f"{self.contents.name(index)}: {getattr(error, 'strerror', None) or first_line(error)}"
        return ""


def convert_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Images (..., c) with 1, 3 or 4 channels, of the same dtype: as Pillow converts them (ITU-R 601-2; alpha 255)."""
    colours = pixels[..., :3]
    if channels == 1:
        if colours.shape[-1] == 3:
            luma = colours.astype("float32") @ np.array([0.299, 0.587, 0.114], "float32")
            colours = luma[..., None] if pixels.dtype == np.float32 else np.rint(luma)[..., None].astype(pixels.dtype)
        return colours
    if colours.shape[-1] == 1:
        colours = np.repeat(colours, 3, axis=-1)
    if channels == 3:
        return np.ascontiguousarray(colours)
    alpha = pixels[..., 3:] if pixels.shape[-1] == 4 else np.full((*pixels.shape[:-1], 1), 255, pixels.dtype)
    return np.concatenate([colours, alpha], axis=-1)
