"""How much memory tensors take: those alive at the same time at inference, those kept for the backward pass."""

from __future__ import annotations

from collections import Counter

from factory.graph.graph import Graph, Ref
from factory.graph.ops import Activation, BatchNorm, Flatten, Reshape, elements, known


def inference_peak(graph: Graph) -> int | None:
    """Largest number of values alive at once, at batch 1, executing the nodes in order. None for unknown sizes.

    A tensor lives from the node that makes it to the last that reads it. Reshapes and training-only operations hand
    their input on. Batch norm and activations overwrite theirs when nobody else reads it, as every runtime does.
    """
    if not _all_known(graph):
        return None
    same: dict[Ref, Ref] = {}  # the tensor that a tensor is, in another shape or handed on
    reads: Counter[Ref] = Counter()
    for index, node in enumerate(graph.nodes):
        if isinstance(node.op, (Flatten, Reshape)) or node.op.training_only:
            same[index, 0] = same.get(node.inputs[0], node.inputs[0])
        else:
            reads.update(same.get(ref, ref) for ref in node.inputs)
    results = {same.get(ref, ref) for ref in graph.outputs.values()}
    owner: dict[Ref, Ref] = {}  # the tensor whose memory a tensor lives in
    last: dict[Ref, int] = {}  # the last node that reads that memory
    for index, node in enumerate(graph.nodes):
        source = same.get(node.inputs[0], node.inputs[0])
        in_place = isinstance(node.op, (BatchNorm, Activation)) and reads[source] == 1 and source not in results
        if (index, 0) in same or in_place:
            owner[index, 0] = owner.get(node.inputs[0], node.inputs[0])
        for ref in node.inputs:
            last[owner.get(ref, ref)] = index
    for ref in results:
        last[owner.get(ref, ref)] = len(graph.nodes)
    live = elements(graph.input)
    peak = live
    ends: dict[int, int] = {last.get((-1, 0), 0): live}  # node after which so many values are free again
    for index, node in enumerate(graph.nodes):
        for port, shape in enumerate(node.outputs):
            ref = (index, port)
            if ref in owner or ref not in last:
                continue
            size = elements(shape)
            live += size
            ends[last[ref]] = ends.get(last[ref], 0) + size
        peak = max(peak, live)
        live -= ends.pop(index, 0)
    return peak


def training_peak(graph: Graph) -> int | None:
    """Estimate of the values kept for the backward pass, at batch 1: every tensor but those of reshapes."""
    if not _all_known(graph):
        return None
    used = graph.reads()
    kept = elements(graph.input)
    for index, node in enumerate(graph.nodes):
        if not isinstance(node.op, (Flatten, Reshape)):
            kept += sum(elements(shape) for port, shape in enumerate(node.outputs) if (index, port) in used)
    return kept


def _all_known(graph: Graph) -> bool:
    return known(graph.input) and all(known(shape) for node in graph.nodes for shape in node.outputs)
