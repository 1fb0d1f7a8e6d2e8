"""What labels mean: classes, several labels, or numbers, told from how they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from factory.errors import FactoryError, did_you_mean
from factory.train.data.dataset import Task

_MOST_CLASSES = 1_000_000
_SHOWN = 5


@dataclass(frozen=True)
class Targets:
    """Labels as `Dataset.targets` has them, by part, with the task and the names of the classes."""

    task: Task
    classes: tuple[str, ...]
    arrays: dict[str, np.ndarray]
    notes: list[str] = field(default_factory=list)


def targets_of(name: str, labels: Mapping[str, np.ndarray], classes: Sequence[str] = ()) -> Targets:
    """Targets out of the labels of every part.

    Whole numbers (n,) or (n, 1) and texts (n,) are classes; rows (n, k) of 0 and 1 are labels, but where every row has
    just one 1 they are classes, too; floating-point numbers (n,) or (n, k) are values. `classes` are names; without
    them texts name themselves, in alphabetical order, and numbers are names.

    Raises FactoryError for labels of another kind, numbers that are no classes, no finite numbers, and one class only.
    """
    arrays = {part: _checked(name, part, np.asarray(array)) for part, array in labels.items()}
    whole = np.concatenate(_of_one_kind(name, arrays))
    if whole.dtype.kind == "U":
        if whole.ndim != 1:
            raise FactoryError(f"{name}: labels are texts of shape {whole.shape}; expected one text a sample")
        found = classes or sorted(set(arrays["train"]))
        arrays = {part: _numbered(name, part, array, found) for part, array in arrays.items()}
        return _classes(name, arrays, found)
    if whole.ndim == 2 and np.isin(whole, (0, 1)).all():
        if (whole.sum(axis=1) == 1).all():
            names = classes or list(map(str, range(whole.shape[1])))
            return _classes(name, {part: array.argmax(axis=1) for part, array in arrays.items()}, names)
        return _numbers(name, "labels", arrays, classes or list(map(str, range(whole.shape[1]))))
    if whole.dtype.kind in "iu" and whole.ndim == 1:
        return _classes(name, arrays, classes)
    if whole.dtype.kind == "f":
        count = 1 if whole.ndim == 1 else whole.shape[1]
        names = classes or (["value"] if count == 1 else [f"value {number}" for number in range(count)])
        return _numbers(name, "values", arrays, names)
    raise FactoryError(
        f"{name}: labels are {whole.dtype} of shape {whole.shape}; expected whole numbers (n,) for classes, 0 and 1 of "
        "shape (n, labels), or floating-point numbers for values"
    )


def _checked(name: str, part: str, array: np.ndarray) -> np.ndarray:
    """Labels of a usual type: int64, float64 or str; one column is none."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or not len(array):
        raise FactoryError(f"{name}: the labels of the {part} part have shape {array.shape}; expected (n,) or (n, k)")
    kind = array.dtype.kind
    if kind == "S" or (kind == "O" and all(isinstance(value, (str, bytes)) for value in array.ravel())):
        texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in array.ravel()]
        return np.array(texts).reshape(array.shape)
    if kind not in "biufU":
        raise FactoryError(f"{name}: the labels of the {part} part are {array.dtype}; expected numbers or texts")
    if kind == "f" and (bad := np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))).size:
        raise FactoryError(f"{name}: label {bad[0]} of the {part} part is {array[bad[0]]}; expected finite numbers")
    return array if kind == "U" else array.astype("float64" if kind == "f" else "int64")


def _of_one_kind(name: str, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    first = arrays["train"]
    for part, array in arrays.items():
        if array.dtype.kind != first.dtype.kind or array.shape[1:] != first.shape[1:]:
            raise FactoryError(
                f"{name}: the labels of the {part} part are {array.dtype} {array.shape}, "
                f"those of the train part {first.dtype} {first.shape}"
            )
    return list(arrays.values())


def _numbered(name: str, part: str, texts: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    numbers = {label: number for number, label in enumerate(classes)}
    if unknown := sorted(set(texts) - numbers.keys()):
        hint = did_you_mean(unknown[0], classes)
        raise FactoryError(f"{name}: class '{unknown[0]}' of the {part} part is not among those to learn; {hint}")
    return np.array([numbers[text] for text in texts], "int64")


def _classes(name: str, arrays: Mapping[str, np.ndarray], classes: Sequence[str]) -> Targets:
    low = min(int(array.min()) for array in arrays.values())
    high = max(int(array.max()) for array in arrays.values())
    count = len(classes) or high + 1
    if low < 0 or high >= min(count, _MOST_CLASSES):
        wrong = low if low < 0 else high
        limit = f"0 to {count - 1}, as there are {count} classes" if classes else f"0 to {_MOST_CLASSES - 1:,}"
        raise FactoryError(f"{name}: class number {wrong} among the labels; expected {limit}")
    counts = np.bincount(arrays["train"], minlength=count)
    if (counts > 0).sum() < 2:
        raise FactoryError(f"{name}: only one class to learn, number {counts.argmax()}; expected several")
    names = tuple(classes) or tuple(map(str, range(count)))
    notes = []
    if absent := [label for label, number in zip(names, counts, strict=True) if not number]:
        more = f" and {len(absent) - _SHOWN:,} more" if len(absent) > _SHOWN else ""
        notes.append(f"{name}: no samples to learn from of class {', '.join(absent[:_SHOWN])}{more}")
    return Targets("classes", names, {part: array.astype("int32") for part, array in arrays.items()}, notes)


def _numbers(name: str, task: Task, arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> Targets:
    rows = {part: array.reshape(len(array), -1).astype("float32") for part, array in arrays.items()}
    if rows["train"].shape[1] != len(names):
        raise FactoryError(f"{name}: {rows['train'].shape[1]} numbers a sample, but {len(names)} names for them")
    return Targets(task, tuple(names), rows)
