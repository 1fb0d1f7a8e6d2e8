"""Predictions as a table, a row an image, for CSV. Knows no TensorFlow."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.files import write_whole

Row = dict[str, Any]


def write_csv(path: Path, predictions: Sequence[Row]) -> None:
    """Writes what `predict` gave, a row an image, with a header. Raises FactoryError where that is not possible."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns, rows = as_table(predictions)
    writer.writerows([columns, *rows])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.getvalue())
    except OSError as error:
        raise FactoryError(f"{path}: cannot be written: {error.strerror or error}") from None


def as_table(predictions: Sequence[Row]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of predictions of one network.

    A class: image, label, probability, then label_2, probability_2 and so on. Several labels: image, and a column with
    the probability of each. Numbers: image, and a column each. Pixels: image, mask, label, share, label_2, share_2, ...
    """
    if not predictions:
        return ["image"], []
    first = predictions[0]
    if "labels" in first:
        names = [one["label"] for one in first["labels"]]
        return ["image", *names], [
            [row["image"], *(one["probability"] for one in row["labels"])] for row in predictions
        ]
    if "values" in first:
        names = [one["name"] for one in first["values"]]
        return ["image", *names], [[row["image"], *(one["value"] for one in row["values"])] for row in predictions]
    key, what, before = (
        ("pixels", "share", ["image", "mask"]) if "pixels" in first else ("classes", "probability", ["image"])
    )
    places = range(1, len(first[key]) + 1)
    columns = [f"{name}_{place}" if place > 1 else name for place in places for name in ("label", what)]
    return [*before, *columns], [
        [*(row[name] for name in before), *(one[name] for one in row[key] for name in ("label", what))]
        for row in predictions
    ]
