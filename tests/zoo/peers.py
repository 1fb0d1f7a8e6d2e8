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

    `options` are further arguments of the constructor. Outputs are compared at all `sizes`: two of every constructor,
    one of its variants.
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
    **{f"densenet{n}": Peer(f"DenseNet{n}", applications.densenet.preprocess_input) for n in (121, 169, 201)},
    **{f"efficientnet_b{i}": Peer(f"EfficientNetB{i}") for i in range(8)},
    **{f"resnet{n}": Peer(f"ResNet{n}", applications.resnet.preprocess_input) for n in (50, 101, 152)},
    **{f"resnet{n}_v2": Peer(f"ResNet{n}V2", applications.resnet_v2.preprocess_input) for n in (50, 101, 152)},
    "mobilenet_v1": Peer("MobileNet", applications.mobilenet.preprocess_input),
    **{
        f"mobilenet_v1_{n:03}": Peer("MobileNet", applications.mobilenet.preprocess_input, {"alpha": n / 100}, (64,))
        for n in (75, 50, 25)
    },
    "mobilenet_v2": Peer("MobileNetV2", applications.mobilenet_v2.preprocess_input),
    "mobilenet_v2_140": Peer("MobileNetV2", applications.mobilenet_v2.preprocess_input, {"alpha": 1.4}, (64,)),
    "mobilenet_v3_large": Peer("MobileNetV3Large"),
    "mobilenet_v3_small": Peer("MobileNetV3Small"),
    "mobilenet_v3_large_minimalistic": Peer("MobileNetV3Large", options={"minimalistic": True}, sizes=(64,)),
    "mobilenet_v3_small_minimalistic": Peer("MobileNetV3Small", options={"minimalistic": True}, sizes=(64,)),
    **{f"efficientnet_v2_{n.lower()}": Peer(f"EfficientNetV2{n}") for n in ("B0", "B1", "B2", "S")},
    "efficientnet_v2_b3": Peer("EfficientNetV2B3", sizes=(75, 64)),
    "convnext_tiny": Peer("ConvNeXtTiny"),
    "convnext_small": Peer("ConvNeXtSmall"),
    # the larger the network, the smaller the image
    "efficientnet_v2_m": Peer("EfficientNetV2M", sizes=(32, 49)),
    "efficientnet_v2_l": Peer("EfficientNetV2L", sizes=(32, 33)),
    "convnext_base": Peer("ConvNeXtBase", sizes=(32, 49)),
    "convnext_large": Peer("ConvNeXtLarge", sizes=(32, 33)),
    "convnext_xlarge": Peer("ConvNeXtXLarge", sizes=(32, 33)),
    "nasnet_mobile": Peer("NASNetMobile", applications.nasnet.preprocess_input),
    "nasnet_large": Peer("NASNetLarge", applications.nasnet.preprocess_input, sizes=(32, 41)),
    "vgg16": Peer("VGG16", applications.vgg16.preprocess_input, sizes=(32, 49)),
    "vgg19": Peer("VGG19", applications.vgg19.preprocess_input, sizes=(32, 49)),
    "inception_v3": Peer("InceptionV3", applications.inception_v3.preprocess_input, sizes=(75, 140)),
    "inception_resnet_v2": Peer(
        "InceptionResNetV2", applications.inception_resnet_v2.preprocess_input, sizes=(75, 140)
    ),
    "xception": Peer("Xception", applications.xception.preprocess_input, sizes=(71, 80)),
}
