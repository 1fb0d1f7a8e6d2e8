"""From files that were looked at to parts of data: unreadable ones are left out, channels and sizes made one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from factory.errors import FactoryError
from factory.train.data.dataset import Dataset, Parts, Task, check_channels, fingerprint
from factory.train.data.decoding import Unreadable, inspect
from factory.train.data.headers import Header
from factory.train.data.images import Contents, EncodedImages

_CHUNK = 256  # at most so many files a task of a thread
_SHOWN = 5  # files in a message

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class Found:
    """The images of one part, as they were found: where they lie, what each one's header says, their targets.

    `masks` go with the images of data whose task is pixels.
    """

    contents: Contents
    headers: Sequence[Header | Unreadable]
    targets: np.ndarray | None
    stamp: str
    masks: EncodedImages | None = None


def assemble(
    name: str,
    task: Task,
    classes: Sequence[str],
    found: Mapping[str, Found],
    *,
    corrupt: float,
    channels: int | None,
    notes: Sequence[str] = (),
) -> Parts:
    """Parts `train`, `validation` and `test` of what was found, without the images that cannot be read.

    All have `channels`, or as many as most images. Raises FactoryError where a larger share than `corrupt` cannot be
    read, and where a class loses its last image to learn from.
    """
    told = _left_out(name, found, corrupt)
    if channels is None:
        channels = _majority([header for part in found.values() for header in _whole(part)])
    check_channels(channels)
    parts = {key: _dataset(name, task, classes, part, channels) for key, part in found.items()}
    _check_classes(parts["train"], found["train"])
    return Parts(parts["train"], parts.get("validation"), parts.get("test"), [*notes, *told])


def _whole(found: Found) -> list[Header]:
    """The headers of the images that can be read."""
    return [header for header in found.headers if isinstance(header, Header)]


def _left_out(name: str, found: Mapping[str, Found], corrupt: float) -> list[str]:
    """A line about files that cannot be read; raises FactoryError where they are too many."""
    broken = [
        f"{part.contents.name(index)}: {header}"
        for part in found.values()
        for index, header in enumerate(part.headers)
        if isinstance(header, Unreadable)
    ]
    total = sum(len(part.headers) for part in found.values())
    if not broken:
        return []
    count = f"{len(broken):,} of {total:,} images cannot be read"
    more = f", and {len(broken) - _SHOWN:,} more" if len(broken) > _SHOWN else ""
    if len(broken) > corrupt * total:
        shown = "".join(f"\n    {line}" for line in broken[:_SHOWN])
        raise FactoryError(
            f"{name}: {count}; at most {int(corrupt * total):,} may be left out (data.corrupt: {corrupt:g}){shown}"
            + (f"\n    {more.removeprefix(', ')}" if more else "")
        )
    return [f"{name}: {count} and are left out: {'; '.join(broken[:_SHOWN])}{more}"]


def _majority(headers: Sequence[Header]) -> int:
    """The most frequent number of channels; of equally frequent ones the largest."""
    counts = Counter(header.channels for header in headers)
    return max(counts, key=lambda channels: (counts[channels], channels), default=3)


def _dataset(name: str, task: Task, classes: Sequence[str], found: Found, channels: int) -> Dataset:
    kept = np.array([index for index, header in enumerate(found.headers) if isinstance(header, Header)], "int64")
    headers = _whole(found)
    sizes = {(header.height, header.width) for header in headers}
    images = EncodedImages(
        contents=found.contents.subset(kept),
        kinds=np.array([header.kind for header in headers], "uint8"),
        channels=channels,
        shape=sizes.pop() if len(sizes) == 1 else None,
    )
    return Dataset(
        name=name,
        task=task,
        classes=tuple(classes),
        images=images,
        targets=None if found.targets is None else found.targets[kept],
        fingerprint=fingerprint(found.stamp, kept),
        masks=None if found.masks is None else found.masks.subset(kept),
    )


def _check_classes(train: Dataset, found: Found) -> None:
    if not train.size:
        raise FactoryError(f"{train.name}: no image to learn from can be read")
    if train.task != "classes" or train.targets is None or found.targets is None:
        return
    if lost := [train.classes[number] for number in np.setdiff1d(found.targets, train.targets)]:
        raise FactoryError(f"{train.name}: no image to learn from can be read of class {', '.join(lost[:_SHOWN])}")


def in_parallel(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results for all items, in their order, by several threads: most of the time is waiting for the disk."""
    length = min(_CHUNK, len(items) // 32 + 1)
    chunks = [items[start : start + length] for start in range(0, len(items), length)]
    with ThreadPoolExecutor() as pool:
        return [result for results in pool.map(lambda chunk: list(map(function, chunk)), chunks) for result in results]


def look_at(source: str | bytes) -> Header | Unreadable:
    """What the header of an image says, or why it cannot be read."""
    try:
        return inspect(source)
    except Unreadable as error:
        return error


def stamp(root: Path, paths: Sequence[str]) -> str:
    """A hash of the names, below `root`, sizes and times of change of files."""
    start = os.path.join(root, "")

    def signature(path: str) -> str:
        name = path.removeprefix(start)
        try:
            status = os.stat(path)
        except OSError:  # the look at it says so
            return f"{name} missing"
        return f"{name} {status.st_size} {status.st_mtime_ns}"

    return fingerprint("\n".join(in_parallel(signature, paths)))
