"""Building beside keras.applications' constructors of the same networks."""

from __future__ import annotations

import keras

import factory
from benchmarks.measure import in_turns, line, ratio

NETWORKS = {
    "efficientnet_b0": "EfficientNetB0",
    "efficientnet_b7": "EfficientNetB7",
    "resnet50": "ResNet50",
    "mobilenet_v2": "MobileNetV2",
}
TURNS = 6  # builds in a round: one build differs by a tenth from the next, more than what is measured


def main() -> None:
    for name, constructor in NETWORKS.items():

        def ours(name: str = name) -> None:
            factory.build(name)

        def theirs(constructor: str = constructor) -> None:
            getattr(keras.applications, constructor)(weights=None)

        times = in_turns({"ours": ours, "theirs": theirs}, runs=5, turns=TURNS, between=keras.backend.clear_session)
        line(f"build {name}", f"{times['ours']}", "")
        line(f"keras.applications.{constructor}", f"{times['theirs']}", "")
        line(f"build {name}: ours / theirs", ratio(times["ours"], times["theirs"]), "at most 1.05")


if __name__ == "__main__":
    main()
