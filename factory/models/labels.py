"""Names of classes: a text file with one a line. Knows no TensorFlow."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError


def read_label_file(path: str | Path, classes: int | None = None) -> list[str]:
    """The names in a file, in the order of the classes. Raises FactoryError unless there is one for each class."""
    try:
        labels = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FactoryError(f"{path}: cannot read the labels: {error}") from None
    while labels and not labels[-1].strip():
        labels.pop()
    if empty := [number for number, label in enumerate(labels, 1) if not label.strip()]:
        raise FactoryError(f"{path}:{empty[0]}: an empty label; expected the name of a class on each line")
    if classes is not None and len(labels) != classes:
        raise FactoryError(f"{path}: {len(labels)} labels for {classes} classes; expected one on each line")
    return labels
