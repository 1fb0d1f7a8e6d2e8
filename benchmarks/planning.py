"""Warm planning: load + plan + cost, growth with the number of nodes, variations of one spec a second."""

from __future__ import annotations

import random
import time
from functools import partial

import factory
from benchmarks.measure import in_turns, line


def stack(convolutions: int) -> dict:
    """A spec of so many convolutions, each three nodes: convolution, norm, activation."""
    return {
        "name": "stack",
        "input": {"resolution": 8, "channels": 8},
        "stages": {"body": {"block": "conv", "filters": 8, "repeats": convolutions}},
    }


def variations(spec: factory.Spec, count: int, seed: int) -> list[dict[str, object]]:
    """What a search asks for: one or two values of the macro-architecture changed each time."""
    choices = {"kernel": (3, 5, 7), "expand": (3, 4, 6), "se": (0, 0.25), "repeats": (1, 2, 3, 4)}
    values = [(f"stages.s{stage}.{key}", value) for stage in range(1, 8) for key in choices for value in choices[key]]
    values += [(f"stages.s{stage}.filters", value) for stage in range(1, 8) for value in range(16, 321, 8)]
    values += [("scale.width", round(0.5 + 0.05 * step, 2)) for step in range(21)]
    pick = random.Random(seed)
    return [dict(pick.sample(values, pick.choice((1, 2)))) for _ in range(count)]


def _warm(name: str) -> object:
    return _totals(factory.load(name))


def _totals(spec: factory.Spec) -> object:
    return factory.cost(spec).totals


def main() -> None:
    for name, wanted in (("efficientnet_b0", "under 5 ms"), ("efficientnet_b7", "under 20 ms")):
        times = in_turns({"all": partial(_warm, name)}, runs=31, loops=10)["all"]
        line(f"warm: load + plan + cost, {name}", str(times), wanted)
    previous = 0.0
    for nodes in (1_000, 10_000, 99_000):
        spec = factory.load(stack(nodes // 3))
        times = in_turns({"plan": partial(_totals, spec)}, runs=5)["plan"]
        each = times.median / nodes
        growth = f"{each / previous:.2f} of the time a node before" if previous else ""
        line(f"warm: plan + cost, {nodes:,} nodes", f"{times}, {each * 1e6:.1f} us a node", growth)
        previous = each
    spec = factory.load("efficientnet_b0")
    rates = []
    for seed in range(5):
        changes = variations(spec, 500, seed)
        begin = time.perf_counter()
        for change in changes:
            factory.totals(spec.override(change))
        rates.append(500 / (time.perf_counter() - begin))
    figure = f"{sorted(rates)[2]:,.0f} a second ({min(rates):,.0f} to {max(rates):,.0f})"
    line("variations of efficientnet_b0, first 2,500, one core", figure, "at least 1,000 a second")


if __name__ == "__main__":
    main()
