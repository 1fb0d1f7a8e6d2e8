"""What is known of a network without training it: the quantities of constraints, objectives and reports."""

from __future__ import annotations

from factory.graph import Cost, Graph, Totals

Costs = dict[str, int | None]
"""By name of QUANTITIES; None for what depends on an input size that is not known."""

QUANTITIES: dict[str, str] = {
    "params": "all weights",
    "trainable": "weights without the statistics of normalisations",
    "macs": "multiply-accumulates of an image",
    "activations": "output elements of convolutions and fully connected layers of an image",
    "weight_bytes": "bytes of the weights as float32",
    "peak_memory": "bytes that inference on one image needs at once, weights included, float32",
    "depth": "convolutions and fully connected layers on the longest way through the network",
    "receptive_field": "pixels, the larger side, that the last layer sees which does not see the whole image",
}
ADDITIVE = frozenset(("params", "trainable", "macs", "activations", "weight_bytes"))
"""Those that need no graph: sums over the stages."""


def additive_costs(totals: Totals) -> Costs:
    """The quantities of ADDITIVE."""
    return {**totals._asdict(), "weight_bytes": 4 * totals.params}


def all_costs(cost: Cost) -> Costs:
    """All quantities, in the order of QUANTITIES."""
    graph = cost.graph
    return {
        **additive_costs(cost.totals),
        "peak_memory": cost.peak_memory(),
        "depth": depth(graph),
        "receptive_field": _receptive_field(cost),
    }


def depth(graph: Graph) -> int:
    """Layers that count as such (He et al. 2016: 50 in ResNet-50) on the longest way to an output."""
    below: list[int] = []
    for node in graph.nodes:
        above = max((below[index] for index, _ in node.inputs if index >= 0), default=0)
        below.append(above + node.op.counted)
    return max((below[index] for index, _ in graph.outputs.values() if index >= 0), default=0)


def _receptive_field(cost: Cost) -> int | None:
    sizes = [max(field.size) for field in cost.fields if field]
    return round(max(sizes)) if sizes else None
