"""Networks of keras.applications that shipped specs are equal to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from factory.models.compare import logits

applications = keras.applications


class Peer(NamedTuple):
    """A network of keras.applications: its constructor, and its preprocessing where that is not inside.

    `options` are further arguments of the constructor; outputs are compared at both `sizes`, even and odd.
    """

    constructor: str
    preprocess: Callable[[np.ndarray], np.ndarray] = lambda images: images
    options: Mapping[str, Any] = {}
    sizes: tuple[int, ...] = (64, 75)

    def build(self, size: int | None = None, **options: Any) -> keras.Model:
        """The network with random weights, of this image size or its usual one."""
        shape = {} if size is None else {"input_shape": (size, size, 3)}
        return getattr(applications, self.constructor)(weights=None, **shape, **self.options, **options)

    def logits(self, model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
        return logits(model, self.preprocess(images.copy()))  # it may work in place


PEERS = {
    **{f"efficientnet_b{i}": Peer(f"EfficientNetB{i}") for i in range(8)},
    **{f"resnet{n}": Peer(f"ResNet{n}", applications.resnet.preprocess_input) for n in (50, 101, 152)},
    **{f"resnet{n}_v2": Peer(f"ResNet{n}V2", applications.resnet_v2.preprocess_input) for n in (50, 101, 152)},
    "mobilenet_v1": Peer("MobileNet", applications.mobilenet.preprocess_input),
    "mobilenet_v2": Peer("MobileNetV2", applications.mobilenet_v2.preprocess_input),
    "vgg16": Peer("VGG16", applications.vgg16.preprocess_input, sizes=(32, 49)),
    "vgg19": Peer("VGG19", applications.vgg19.preprocess_input, sizes=(32, 49)),
}
