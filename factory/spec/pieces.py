"""Memory, depth and receptive field of a spec, stage by stage where the stages are a chain, without its whole graph."""

from __future__ import annotations

from factory.blocks import GraphNet, Outputs, Tensor
from factory.graph import INPUT, Graph
from factory.graph.extent import Extent, extent_of
from factory.spec.calls import Call, Sources
from factory.spec.plan import Planner
from factory.spec.spec import Spec

_Stage = tuple[Call, Sources | None]


def extent(spec: Spec) -> Extent | None:
    """What the graph of a spec has of these costs, remembered by piece and shared with overridden copies as totals are.

    A piece ends where one tensor is all that goes on, after each stage of a chain. None where the network does not end
    in its last stage alone (outputs, auxiliary heads, features from elsewhere), or with drop-path, whose choice every
    stage reads: then its graph tells. Raises SpecError for a piece that cannot be planned.
    """
    drop_path = spec.drop_path
    if spec.outputs or spec.auxiliary or drop_path.local or drop_path.global_ or _looked_at_beside(spec):
        return None
    memo = spec.cache.setdefault("memo", {})
    net = GraphNet(spec.conventions, spec.expand_rounding)
    planner = Planner(spec, net, memo)
    boundary, handed, whole = "input", {"out": planner.input}, None
    piece: list[_Stage] = []
    pieces = _pieces(spec)
    for index, stages in enumerate(pieces):
        piece += stages
        [(port, x)] = handed.items()
        first = repr(spec.input) if boundary == "input" else port
        where = (x.shape, x.stride, planner.context, first)
        behind = pieces[index + 1] if index + 1 < len(pieces) else []
        found = None
        for seen in ([], behind):  # what comes behind matters where a piece has several outputs
            calls = [call for call, _ in (*piece, *seen)]
            key = ("piece", tuple(map(id, calls)), len(piece), where)
            there = memo.get(key)
            if there is None or any(a is not b for a, b in zip(there[0], calls, strict=True)):
                there = memo[key] = (calls, _planned(planner, net, piece, seen, boundary, handed))
            if (found := there[1]) is not None:
                break
        if found is not None:  # otherwise the piece goes on to where the next one ends
            one, handed = found
            whole = one if whole is None else whole.then(one)
            boundary, piece = piece[-1][0].name, []
    return whole if boundary == spec.stages.result else None


def _looked_at_beside(spec: Spec) -> bool:
    """Whether features come from a stage that no other reads."""
    read = {name for sources in spec.stages.sources for name, _ in sources or ()}
    return any(name not in read and name != spec.stages.result for name in spec.features)


def _pieces(spec: Spec) -> list[list[_Stage]]:
    """The stages, cut behind each one that is the only one of those before that is read behind it."""
    code = spec.stages
    stages = list(zip(code.calls, code.sources, strict=True))
    names = [call.name for call, _ in stages]
    reads = [{name for name, _ in sources} if sources else {"input"} for _, sources in stages]
    cut: list[list[_Stage]] = [[]]
    for index, stage in enumerate(stages):
        cut[-1].append(stage)
        before = {"input", *names[: index + 1]}
        later = set().union(*reads[index + 1 :]) & before
        if later == {names[index]}:
            cut.append([])
    return cut


def _planned(
    planner: Planner, net: GraphNet, piece: list[_Stage], behind: list[_Stage], boundary: str, handed: Outputs
) -> tuple[Extent, Outputs] | None:
    """The extent of a piece, and what it hands on; None where that is several tensors."""
    net.nodes, planner.results = [], {"input": {"out": planner.input}}
    [(port, x)] = handed.items()
    planner.start(boundary, {port: Tensor(INPUT, x.shape, x.stride)})
    for call, sources in piece:
        planner.stage(call, sources)
    planner.check()
    name = piece[-1][0].name
    outputs = planner.results[name] or {}
    if name == planner.spec.stages.result:
        outputs = dict([next(iter(outputs.items()))])
    elif len(outputs) > 1:  # such as the indices of max-pooling, which nobody takes as a rule
        readers = [(call, sources) for call, sources in behind if sources and name in dict(sources)]
        if not readers or any(len(sources) > 1 for _, sources in readers):
            return None
        taken = [planner.gather(call, sources, {}, planner.results) or () for call, sources in readers]
        refs = {tensor.ref for tensors in taken for tensor in tensors}
        outputs = {port: tensor for port, tensor in outputs.items() if tensor.ref in refs}
        if len(outputs) != 1:
            return None
    [last] = outputs.values()
    graph = Graph(name, x.shape, net.nodes, {"out": last.ref}).pruned()
    if graph.nodes and not any(ref == INPUT for node in graph.nodes for ref in node.inputs):
        return None  # what comes in is read for its size alone
    return extent_of(graph), outputs
