"""Which call reads which: names that exist, an order without circles, nothing that leads nowhere."""

from __future__ import annotations

from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter

from factory.errors import Problem, did_you_mean
from factory.spec.calls import ALL, Code, Sources

Outputs = dict[str, tuple[str, str | None]]


def check_wiring(
    code: Code,
    inputs: tuple[str, ...],
    outputs: Outputs | None,
    problems: list[Problem],
    apart: Collection[str] = (),
    further: Collection[str] = (),
) -> None:
    """Checks `from` and `outputs` of a body and puts its calls in an order in which each comes after what it reads.

    Without `from` a call reads its predecessor; what each reads is written into the code's `sources`. `apart` are
    auxiliary heads, never anybody's predecessor; `further` are names read from outside (features).
    """
    names = [call.name for call in code.calls]
    if not code.names and any(name not in inputs for name, _ in (outputs or {}).values()):
        hint = "write the body as a mapping: {name: call, ...}"
        problems.append(Problem(code.path, "calls in a list have no names to be outputs by", code.mark, hint))
        return
    if _unknown_names(code, {*filter(None, names), *inputs}, outputs, problems):
        return
    sources: list[Sources | None] = []
    reads: dict[int, set[int]] = {}
    read: set[int] = set()
    by_name = {name: index for index, name in enumerate(names) if name}
    previous = -1
    for index, call in enumerate(code.calls):
        if call.sources is None:
            reads[index] = {previous} if previous >= 0 else set()
            sources.append([(names[previous], ALL)] if code.names and previous >= 0 else None)
        else:
            reads[index] = {by_name[name] for name, _ in call.sources if name in by_name}
            sources.append(call.sources)
        read |= reads[index]
        if call.name not in apart:
            previous = index
    code.result = names[previous] if names else ""
    if names and previous < 0 and not outputs:
        hint = "name the network's output under 'outputs'"
        problems.append(Problem(code.path, "all stages are auxiliary heads", code.mark, hint))
    code.sources = sources
    if code.names:
        wanted = {name for name, _ in outputs.values()} if outputs else {code.result}
        for index, call in enumerate(code.calls):
            name = call.name
            if index not in read and name not in wanted and name not in apart and name not in further:
                hint = "read it with 'from', list it under 'outputs', or remove it"
                problems.append(Problem(call.path, f"'{name}' leads nowhere", call.mark, hint, len(name)))
        _order(code, reads, problems)
    else:
        for index, call in enumerate(code.calls[:-1]):
            if index not in read:
                hint = "the next reads something else: remove one, or write the body as a mapping"
                problems.append(Problem(call.path, "this call leads nowhere", call.mark, hint))


def _unknown_names(code: Code, known: set[str], outputs: Outputs | None, problems: list[Problem]) -> bool:
    before = len(problems)
    for call in code.calls:
        for name, _ in call.sources or ():
            if name not in known:
                hint = did_you_mean(name, known)
                problems.append(
                    Problem(f"{call.path}.from", f"there is no '{name}' here", call.sources_mark, hint, len(name))
                )
    for port, (name, _) in (outputs or {}).items():
        if name not in known:
            hint = did_you_mean(name, known)
            problems.append(Problem(f"{code.path}.outputs.{port}", f"there is no '{name}' here", code.mark, hint))
    return len(problems) > before


def _order(code: Code, reads: dict[int, set[int]], problems: list[Problem]) -> None:
    if all(source < index for index, sources in reads.items() for source in sources):
        return  # as a rule the text is in order already
    sorter = TopologicalSorter(reads)
    try:
        order = list(sorter.static_order())
        code.calls, code.sources = [code.calls[i] for i in order], [code.sources[i] for i in order]
    except CycleError as error:
        circle = [code.calls[index] for index in reversed(error.args[1])]
        text = " -> ".join(call.name for call in circle)
        mark = circle[0].sources_mark or circle[0].mark
        problems.append(Problem(f"{circle[0].path}.from", f"calls read each other in a circle: {text}", mark))
