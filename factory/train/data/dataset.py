"""Samples with what is known of them, and the parts that data come in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.data.images import ArrayImages, Images, Size

Task = Literal["classes", "labels", "values", "pixels"]
"""What is learnt of an image: its class, several labels, numbers, or the class of every pixel."""

IGNORED = 255
"""The class number of pixels that do not count."""

_SHOWN = 5  # names in a message
_READING = (
    tf.errors.DataLossError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.OutOfRangeError,
    tf.errors.PermissionDeniedError,
    tf.errors.UnknownError,
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples that can be read in any order.

    `classes` are the names of classes or labels, for values those of the numbers. `targets` are, by task: classes (n,)
    int32; labels (n, classes) float32 of 0 and 1; values (n, numbers) float32; pixels None, for these have `masks`.
    `fingerprint` tells whether two runs read the same data: of arrays their bytes, of files names, sizes and times.
    """

    name: str
    task: Task
    classes: tuple[str, ...]
    images: Images
    targets: np.ndarray | None
    fingerprint: str
    masks: Images | None = None

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(self.images)

    @property
    def channels(self) -> int:
        """1, 3 or 4."""
        return self.images.channels

    @property
    def shape(self) -> Size | None:
        """(height, width) where all images have one size, else None."""
        return self.images.shape

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Images (n, h, w, channels) and targets where both are in memory; masks are (n, h, w) int32."""
        if not isinstance(self.images, ArrayImages):
            return None
        if self.targets is not None:
            return self.images.pixels, self.targets
        return (self.images.pixels, self._mask_array) if isinstance(self.masks, ArrayImages) else None

    @cached_property
    def _mask_array(self) -> np.ndarray:
        assert isinstance(self.masks, ArrayImages)
        return self.masks.pixels[..., 0].astype("int32")

    def read(self, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """In graph: the image, uint8 or float32 of 0 to 255, (h, w, channels), and the target of a scalar int64."""
        image = self.images.read(index)
        if self.masks is None:
            return image, tf.gather(self._target_tensor, index)
        return image, tf.cast(self.masks.read(index)[..., 0], tf.int32)

    def read_batch(self, indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """In graph: images (b, h, w, channels) and targets of indices (b,), where `arrays` is not None."""
        if self.arrays is None:
            raise ValueError(f"{self.name} is not in memory: read one sample at a time")
        return self.read(indices)

    @cached_property
    def _target_tensor(self) -> tf.Tensor:
        with tf.init_scope(), tf.device("CPU:0"):
            return tf.constant(self.targets)

    def subset(self, indices: np.ndarray) -> Dataset:
        """Some samples, in this order; an index may come more than once."""
        return replace(
            self,
            images=self.images.subset(indices),
            targets=None if self.targets is None else self.targets[indices],
            masks=None if self.masks is None else self.masks.subset(indices),
            fingerprint=fingerprint(self.fingerprint, np.asarray(indices, "int64")),
        )

    def with_channels(self, channels: int) -> Dataset:
        """The same samples, the images with 1, 3 or 4 channels."""
        if channels == self.channels:
            return self
        check_channels(channels)
        return replace(self, images=self.images.with_channels(channels))

    def decoded_bytes(self, resolution: Size) -> int:
        """Memory that all samples take as uint8 pixels of this (height, width), with their targets."""
        pixels = self.size * resolution[0] * resolution[1]
        targets = pixels if self.targets is None else self.targets.nbytes
        return pixels * self.channels + targets

    def broken(self) -> list[str]:
        """The images and masks that cannot be read, each as `name: reason`. Reads all of them."""
        return self.images.broken() + (self.masks.broken() if self.masks is not None else [])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Where TensorFlow fails meanwhile because images cannot be read any more, FactoryError says which.

        An error that no image explains is somebody else's, and raised as it is.
        """
        try:
            yield
        except _READING as error:
            lines = list(dict.fromkeys(self.broken()))
            if not lines:
                raise
            more = f"\n    and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
            shown = "".join(f"\n    {line}" for line in lines[:_SHOWN])
            raise FactoryError(
                f"{self.name}: {len(lines):,} of {self.size:,} images cannot be read; when the data were opened they "
                f"looked whole; mend or remove them{shown}{more}"
            ) from error


@dataclass(frozen=True)
class Parts:
    """Data as they come: samples to learn from, perhaps some to validate and some to test on.

    `notes` are lines to tell the user, such as files that were left out.
    """

    train: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None
    notes: list[str] = field(default_factory=list)

    def with_channels(self, channels: int) -> Parts:
        """The same parts, the images with 1, 3 or 4 channels."""
        parts = (self.train, self.validation, self.test)
        train, validation, test = (part and part.with_channels(channels) for part in parts)
        assert train is not None
        return Parts(train, validation, test, self.notes)


def check_channels(channels: int) -> None:
    if channels not in (1, 3, 4):
        raise FactoryError(f"images have 1, 3 or 4 channels, {channels} were asked for")


def fingerprint(*parts: str | np.ndarray) -> str:
    """A short hash of texts and arrays: 16 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
        else:
            digest.update(f"{part.dtype}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
