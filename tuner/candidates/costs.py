"""What is known of a network without training it: the quantities of constraints, objectives and reports."""

from __future__ import annotations

from factory.blocks import Limits
from factory.graph import Cost, Totals
from factory.graph.extent import depth
from factory.spec import Spec
from factory.spec.pieces import extent

Costs = dict[str, float | None]
"""By name of QUANTITIES; None for what depends on an input size that is not known. All but latency_ms are whole."""

QUANTITIES: dict[str, str] = {
    "params": "all weights",
    "trainable": "weights without the statistics of normalisations",
    "macs": "multiply-accumulates of an image",
    "activations": "output elements of convolutions and fully connected layers of an image",
    "weight_bytes": "bytes of the weights as float32",
    "peak_memory": "bytes that inference on one image needs at once, weights included, float32",
    "depth": "convolutions and fully connected layers on the longest way through the network",
    "receptive_field": "pixels, the larger side, that the last layer sees which does not see the whole image",
    "latency_ms": "milliseconds of an image on this machine's CPU, by its [table of operations](latency.md)",
}
ADDITIVE = frozenset(("params", "trainable", "macs", "activations", "weight_bytes"))
"""Those that need no graph: sums over the stages."""


def additive_costs(totals: Totals) -> Costs:
    """The quantities of ADDITIVE."""
    return {**totals._asdict(), "weight_bytes": 4 * totals.params}


def all_costs(cost: Cost) -> Costs:
    """All quantities but latency_ms, which needs a table, in the order of QUANTITIES."""
    graph = cost.graph
    return {
        **additive_costs(cost.totals),
        "peak_memory": cost.peak_memory(),
        "depth": depth(graph),
        "receptive_field": _receptive_field(cost),
    }


def costs_of_chain(spec: Spec, sums: Totals) -> Costs | None:
    """As `all_costs`, from what is remembered of the stages, thousands a second; None where only the graph tells.

    sums: those of the spec. Raises SpecError where it cannot be planned.
    """
    found = extent(spec)
    if found is None or found.nodes > Limits().nodes:
        return None
    field = None if found.widest is None else round(1 + max(found.widest))
    memory = None if found.live is None else 4 * (found.live + sums.params)
    return {**additive_costs(sums), "peak_memory": memory, "depth": found.layers, "receptive_field": field}


def _receptive_field(cost: Cost) -> int | None:
    sizes = [max(field.size) for field in cost.fields if field]
    return round(max(sizes)) if sizes else None
