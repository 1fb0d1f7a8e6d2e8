"""Building beside keras.applications' constructors of the same networks, in processor seconds."""

from __future__ import annotations

import time

import keras

import factory
from benchmarks.measure import in_turns, line, ratio

NETWORKS = {
    "efficientnet_b0": "EfficientNetB0",
    "efficientnet_b7": "EfficientNetB7",
    "resnet50": "ResNet50",
    "mobilenet_v2": "MobileNetV2",
}


def main() -> None:
    for name, constructor in NETWORKS.items():

        def ours(name: str = name) -> None:
            keras.backend.clear_session()
            factory.build(name)

        def theirs(constructor: str = constructor) -> None:
            keras.backend.clear_session()
            getattr(keras.applications, constructor)(weights=None)

        times = in_turns({"ours": ours, "theirs": theirs}, runs=5, clock=time.process_time)
        line(f"build {name}", f"{times['ours']}", "")
        line(f"keras.applications.{constructor}", f"{times['theirs']}", "")
        line(f"build {name}: ours / theirs", ratio(times["ours"], times["theirs"]), "at most 1.05")


if __name__ == "__main__":
    main()
