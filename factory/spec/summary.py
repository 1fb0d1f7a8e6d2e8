"""What a planned network is and costs, as plain data: what `factory info` shows and prints as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from factory.graph import Graph, canonical_hash
from factory.graph.cost import StageCost, Totals, add_up, node_totals
from factory.graph.receptive import Field
from factory.spec.spec import Spec

WEIGHT_KINDS = ("fp32", "fp16", "int8")


def summarize(spec: Spec, graph: Graph, *, batch: int = 1) -> dict[str, Any]:
    """Name, input, costs in total and by stage, auxiliary heads apart, memory at a batch size, canonical hash."""
    cost = graph.cost
    return {
        "name": graph.name,
        "input": list(graph.input),
        "outputs": {name: list(graph.shape(ref)) for name, ref in graph.outputs.items()},
        **cost.totals._asdict(),
        "stages": [_stage(spec, graph, stage) for stage in cost.stages],
        "auxiliary": {
            **cost.auxiliary._asdict(),
            "outputs": {name: list(graph.shape(ref)) for name, ref in graph.auxiliary.items()},
            "stages": list(_auxiliary_stages(spec, graph)),
        },
        "weight_bytes": {kind: cost.weight_bytes(kind) for kind in WEIGHT_KINDS},
        "memory": {
            "batch": batch,
            "inference_bytes": cost.peak_memory(batch),
            "training_bytes": cost.peak_memory(batch, training=True),
        },
        "hash": canonical_hash(graph),
    }


def layers(graph: Graph) -> list[dict[str, Any]]:
    """Every operation of the network as built for inference, in order, with its costs."""
    cost = graph.cost
    return [
        {
            "name": node.name,
            "operation": type(node.op).__name__,
            "output": list(node.outputs[0]),
            **totals._asdict(),
            **_field(field),
        }
        for node, totals, field in zip(cost.graph.nodes, cost.nodes, cost.fields, strict=True)
    ]


def _stage(spec: Spec, graph: Graph, stage: StageCost) -> dict[str, Any]:
    return {
        "name": stage.name,
        **_call(spec, graph, stage.name),
        "output": list(stage.output),
        **stage.totals._asdict(),
        **_field(stage.field),
    }


def _auxiliary_stages(spec: Spec, graph: Graph) -> Iterable[dict[str, Any]]:
    """The stages that only the auxiliary heads need."""
    kept = {node.name for node in graph.cost.graph.nodes}
    nodes = [node for node in graph.nodes if node.name not in kept]
    for name in dict.fromkeys(node.stage for node in nodes):
        mine = [node for node in nodes if node.stage == name]
        totals: Totals = add_up(node_totals(graph, node) for node in mine)
        yield {"name": name, **_call(spec, graph, name), "output": list(mine[-1].outputs[0]), **totals._asdict()}


def _call(spec: Spec, graph: Graph, stage: str) -> dict[str, Any]:
    """The block of a stage and how often it is repeated, after scaling."""
    call = next((call for call in spec.stages.calls if call.name == stage), None)
    if call is None or call.block is None:  # the preprocessing is a part of the input
        return {"block": None, "repeats": 1}
    repeats = 1
    if call.repeats is not None:
        parts = (node.name.split(".") for node in graph.nodes if node.stage == stage)
        repeats = 1 + max((int(part[1]) for part in parts if len(part) > 1 and part[1].isdigit()), default=0)
    return {"block": call.block.name, "repeats": repeats}


def _field(field: Field | None) -> dict[str, Any]:
    """Receptive field and stride, [height, width]; None for what sees the whole image."""
    if field is None:
        return {"receptive_field": None, "stride": None}
    return {"receptive_field": list(field.size), "stride": list(field.stride)}
