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
    growing: Counter[str] = Counter()
    reasons: list[str] = []
    for name in zoo_names():
        spec = load(name)
        graph = plan(spec)
        for growth, (path, factor) in GROWTHS.items():
            value = spec.scale.width if path == "scale.width" else spec.scale.depth
            try:
                child = plan(spec.override({path: factor * value}))
            except FactoryError as error:
                reasons.append(f"{growth}: {name} cannot be built: {error}")
                continue
            if [node.op for node in child.nodes] == [node.op for node in graph.nodes]:
                continue  # no stage repeats, or no width is scaled
            growing[growth] += 1
            morphism = plan_morphism(graph, child)
            kept[growth] += morphism.preserving
            if morphism.problems:
                reasons.append(f"{growth}: {name}: {morphism.problems[0]}")
    for growth in GROWTHS:
        line(f"{growth}, the same function", f"{kept[growth]} of {growing[growth]} that grow", "")
    for reason in sorted(reasons):
        print(f"  {reason}")


if __name__ == "__main__":
    main()
