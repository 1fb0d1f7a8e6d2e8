"""Views of an image in evaluation: the centre, the corners, mirrored, their predictions averaged, all in graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError
from factory.train.recipe.sections import Evaluation

Size = tuple[int, int]
"""(height, width) in pixels."""


def scaled(resolution: Size, scale: float) -> Size:
    """The size to which images are brought before views are cut from them."""
    height, width = resolution
    return round(scale * height), round(scale * width)


def check_views(evaluation: Evaluation, resolution: Size, *, pixels: bool) -> None:
    """Raises FactoryError for views that cannot be averaged, and for crops that would all be the same image.

    `pixels`: the network gives classes of every pixel: of its outputs only mirrored ones lie on each other.
    """
    if pixels and (evaluation.crops > 1 or evaluation.scale != 1 or evaluation.dense):
        raise FactoryError(
            "evaluation: crops, scale and dense are for one prediction an image, this network predicts every pixel; "
            "flip works for both"
        )
    if evaluation.dense and evaluation.crops > 1:
        raise FactoryError(f"evaluation: dense sees the whole image, crops: {evaluation.crops} parts of it: choose one")
    if evaluation.crops > 1 and scaled(resolution, evaluation.scale) == resolution:
        raise FactoryError(
            f"evaluation: crops: {evaluation.crops} need images larger than the network's {resolution[0]}x"
            f"{resolution[1]}: give a scale, such as 1.143 (256 / 224)"
        )


def view_boxes(evaluation: Evaluation, image: Size, view: Size) -> np.ndarray:
    """Where the views of an image lie: (views, 3) int32, each top, left and 1 where it is mirrored.

    The centre first, then the corners (top left, top right, bottom left, bottom right), then the same mirrored: the ten
    of Krizhevsky et al. 2012, section 4.1. Of an odd rest around the centre, one pixel more lies behind it.
    """
    down, right = image[0] - view[0], image[1] - view[1]
    places = [(down // 2, right // 2)]
    if evaluation.crops > 1:
        places += [(0, 0), (0, right), (down, 0), (down, right)]
    sides = (0, 1) if evaluation.flip or evaluation.crops == 10 else (0,)
    return np.array([(top, left, mirrored) for mirrored in sides for top, left in places], np.int32)


def predict_views(
    predict: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor, evaluation: Evaluation, view: Size
) -> tf.Tensor:
    """The mean of a network's outputs over the views of every image: (batch, h, w, c) -> its outputs, float32.

    `view` is the size that the network sees. Where it predicts pixels, what it says of a mirrored image is mirrored
    back. The views pass one after the other through one copy of the network, so that ten of them need the memory of
    one. A single view's outputs are handed on as the network made them.
    """
    boxes = view_boxes(evaluation, (images.shape[1], images.shape[2]), view)
    if len(boxes) == 1:
        top, left, _ = boxes[0]
        return predict(images[:, top : top + view[0], left : left + view[1]])

    def one(box: tf.Tensor) -> tf.Tensor:
        outputs = predict(_mirrored(_cut(images, box[0], box[1], view), box[2]))
        return tf.cast(_mirrored(outputs, box[2]) if len(outputs.shape) == 4 else outputs, "float32")

    outputs = tf.map_fn(one, tf.constant(boxes), parallel_iterations=1, fn_output_signature="float32")
    return tf.reduce_mean(outputs, axis=0)


def _cut(images: tf.Tensor, top: tf.Tensor, left: tf.Tensor, size: Size) -> tf.Tensor:
    batch, channels = tf.shape(images)[0], images.shape[3]
    cut = tf.slice(images, tf.stack([0, top, left, 0]), tf.stack([batch, *size, channels]))
    return tf.ensure_shape(cut, (images.shape[0], *size, channels))


def _mirrored(images: tf.Tensor, mirrored: tf.Tensor) -> tf.Tensor:
    """Left and right exchanged where `mirrored` is 1."""
    return tf.where(mirrored > 0, tf.reverse(images, [2]), images)
