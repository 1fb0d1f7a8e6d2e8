"""How many networks of the zoo can grow and begin as the same function: planned, not built; a minute on one core."""

from __future__ import annotations

from collections import Counter

from benchmarks.measure import line
from factory.errors import FactoryError
from factory.spec import load, plan
from factory.spec.zoo import zoo_names
from tuner.morphism import plan_morphism

GROWTHS = {
    "twice the width": ("scale.width", 2),
    "1.25 times the width": ("scale.width", 1.25),
    "1.5 times the depth": ("scale.depth", 1.5),
}


def main() -> None:
    kept: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    names = zoo_names()
    for name in names:
        spec = load(name)
        graph = plan(spec)
        for growth, (path, factor) in GROWTHS.items():
            value = spec.scale.width if path == "scale.width" else spec.scale.depth
            try:
                morphism = plan_morphism(graph, plan(spec.override({path: factor * value})))
            except FactoryError as error:
                reasons[f"{growth}: {name} cannot be built: {error}"] += 1
                continue
            kept[growth] += morphism.preserving
            if morphism.problems:
                reasons[f"{growth}: {name}: {morphism.problems[0]}"] += 1
    for growth in GROWTHS:
        line(f"{growth}, the same function", f"{kept[growth]} of {len(names)}", "")
    for reason in sorted(reasons):
        print(f"  {reason}")


if __name__ == "__main__":
    main()
