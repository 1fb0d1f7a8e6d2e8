"""Whole processes: `factory info efficientnet_b0` beside Keras building the same network; a check of the whole zoo."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import in_turns, line
from factory.spec.zoo import zoo_directory

KERAS = "import keras; keras.applications.EfficientNetB0(weights=None)"


def run(*command: str) -> None:
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    times = in_turns(
        {
            "factory": lambda: run("-m", "factory", "info", "efficientnet_b0"),
            "keras": lambda: run("-c", KERAS),
        },
        runs=5,
    )
    line("cold: factory info efficientnet_b0", str(times["factory"]), "")
    line("cold: import keras, construct EfficientNetB0", str(times["keras"]), "")
    factor = times["keras"].median / times["factory"].median
    line("cold: keras / factory", f"{factor:.1f}", "at least 10")

    specs = sorted(map(str, zoo_directory().glob("*.yaml")))
    times = in_turns({"check": lambda: run("-m", "factory", "check", *specs)}, runs=5)
    line(f"cold: factory check of the whole zoo, {len(specs)} specs", str(times["check"]), "under 5 s")


if __name__ == "__main__":
    main()
