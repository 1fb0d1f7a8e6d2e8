"""What a saved model says about image files: classes, labels, numbers, or the class of every pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.graph.ops import Activation, Dense
from factory.models.embedded import read_spec
from factory.models.images import UNSEEN, Found, Resize, Size, find_images, mode_of, open_upright, pixels_of, unfit
from factory.models.labels import read_label_file
from factory.models.load import Loaded, load
from factory.models.masks import MaskFolder, shares
from factory.spec import plan

Kind = Literal["classes", "labels", "values", "pixels"]
"""What the outputs of a network are: one class of several, any of several labels, numbers, a class for every pixel."""
BATCH = 32


def predict(
    model: str | Path,
    images: Sequence[str | Path],
    *,
    top: int = 5,
    labels: str | Path | None = None,
    masks: str | Path | None = None,
    resize: Resize = "stretch",
    scale: float = 1.0,
    damaged: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """What a model says about each of these files and of the images in these folders: {"image": path, ...}.

    A class: "classes", the `top` most probable, each {"class", "label", "probability"}. Several labels: "labels", all
    of them likewise, in the order of the classes. Numbers: "values", each {"name", "value"}. Pixels: "pixels", the
    `top` largest classes, each {"class", "label", "share"}, and "mask", the PNG in the folder `masks` or None.

    Names come from the file `labels` with one a line, else from the model, else they are the numbers of the classes.
    A model with several outputs is asked for its first. resize, scale: how images come to the network's size, see
    `pixels_of`.

    `damaged` is told of each image that proves damaged and is left out; without it that is an error. Raises
    FactoryError for files that are no images, and for outputs that are nothing of the above.
    """
    loaded, files = load(model), find_images(images)
    folder = MaskFolder(Path(masks), files) if masks else None
    teller: _Teller | None = None
    found = []
    for batch in _batches(loaded, files, resize, scale, damaged):
        result = loaded(np.stack([pixels for _, _, pixels in batch]))
        outputs = result[0] if isinstance(result, list) else result
        teller = teller or _Teller(loaded, outputs, top, labels, resize, folder)
        if teller.kind == "pixels" and scale != 1:
            raise FactoryError(
                f"{model}: the middle of a larger image is for one prediction an image: leave scale at 1"
            )
        for (file, size, pixels), output in zip(batch, outputs, strict=True):
            found.append({"image": str(file.path), **teller.tell(output, file, size, pixels.shape[:2])})
    return found


Read = tuple[Found, Size, np.ndarray]
"""An image file, its own (height, width), and its pixels in the network's size."""


def _batches(
    loaded: Loaded, files: list[Found], resize: Resize, scale: float, damaged: Callable[[str], None] | None
) -> Iterator[list[Read]]:
    """The images, several at once where the network has a size of its own; decoded by several threads."""
    size = 1 if None in loaded.input_shape else BATCH
    read_one = partial(_read, mode_of(loaded.input_shape), loaded.input_shape, resize, scale)
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), size):
            read = list(pool.map(read_one, files[start : start + size]))
            for error in read:
                if isinstance(error, FactoryError):
                    if damaged is None:
                        raise error
                    damaged(str(error))
            if fine := [image for image in read if not isinstance(image, FactoryError)]:
                yield fine


def _read(mode: str, shape: tuple[int | None, ...], resize: Resize, scale: float, file: Found) -> Read | FactoryError:
    try:
        image = open_upright(file.path, mode)
    except FactoryError as error:
        return error
    return file, (image.height, image.width), pixels_of(image, shape, resize, scale)


class _Teller:
    """Turns outputs into words, once the first ones have shown what they are."""

    def __init__(
        self,
        loaded: Loaded,
        outputs: np.ndarray,
        top: int,
        labels: str | Path | None,
        resize: Resize,
        folder: MaskFolder | None,
    ):
        self.kind, self.top, self.resize, self.folder = _kind(loaded, outputs), top, resize, folder
        if folder and self.kind != "pixels":
            raise FactoryError(
                f"{loaded.path}: only networks that predict every pixel give masks, this one gives {self.kind}"
            )
        count = outputs.shape[-1]
        names = loaded.labels if labels is None else read_label_file(labels, count)
        if not names or len(names) != count:  # a model may carry labels of another head
            names = [str(number) for number in range(count)]
        if self.kind == "pixels" and count > UNSEEN:
            raise FactoryError(f"{loaded.path}: masks can tell {UNSEEN} classes apart, this network has {count}")
        self.names = names

    def tell(self, output: np.ndarray, file: Found, size: Size, shown: Size) -> dict[str, Any]:
        """What an output says of an image file of this size, that was shown to the network in another."""
        match self.kind:
            case "classes":
                return {"classes": self._largest(output, "probability")}
            case "labels":
                return {"labels": [self._named(output, index, "probability") for index in range(len(output))]}
            case "values":
                return {"values": [{"name": n, "value": float(v)} for n, v in zip(self.names, output, strict=True)]}
        if output.shape[:2] != shown:
            output = tf.image.resize(output, shown).numpy()
        classes = unfit(output.argmax(axis=-1), size, self.resize)
        path = self.folder.write(file, classes) if self.folder else None
        return {"pixels": self._largest(shares(classes, len(self.names)), "share"), "mask": path and str(path)}

    def _largest(self, values: np.ndarray, what: str) -> list[dict[str, Any]]:
        return [self._named(values, index, what) for index in np.argsort(-values, kind="stable")[: self.top]]

    def _named(self, values: np.ndarray, index: int, what: str) -> dict[str, Any]:
        return {"class": int(index), "label": self.names[index], what: float(values[index])}


def _kind(loaded: Loaded, outputs: np.ndarray) -> Kind:
    """What these outputs are, by how the network ends and by what they add up to. Raises FactoryError."""
    end = _end(loaded)
    sums = outputs.sum(axis=-1)
    sure = bool(outputs.min() >= 0 and np.abs(sums - 1).max() <= 0.01)
    if outputs.ndim == 2 and end in ("labels", "values"):
        return end
    if outputs.ndim == 2 and sure:
        return "classes"
    if outputs.ndim == 4 and sure:
        return "pixels"
    if outputs.ndim != 2:
        shape = "x".join(map(str, outputs.shape[1:]))
        raise FactoryError(
            f"{loaded.path}: expected probabilities of classes, its output is {shape}: is it a backbone?"
        )
    raise FactoryError(f"{loaded.path}: its outputs are no probabilities of classes, they sum to {sums[0]:.3g}")


def _end(loaded: Loaded) -> Literal["labels", "values"] | None:
    """Whether the spec in a model ends in sigmoids, or in a fully connected layer without a softmax."""
    if loaded.spec_text is None:
        return None
    graph = plan(read_spec(loaded.path))
    index, _ = next(iter(graph.outputs.values()))
    op = graph.nodes[index].op
    if isinstance(op, Activation) and op.kind in ("softmax", "sigmoid"):
        return "labels" if op.kind == "sigmoid" else None
    if isinstance(op, Activation):
        op = graph.nodes[graph.nodes[index].inputs[0][0]].op
    return "values" if isinstance(op, Dense) else None
