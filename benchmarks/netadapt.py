"""NetAdapt on CIFAR-10: half of the MACs taken out of a trained network, beside narrower networks of equal cost.

    nice python -m benchmarks.netadapt DATA [--seeds 2] [--runs DIR]

DATA is a folder with train/ and test/, and in each a folder of images for each class. For each seed five networks, all
trained by one recipe but for their epochs:

* whole: the network to begin with, trained for as long as the recipe says;
* adapted: NetAdapt takes half of its MACs, then FINE_TUNING epochs;
* whole, trained on: the whole network for FINE_TUNING epochs more, too: what the adapted one owes to these;
* pruned alike: the whole network keeps one share of the filters of every width, those of the greatest norms, so that it
  costs what the adapted one does, then FINE_TUNING epochs;
* narrow: every width of the network times one factor, so that it costs what the adapted one does, from scratch for as
  many epochs as both trainings of the adapted one together.

An hour and a half for a seed on one core. Killed, the same command goes on; netadapt.json has what came out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import factory
from benchmarks.measure import line
from factory.files import write_whole
from factory.models.quiet import quiet_tensorflow
from factory.spec import Spec
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Recipe
from factory.train.run import MODEL

RESULTS = Path(__file__).with_suffix(".json")
SPEC = Path(__file__).parents[1] / "examples" / "cifar10_resnet.yaml"
TRAINING, FINE_TUNING = 30, 15
"""Epochs of the whole network, as recipe cifar10 has them, and of the adapted one after its steps."""


def recipe(epochs: int, seed: int, **settings: Any) -> Recipe:
    """Recipe cifar10 for a fifth of its images, as in examples/train_cifar10.py, with samples to choose by."""
    return load_recipe("cifar10", epochs=epochs, ema=0.995, seed=seed, **{"data.validation": 0.1}, **settings)


def pruned_alike(file: Path, macs: int, to: Path) -> Spec:
    """The trained network with one share of every width's filters, the greatest that costs no more MACs; saved."""
    from tuner.netadapt.channels import trace_channels
    from tuner.netadapt.importance import filter_norms, keeping
    from tuner.netadapt.models import read_network, save_network
    from tuner.netadapt.network import written_out
    from tuner.netadapt.pruning import pruned_graph, pruned_weights
    from tuner.netadapt.widths import find_widths

    whole = read_network(file)
    channels = trace_channels(whole.graph)
    norms, widths = filter_norms(whole.graph, channels, whole.weights), find_widths(whole.graph, channels)
    for step in range(1000):
        counts = [max(1, round(width.filters * (1 - step / 1000))) for width in widths]
        kept = np.all([keeping(width, count, norms) for width, count in zip(widths, counts, strict=True)], axis=0)
        graph = pruned_graph(whole.graph, channels, kept)
        if (graph.cost.macs or 0) <= macs:
            break
    pruned = written_out(graph, pruned_weights(whole.graph, channels, kept, whole.weights), whole.spec)
    save_network(pruned, to, None)
    return pruned.spec


def narrower(spec: Spec, macs: int) -> Spec:
    """The widest network that costs no more MACs, every width of the spec times one factor."""
    factors = (1 - step / 1000 for step in range(1000))
    made = (spec.override({"scale.width": factor, "rounding.width": "nearest"}) for factor in factors)
    return next(one for one in made if (factory.totals(one).macs or 0) <= macs)


def run(data: Path, runs: Path, seed: int) -> dict[str, Any]:
    """One seed: MACs, parameters and test accuracy of the five networks, and the steps of the adaptation."""
    from tuner.netadapt import adapt

    def trained(name: str, network: Spec, epochs: int, **settings: Any) -> dict[str, Any]:
        return factory.fit(network, data, recipe(epochs, seed, **settings), runs / f"{name}-{seed}").result

    def trained_on(name: str, network: Spec, weights: Path) -> dict[str, Any]:
        return trained(name, network, FINE_TUNING, **{"start.weights": str(weights)})

    spec, begun, alike = factory.load(SPEC), runs / f"whole-{seed}", runs / f"alike-{seed}.keras"
    whole = trained("whole", spec, TRAINING)
    adapted = adapt(begun, runs / f"adapted-{seed}", data=data, recipe=recipe(FINE_TUNING, seed))
    macs = adapted.result["macs"]
    results = {
        "whole": whole,
        "adapted": adapted.result["trained"],
        "whole, trained on": trained_on("further", spec, begun / MODEL),
        "pruned alike": trained_on("alike", pruned_alike(begun / MODEL, macs, alike), alike),
        "narrow": trained("narrow", narrower(spec, macs), TRAINING + FINE_TUNING),
    }
    return {
        "seed": seed,
        "networks": {
            name: {"macs": result["macs"], "params": result["params"], "accuracy": result["test"]["accuracy"]}
            for name, result in results.items()
        },
        "steps": adapted.history,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=Path("runs/netadapt"), help="folder of the trainings")
    given = parser.parse_args()
    quiet_tensorflow()
    rows = []
    for seed in range(given.seeds):
        rows.append(run(given.data, given.runs, seed))
        write_whole(RESULTS, json.dumps(rows, indent=1) + "\n")
        report(rows[-1])


def report(row: dict[str, Any]) -> None:
    start = row["networks"]["whole"]
    for name, made in row["networks"].items():
        share, lost = made["macs"] / start["macs"], 100 * (start["accuracy"] - made["accuracy"])
        told = f"seed {row['seed']}: {name}, {share:.1%} of the MACs"
        line(told, f"{made['accuracy']:.2%}, {lost:+.2f} lost", "at most 1 point" if name == "adapted" else "")


if __name__ == "__main__":
    main()
