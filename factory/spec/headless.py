"""Backbones: a spec without its output stage."""

from __future__ import annotations

from factory.errors import SpecError
from factory.spec.document import compile_spec
from factory.spec.reading import Map
from factory.spec.spec import Spec


def without_top(spec: Spec) -> Spec:
    """The spec of what `plan(spec, top=False)` plans: no output stages, no auxiliary heads.

    Its outputs are the features, or else what the output stages read.
    """
    code = spec.stages
    ends = {name for name, _ in spec.outputs.values()} or {code.result}
    by_name = {call.name: (call, sources) for call, sources in zip(code.calls, code.sources, strict=True)}
    outputs = Map()
    if spec.features:
        for name in spec.features:
            outputs.put(name, name, None, None)
        ends -= set(spec.features)
    else:
        read = [source for name in ends for source in by_name[name][1] or ()]
        for number, (name, port) in enumerate(dict.fromkeys(read), 1):
            key = f"features{number}" if number > 1 else "features"
            outputs.put(key, name if port in (None, "*") else f"{name}.{port}", None, None)
    if not outputs or "input" in outputs.values():
        raise SpecError.single(f"{spec.name} is nothing but its output stage", path="stages", mark=code.mark)
    kept = _needed({str(source).split(".")[0] for source in outputs.values()}, by_name)
    document = spec.document.copy()
    document["stages"] = stages = Map(code.mark)
    for name in spec.document["stages"]:
        if name in kept:
            stages.take(name, spec.document["stages"])
    for key in ("auxiliary", "expect", "features"):
        document.remove(key)
    document["outputs"] = outputs
    return compile_spec(document, spec.source)


def _needed(names: set[str], by_name: dict) -> set[str]:
    """The stages that these need, themselves included."""
    needed: set[str] = set()
    waiting = [name for name in names if name in by_name]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [source for source, _ in by_name[name][1] or () if source in by_name]
    return needed
