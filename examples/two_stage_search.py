"""MobileNetV3's search in two stages, on digits and for this machine's CPU: about half an hour on two cores.

    python examples/two_stage_search.py [--output DIR]

First blocks, by accuracy and latency in MnasNet's space; then the filters of the winner's layers by NetAdapt, down to
80 % of its latency. The same call goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from sweeping import factory

LEFT = "80%"
TRIALS, EPOCHS = 24, 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("runs/two_stage"), help="folder of all that is made")
    output = parser.parse_args().output
    begin = time.perf_counter()
    sweep, trained, adapted = str(output / "sweep"), str(output / "trained"), str(output / "adapted")
    factory("sweep", "mnasnet", "--set", f"budget.trials={TRIALS}", "-o", sweep)
    factory("sweep", "export", sweep)
    best, recipe = f"{sweep}/export/best.yaml", f"{sweep}/export/best.recipe.yaml"
    factory("train", best, "--data", "digits", "--recipe", recipe, "--set", f"recipe.epochs={EPOCHS}", "-o", trained)
    factory("adapt", trained, "--latency-ms", LEFT, "--first-step", "0.05", "--multiple", "4", "-o", adapted)
    factory("latency", f"{trained}/spec.yaml", f"{adapted}/spec.yaml", "--whole")
    for name, folder in (("the winner of the sweep", output / "trained"), ("adapted", output / "adapted" / "trained")):
        test = json.loads((folder / "result.json").read_text(encoding="utf-8"))["test"]
        print(f"{name}: test accuracy {test['accuracy']:.4f}")
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
