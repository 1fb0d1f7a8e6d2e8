"""How near compound scaling comes to a target: from half to sixteen times the cost of three networks."""

from __future__ import annotations

import time

from tuner.scaling import QUANTITIES, STRATEGIES, Base, solve
from tuner.scaling.targets import MET

NETWORKS = ("efficientnet_b0", "resnet50", "mobilenet_v2")
TARGETS = [2 ** (step / 8 - 1) for step in range(41)]
"""Of the network's own, with equal ratios."""


def main() -> None:
    for name in NETWORKS:
        base = Base.load(name)
        macs = base.totals.macs
        assert macs is not None
        begin = time.process_time()
        errors = {
            times: solve(base, STRATEGIES["compound"], QUANTITIES["macs"], times * macs).error for times in TARGETS
        }
        seconds = (time.process_time() - begin) / len(TARGETS)
        worst = max(errors, key=lambda times: abs(errors[times]))
        met = sum(abs(error) <= MET for error in errors.values())
        print(
            f"{name:16} {met} of {len(TARGETS)} targets within {MET:.0%}, mean {_mean(errors):.2%}, worst "
            f"{errors[worst]:+.2%} at {worst:.3g} times; {seconds:.2f} s each"
        )


def _mean(errors: dict[float, float]) -> float:
    return sum(map(abs, errors.values())) / len(errors)


if __name__ == "__main__":
    main()
