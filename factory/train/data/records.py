"""Encoded images in TFRecord files, read in any order: where each record lies is noted when the files are opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError, first_line

_BEFORE, _AFTER = 12, 4
"""Bytes around a record: its length and a checksum of that before it, its own checksum after it."""


@dataclass(frozen=True, eq=False)
class Records:
    """The feature `key` of examples.

    `places` (n, 4) int64 are the number of each one's file, its first byte and length there, its number in the file.
    """

    files: tuple[str, ...]
    key: str
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def read(self, index: tf.Tensor) -> tf.Tensor:
        record = tf.ensure_shape(tf.numpy_function(self._record, [index], tf.string), ())
        return tf.io.parse_single_example(record, {self.key: tf.io.FixedLenFeature((), tf.string)})[self.key]

    def _record(self, index: int) -> np.ndarray:
        file, offset, length, _ = self.places[index]
        with open(self.files[file], "rb") as stream:
            stream.seek(offset)
            contents = stream.read(length)
        if len(contents) < length:
            raise OSError(f"{self.name(index)}: the file has become shorter")
        return np.array(contents, object)  # an array of bytes would lose zeros at its end

    def fetch(self, index: int) -> bytes:
        example = parse(self._record(index).item(), self.name(index))
        return example.features.feature[self.key].bytes_list.value[0]

    def name(self, index: int) -> str:
        file, _, _, number = self.places[index]
        return record_name(self.files[file], number)

    def subset(self, indices: np.ndarray) -> Records:
        return Records(self.files, self.key, self.places[indices])


def record_name(file: str | Path, number: int) -> str:
    """What to call a record in messages; `number` counts from 0."""
    return f"{file}, record {number + 1:,}"


def parse(record: bytes, name: str) -> tf.train.Example:
    """The example in a record. Raises FactoryError where it is none."""
    try:
        return tf.train.Example.FromString(record)
    except Exception as error:  # protobuf's DecodeError, whose module is its own business
        raise FactoryError(f"{name}: no tf.train.Example: {first_line(error)}") from None


def scan(path: Path) -> Iterator[tuple[int, int, tf.train.Example]]:
    """The first byte, the length and the example of every record of a file.

    TensorFlow compares the checksums. Raises FactoryError for damaged and compressed files.
    """
    offset = number = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            yield offset + _BEFORE, len(record), parse(record, record_name(path, number))
            offset += _BEFORE + len(record) + _AFTER
            number += 1
    except tf.errors.OpError as error:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        reason = "compressed; unpack it with gunzip" if packed else first_line(error)
        raise FactoryError(f"{path}: cannot be read after record {number:,}: {reason}") from None


def record_files(folder: Path) -> list[Path]:
    """The TFRecord files in a folder, by name, such as train.tfrecord or train.tfrecord-00001-of-00004."""
    return sorted(path for path in folder.glob("[!.]*.tfrecord*") if path.is_file())


def places(scanned: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    """`Records.places` from the first byte and length of every record of every file."""
    rows = [
        (file, offset, length, number)
        for file, records in enumerate(scanned)
        for number, (offset, length) in enumerate(records)
    ]
    return np.array(rows, "int64").reshape(-1, 4)
