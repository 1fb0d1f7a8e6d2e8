"""The tables of a network's stages, layers and totals, for `info` and `build`."""

from __future__ import annotations

from typing import Any

from factory.cli.output import count, human, print_facts, print_table, shape, size, square

_COSTS = ["params", "MACs", "acts"]


def print_stages(summary: dict[str, Any]) -> None:
    """A line a stage, and one for the whole network; auxiliary heads in a table of their own."""
    columns = ["stage", "block", "repeats", "output", *_COSTS, "field", "stride"]
    rows = [
        [stage["name"], stage["block"] or "preprocess", str(stage["repeats"]), *_costs(stage), *_place(stage)]
        for stage in summary["stages"]
    ]
    total = ["total", "", "", *_costs({**summary, "output": next(iter(summary["outputs"].values()))}), "", ""]
    print_table(columns, [*rows, total], left={"stage", "block"}, total=True)
    auxiliary = summary["auxiliary"]
    if auxiliary["stages"]:
        print("auxiliary heads, in training only, not part of the totals above:")
        rows = [
            [stage["name"], stage["block"] or "-", str(stage["repeats"]), *_costs(stage)]
            for stage in auxiliary["stages"]
        ]
        total = ["total", "", "", *_costs({**auxiliary, "output": []})]
        print_table(columns[:-2], [*rows, total], left={"stage", "block"}, total=True)


def print_layers(layers: list[dict[str, Any]]) -> None:
    """A line an operation."""
    rows = [[layer["name"], layer["operation"], *_costs(layer), *_place(layer)] for layer in layers]
    columns = ["layer", "operation", "output", *_COSTS, "field", "stride"]
    print_table(columns, rows, left={"layer", "operation"})


def print_totals(summary: dict[str, Any]) -> None:
    """What the whole network costs, a line each."""
    memory, weights = summary["memory"], summary["weight_bytes"]
    macs = summary["macs"]
    flops = "" if macs is None else f" ({human(2 * macs)} FLOPs as 2 x MACs)"
    facts = [
        ("network", summary["name"]),
        ("input", shape(summary["input"])),
        ("outputs", ", ".join(f"{name} {shape(sizes)}" for name, sizes in summary["outputs"].items())),
        ("parameters", f"{count(summary['params'])} (trainable {count(summary['trainable'])})"),
        ("MACs", human(macs) + flops),
        ("activations", human(summary["activations"])),
        ("weights", ", ".join(f"{size(value)} {kind}" for kind, value in weights.items())),
        (
            "peak memory",
            f"inference {size(memory['inference_bytes'])}, training {size(memory['training_bytes'])} "
            f"(estimates: batch {memory['batch']}, fp32, Adam)",
        ),
        ("hash", summary["hash"]),
    ]
    if auxiliary := summary["auxiliary"]["outputs"]:
        added = summary["auxiliary"]
        more = f"{count(added['params'])} more parameters and {human(added['macs'])} more MACs in training"
        facts.insert(6, ("auxiliary", f"{', '.join(auxiliary)}: {more}"))
    print_facts(facts)
    if macs is None:
        print("MACs, activations and memory depend on the resolution; give one: --set input.resolution=224")


def _costs(entry: dict[str, Any]) -> list[str]:
    output = shape(entry["output"])
    return [output, count(entry["params"]), human(entry["macs"]), human(entry["activations"])]


def _place(entry: dict[str, Any]) -> list[str]:
    return [square(entry["receptive_field"]), square(entry["stride"])]
