"""Cold start as whole processes: `factory info efficientnet_b0` beside Keras building the same network."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import in_turns, line

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


if __name__ == "__main__":
    main()
