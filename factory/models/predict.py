"""What a saved model says about image files: the most probable classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from factory.errors import FactoryError
from factory.models.labels import read_label_file
from factory.models.load import Loaded, load

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's modes by number of channels."""


def predict(
    model: str | Path, images: Sequence[str | Path], *, top: int = 5, labels: str | Path | None = None
) -> list[dict[str, Any]]:
    """The most probable classes of every image: {"image", "classes": [{"class", "label", "probability"}, ...]}.

    Labels come from a file with one a line, else from the model, else they are the numbers of the classes. A model with
    several outputs is asked for its first. Raises FactoryError for files that cannot be read, and for outputs that are
    no probabilities.
    """
    loaded = load(model)
    pixels = [read_image(image, loaded.input_shape) for image in images]
    chances = [_probabilities(loaded, values) for values in pixels]
    classes = len(chances[0]) if chances else None
    names = loaded.labels if labels is None else read_label_file(labels, classes)
    if not names or len(names) != classes:  # a model may carry labels of another head
        names = [str(number) for number in range(classes or 0)]
    return [
        {"image": str(image), "classes": [_named(names, row, index) for index in np.argsort(-row, kind="stable")[:top]]}
        for image, row in zip(images, chances, strict=True)
    ]


def _named(names: list[str], chances: np.ndarray, index: int) -> dict[str, Any]:
    return {"class": int(index), "label": names[index], "probability": float(chances[index])}


def read_image(path: str | Path, shape: tuple[int | None, ...]) -> np.ndarray:
    """An image file as pixels 0 to 255, (height, width, channels), float32, in the size that a model expects.

    Where a size is free the image keeps its own. It is turned as its EXIF data say and shrunk with antialiasing.
    """
    height, width, channels = shape
    if channels not in MODES:
        raise FactoryError(f"image files have 1, 3 or 4 channels, this model expects {channels}")
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert(MODES[channels])
    except UnidentifiedImageError:
        raise FactoryError(f"{path}: cannot be read as an image: it is in no known image format") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FactoryError(f"{path}: cannot be read as an image: {reason}") from None
    size = (width or upright.width, height or upright.height)
    if size != upright.size:
        upright = upright.resize(size, Image.Resampling.BILINEAR)
    pixels = np.asarray(upright, "float32")
    return pixels[..., None] if channels == 1 else pixels


def _probabilities(loaded: Loaded, pixels: np.ndarray) -> np.ndarray:
    outputs = loaded(pixels[None])
    first = outputs[0] if isinstance(outputs, list) else outputs
    if first.ndim != 2:
        shape = "x".join(map(str, first.shape[1:]))
        raise FactoryError(
            f"{loaded.path}: expected probabilities of classes, its output is {shape}: is it a backbone?"
        )
    total = float(first[0].sum())
    if first.min() < 0 or abs(total - 1) > 0.01:
        raise FactoryError(f"{loaded.path}: its outputs are no probabilities of classes, they sum to {total:.3g}")
    return first[0]
